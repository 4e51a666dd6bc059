import type { Run } from './ledger';
import type { Patience } from './lock-retries';

interface InvalidIndex {
  /** The quoted name. */
  readonly name: string;
  readonly table: string;
}

/** Half-built indexes, left by a concurrent build that was killed or has failed. */
export async function invalidIndexes(run: Run): Promise<InvalidIndex[]> {
  return run.query<InvalidIndex[]>(`
    select quote_ident(c.relname) as name, t.relname as "table"
    from pg_index i join pg_class c on c.oid = i.indexrelid join pg_class t on t.oid = i.indrelid
    where c.relnamespace = current_schema()::regnamespace and not (i.indisvalid and i.indisready)
    order by c.relname`);
}

/** A killed REINDEX CONCURRENTLY leaves the new index unfinished, or the old one not yet removed. */
const REMNANT = /_cc(new|old)\d*"?$/;

/**
 * Rebuilds half-built indexes without blocking reads and writes. IF NOT EXISTS would consider them finished.
 * @returns their names
 */
export async function mendIndexes(run: Run, { patienceMs, progress }: Patience): Promise<string[]> {
  const broken = await invalidIndexes(run);
  // The rebuild waits for open transactions without blocking others.
  if (broken.length > 0) await run.query(`set lock_timeout = ${patienceMs}`);
  for (const { name, table } of broken) {
    progress(`index ${name} of ${table} is incomplete: rebuilding it`);
    await run.query(
      REMNANT.test(name) ? `drop index concurrently if exists ${name}` : `reindex index concurrently ${name}`,
    );
  }
  return broken.map(({ name }) => name);
}

export async function dropInvalidIndexes(run: Run): Promise<void> {
  for (const { name } of await invalidIndexes(run))
    await run.query(`drop index concurrently if exists ${name}`);
}
