import type { EntityManager } from 'typeorm';

/** By kind and name of each object: its definition, as far as all versions of PostgreSQL write it alike. */
export type SchemaShape = Readonly<Record<string, string>>;

/**
 * Compares what cannot be written in two ways: names, types and flags, and the text of functions as it was given. Expressions
 * of checks and of partial indexes are left out, because PostgreSQL writes them anew and its versions differ in that.
 * Reads the catalogue only, with no right beyond connecting. Objects of extensions are not ours.
 */
const SHAPE = `
  with ours as (select c.oid, c.relname, c.relkind from pg_class c
      where c.relnamespace = current_schema()::regnamespace
        and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e'))
  select 'column ' || t.relname || '.' || a.attname as name,
      concat_ws(' ', format_type(a.atttypid, a.atttypmod), case when a.attnotnull then 'not null' end,
        case when a.atthasdef then 'with a default' end, nullif(a.attidentity, ''),
        (select 'collate ' || l.collname from pg_collation l join pg_type y on y.oid = a.atttypid
         where l.oid = a.attcollation and l.oid <> y.typcollation)) as shape
    from ours t join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
    where t.relkind in ('r', 'p')
  union all
  select 'constraint ' || k.conname,
      concat_ws(' ', k.contype, 'on', t.relname,
        (select string_agg(c.attname, ',' order by n.place) from unnest(k.conkey) with ordinality as n (number, place)
         join pg_attribute c on (c.attrelid, c.attnum) = (k.conrelid, n.number)),
        case when k.contype = 'f' then concat_ws(' ', 'to', (select r.relname from pg_class r where r.oid = k.confrelid),
          (select string_agg(c.attname, ',' order by n.place) from unnest(k.confkey) with ordinality as n (number, place)
           join pg_attribute c on (c.attrelid, c.attnum) = (k.confrelid, n.number)), 'on delete', k.confdeltype) end,
        case when not k.convalidated then 'not valid' end)
    from ours t join pg_constraint k on k.conrelid = t.oid and k.contype in ('p', 'u', 'f', 'c', 'x')
  union all
  select 'index ' || t.relname,
      concat_ws(' ', case when i.indisunique then 'unique' end, m.amname, 'on', (select r.relname from pg_class r where r.oid = i.indrelid),
        (select string_agg(concat_ws(' ', coalesce(c.attname, 'an expression'), nullif(i.indoption[n.place - 1], 0)), ',' order by n.place)
         from unnest(i.indkey::int2[]) with ordinality as n (number, place)
         left join pg_attribute c on (c.attrelid, c.attnum) = (i.indrelid, n.number)),
        case when i.indpred is not null then 'of some rows' end, case when not i.indisvalid then 'invalid' end)
    from ours t join pg_index i on i.indexrelid = t.oid join pg_class x on x.oid = t.oid join pg_am m on m.oid = x.relam
  union all
  select 'sequence ' || t.relname, format('%s by %s', s.seqtypid::regtype, s.seqincrement)
    from ours t join pg_sequence s on s.seqrelid = t.oid
  union all
  select 'function ' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
      concat_ws(' ', l.lanname, p.provolatile, case when p.prosecdef then 'security definer' end, md5(p.prosrc))
    from pg_proc p join pg_language l on l.oid = p.prolang
    where p.pronamespace = current_schema()::regnamespace and p.prokind in ('f', 'p')
      and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
  union all
  select 'trigger ' || t.relname || '.' || g.tgname,
      concat_ws(' ', (select p.proname from pg_proc p where p.oid = g.tgfoid), g.tgtype, g.tgenabled)
    from ours t join pg_trigger g on g.tgrelid = t.oid and not g.tgisinternal
  order by name`;

/** The objects in the current schema. */
export async function readShape(manager: Pick<EntityManager, 'query'>): Promise<SchemaShape> {
  const rows = await manager.query<{ name: string; shape: string }[]>(SHAPE);
  return Object.fromEntries(rows.map(({ name, shape }) => [name, shape]));
}

/** An object that is not as the migrations make it. */
export interface SchemaDifference {
  /** Kind and name. */
  readonly object: string;
  readonly isMissing: boolean;
}

/** Objects that only the database has, such as an index of the operator's own, are no difference. */
export function differencesOf(expected: SchemaShape, present: SchemaShape): SchemaDifference[] {
  return Object.entries(expected).flatMap(([object, shape]) =>
    present[object] === shape ? [] : [{ object, isMissing: !Object.hasOwn(present, object) }],
  );
}
