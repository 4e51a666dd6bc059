import type { Client } from 'pg';
import { withClient } from './side-databases';

/** The rights and settings of the live database, as statements that give another one the same. */
export interface Privileges {
  /** For an empty database: what is made in it afterwards gets its rights by default. */
  readonly before: readonly string[];
  /** Rights to single tables, sequences and functions, some of which may not exist in what was restored. */
  readonly objects: readonly string[];
  /** Settings of the database, and of roles in it. They begin with the next session. */
  readonly settings: readonly string[];
}

const MISSING = ['42P01', '42883'];
const INSUFFICIENT_PRIVILEGE = '42501';

/** Columns of an exploded access list, as the end of a grant. */
const TO = `case a.grantee when 0 then 'public' else a.grantee::regrole::text end
  || case when a.is_grantable then ' with grant option' else '' end`;

/** PostgreSQL quotes the names itself. $1 is the other database. Reads small tables of the catalogue. */
const DATABASE = `
  select 'revoke all on database ' || quote_ident($1::text) || ' from public' as statement, 0 as place
    from pg_database where datname = current_database() and datacl is not null
  union all
  select format('grant %s on database %I to %s', a.privilege_type, $1::text, ${TO}), 1
    from pg_database d, aclexplode(d.datacl) a where d.datname = current_database() and a.grantee <> d.datdba
  union all
  select format('alter database %I connection limit %s', $1::text, datconnlimit), 1
    from pg_database where datname = current_database() and datconnlimit <> -1
  union all
  select 'revoke all on schema public from public', 0 from pg_namespace where nspname = 'public' and nspacl is not null
  union all
  select format('grant %s on schema public to %s', a.privilege_type, ${TO}), 1
    from pg_namespace n, aclexplode(n.nspacl) a where n.nspname = 'public' and a.grantee <> n.nspowner
  union all
  select format('alter default privileges for role %s revoke all on %s from public', d.defaclrole::regrole, kind.name), 0
    from pg_default_acl d, kind where kind.letter = d.defaclobjtype and d.defaclnamespace = 0
  union all
  select format('alter default privileges for role %s %s grant %s on %s to %s', d.defaclrole::regrole,
      case when d.defaclnamespace = 0 then '' else 'in schema public' end, a.privilege_type, kind.name, ${TO}), 1
    from pg_default_acl d, aclexplode(d.defaclacl) a, kind
    where kind.letter = d.defaclobjtype and a.grantee <> d.defaclrole
      and d.defaclnamespace in (0, 'public'::regnamespace)
  order by place`;

const KINDS = `with kind (letter, name) as
  (values ('r'::"char", 'tables'), ('S', 'sequences'), ('f', 'functions'), ('T', 'types'), ('n', 'schemas'))`;

const OBJECTS = `
  with object as (
    select case relkind when 'S' then 'sequence ' else 'table ' end || oid::regclass as name, relacl as acl, relowner as owner
      from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f', 'S')
    union all
    select 'function ' || oid::regprocedure, proacl, proowner
      from pg_proc where pronamespace = 'public'::regnamespace and prokind in ('f', 'w'))
  select format('revoke all on %s from %s', object.name, grantee.name) as statement, 0 as place
    from object, (select 'public' as name
      union select distinct a.grantee::regrole::text from object, aclexplode(object.acl) a
        where a.grantee not in (0, object.owner)) grantee
    where object.acl is not null
  union all
  select format('grant %s on %s to %s', a.privilege_type, object.name, ${TO}), 1
    from object, aclexplode(object.acl) a where a.grantee <> object.owner
  order by place`;

/** Settings that are lists are stored as they are to be written; the others are one text. */
const SETTINGS = `
  select format('alter %s set %s = %s',
      case when s.setrole = 0 then format('database %I', $1::text)
        else format('role %s in database %I', s.setrole::regrole, $1::text) end,
      split_part(entry, '=', 1),
      case when split_part(entry, '=', 1) in ('search_path', 'temp_tablespaces', 'local_preload_libraries',
          'session_preload_libraries', 'shared_preload_libraries', 'unix_socket_directories')
        then coalesce(nullif(substr(entry, strpos(entry, '=') + 1), ''), '''''')
        else quote_literal(substr(entry, strpos(entry, '=') + 1)) end) as statement
  from pg_db_role_setting s, unnest(s.setconfig) as entry
  where s.setdatabase = (select oid from pg_database where datname = current_database())`;

/** @param database the name of the one that gets them */
export async function readPrivileges(liveUrl: string, database: string): Promise<Privileges> {
  return withClient(liveUrl, async (client) => {
    const statements = async (text: string, values: string[] = []): Promise<string[]> =>
      (await client.query<{ statement: string }>(text, values)).rows.map(({ statement }) => statement);
    return {
      before: await statements(KINDS + DATABASE, [database]),
      objects: await statements(OBJECTS),
      settings: await statements(SETTINGS, [database]),
    };
  });
}

/**
 * Runs the statements, each in a transaction of its own.
 * @returns those that this user may not run; objects that are not there are passed over
 */
export async function grantTo(url: string, statements: readonly string[]): Promise<string[]> {
  const refused: string[] = [];
  await withClient(url, async (client: Client) => {
    for (const statement of statements) {
      const code = await client.query(statement).then(
        () => undefined,
        (error: { code?: string }) => {
          if (![...MISSING, INSUFFICIENT_PRIVILEGE].includes(error.code ?? '')) throw error;
          return error.code;
        },
      );
      if (code === INSUFFICIENT_PRIVILEGE) refused.push(statement);
    }
  });
  return refused;
}
