import type { DatabaseSchema } from '../database/database-options';
import { dataMigrationProgress, type DataMigrationProgress } from './data-migrations';
import { invalidIndexes } from './invalid-indexes';
import { readLedger, type Run } from './ledger';
import { locksOfStatement, strongestLocks, WAITERS, type TableLock } from './locks-of-statement';
import { recordMigrations, type RecordedMigration } from './recorded-migration';
import { judgeSchema, type SchemaVerdict } from './schema-verdict';

export interface PlannedLock extends TableLock {
  /** PostgreSQL's estimate; null when it has none. */
  readonly rows: number | null;
  readonly waiters: string;
}

export interface PlannedMigration {
  readonly name: string;
  readonly isTransactional: boolean;
  readonly statements: number;
  /** Locks on tables that exist before the migration. */
  readonly locks: PlannedLock[];
  /** Statements whose locks are unknown, for a person to read. */
  readonly unknown: string[];
  /** Why it cannot be reverted. */
  readonly irreversible: string | null;
}

export interface MigrationPlan {
  readonly verdict: SchemaVerdict;
  readonly migrations: PlannedMigration[];
  readonly dataMigrations: DataMigrationProgress[];
  /** Half-built indexes that would be rebuilt, without blocking. */
  readonly rebuild: string[];
}

/** Plans what `migrate up` would do. It changes nothing and waits for no lock. */
export async function planMigration(run: Run, schema: DatabaseSchema): Promise<MigrationPlan> {
  const known = await recordMigrations(schema.migrations);
  const verdict = judgeSchema(known, await readLedger(run));
  const open = new Set([...verdict.pending, ...verdict.halfApplied]);
  const tables = await tableRows(run);
  const indexes = await indexTables(run);
  const progress = await dataMigrationProgress(run, schema.dataMigrations);
  return {
    verdict,
    migrations: known
      .filter(({ name }) => open.has(name))
      .map((recorded) => planOf(recorded, tables, (index) => indexes.get(index))),
    dataMigrations: progress.filter(({ state }) => state !== 'done'),
    rebuild: (await invalidIndexes(run)).map(({ name }) => name),
  };
}

function planOf(
  { name, isTransactional, statements, migration }: RecordedMigration,
  tables: ReadonlyMap<string, number | null>,
  tableOfIndex: (index: string) => string | undefined,
): PlannedMigration {
  const locks = statements.map((statement) => locksOfStatement(statement, tableOfIndex));
  return {
    name,
    isTransactional,
    statements: statements.length,
    locks: strongestLocks(locks.flatMap((found) => found ?? []))
      .filter(({ table }) => tables.has(table))
      .map(({ table, mode }) => ({ table, mode, rows: tables.get(table)!, waiters: WAITERS[mode] })),
    unknown: statements.filter((_statement, index) => locks[index] === undefined),
    irreversible: migration.irreversible ?? null,
  };
}

async function tableRows(run: Run): Promise<Map<string, number | null>> {
  const rows: { name: string; rows: number }[] = await run.query(`
    select relname as name, reltuples::bigint as rows from pg_class
    where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p')`);
  return new Map(rows.map((row) => [row.name, row.rows < 0 ? null : Number(row.rows)]));
}

async function indexTables(run: Run): Promise<Map<string, string>> {
  const rows: { index: string; table: string }[] = await run.query(`
    select c.relname as "index", t.relname as "table"
    from pg_index i join pg_class c on c.oid = i.indexrelid join pg_class t on t.oid = i.indrelid
    where c.relnamespace = current_schema()::regnamespace`);
  return new Map(rows.map((row) => [row.index, row.table]));
}
