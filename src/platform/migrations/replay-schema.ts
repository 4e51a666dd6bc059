import { randomBytes } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import type { RecordedMigration } from './recorded-migration';

/** A column, constraint, index, sequence, function or trigger. */
export interface SchemaPart {
  readonly kind: string;
  readonly name: string;
  /** As PostgreSQL itself writes it, without the name of the schema. */
  readonly definition: string;
}

/** The user may not create a schema, or the database takes no writes. */
const NOT_POSSIBLE = ['42501', '25006'];

/**
 * All objects of one schema, from the catalogue. Only that schema may be on the `search_path`, so that the
 * definitions of two schemas can be compared.
 */
const PARTS = `
  with ours as (select oid, quote_ident(nspname) || '.' as prefix from pg_namespace where nspname = $1)
  select 'column' as kind, c.relname || '.' || a.attname as name,
      concat_ws(' ', format_type(a.atttypid, a.atttypmod), case when a.attnotnull then 'not null' end,
        'default ' || pg_get_expr(d.adbin, d.adrelid),
        'collate ' || (select l.collname from pg_collation l join pg_type t on t.oid = a.atttypid
                       where l.oid = a.attcollation and l.oid <> t.typcollation)) as definition
    from ours join pg_class c on c.relnamespace = ours.oid and c.relkind in ('r', 'p')
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
  union all
  select 'constraint', k.conname, format('on %s: %s', c.relname, regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', ''))
    from ours join pg_constraint k on k.connamespace = ours.oid and k.contype not in ('n', 't')
    join pg_class c on c.oid = k.conrelid
  union all
  select 'index', c.relname, replace(pg_get_indexdef(c.oid), ours.prefix, '')
    from ours join pg_class c on c.relnamespace = ours.oid and c.relkind in ('i', 'I')
  union all
  select 'sequence', c.relname, format('%s from %s to %s by %s', s.seqtypid::regtype, s.seqmin, s.seqmax, s.seqincrement)
    from ours join pg_class c on c.relnamespace = ours.oid join pg_sequence s on s.seqrelid = c.oid
  union all
  select 'function', p.oid::regprocedure::text, replace(pg_get_functiondef(p.oid), ours.prefix, '')
    from ours join pg_proc p on p.pronamespace = ours.oid and p.prokind in ('f', 'p')
  union all
  select 'trigger', t.tgname, concat_ws(' ', replace(pg_get_triggerdef(t.oid), ours.prefix, ''),
      case t.tgenabled when 'D' then '(disabled)' end)
    from ours join pg_class c on c.relnamespace = ours.oid
    join pg_trigger t on t.tgrelid = c.oid and not t.tgisinternal`;

/** The objects in the schema "public". */
export const schemaParts = (manager: EntityManager): Promise<SchemaPart[]> =>
  manager.query(PARTS, ['public']);

/**
 * The objects that the migrations create. Runs their SQL in an empty schema and rolls it back. It locks only new
 * tables. Call it in a transaction.
 * @returns undefined when the user may not create a schema, or the database takes no writes
 */
export async function replayMigrations(
  manager: EntityManager,
  migrations: readonly RecordedMigration[],
): Promise<SchemaPart[] | undefined> {
  const name = `xfchat_replay_${randomBytes(6).toString('hex')}`;
  await manager.query('savepoint replay');
  try {
    await manager.query(`create schema ${name}`);
    await manager.query(`set local search_path = ${name}`);
    for (const { statements } of migrations)
      for (const statement of statements) await manager.query(withinTransaction(statement));
    return await manager.query(PARTS, [name]);
  } catch (error) {
    if (NOT_POSSIBLE.includes((error as { code?: string }).code ?? '')) return undefined;
    throw error;
  } finally {
    await manager.query('rollback to savepoint replay');
  }
}

/** A statement that builds an index beside live traffic also builds it on an empty table. */
const withinTransaction = (statement: string): string =>
  /^\s*(create|drop|reindex)\b/i.test(statement)
    ? statement.replace(/\bindex\s+concurrently\b/i, 'index')
    : statement;
