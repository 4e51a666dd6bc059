import type { QueryRunner } from 'typeorm';
import type { DataMigration } from './data-migration';
import type { Run } from './ledger';
import { givingWay, type Patience } from './lock-retries';
import { describeMigration } from './recorded-migration';
import { pause } from './session';

export type DataMigrationState = 'pending' | 'running' | 'paused' | 'done';

export interface DataMigrationProgress {
  readonly name: string;
  readonly state: DataMigrationState;
  readonly rowsDone: number;
  /** The most rows a second; null for no limit. */
  readonly rate: number | null;
}

interface Row {
  state: DataMigrationState;
  cursor: string | null;
  rows_done: number;
  rate: number | null;
}

const STATES = `select state, cursor, rows_done, rate from data_migrations where name = $1`;

/** The data migrations of the program, with their state in the database. */
export async function dataMigrationProgress(
  run: Run,
  migrations: readonly { readonly name: string }[],
): Promise<DataMigrationProgress[]> {
  const [table] = await run.query<[{ present: boolean }]>(
    `select to_regclass('data_migrations') is not null as present`,
  );
  const progress: DataMigrationProgress[] = [];
  for (const { name } of migrations) {
    const [row] = table.present ? await run.query<Row[]>(STATES, [name]) : [];
    const { state = 'pending', rows_done: rowsDone = 0, rate = null } = row ?? {};
    progress.push({ name, state, rowsDone, rate });
  }
  return progress;
}

/**
 * Runs until no rows are left, or until it is paused.
 * @returns the number of rows changed by this run
 */
export async function runDataMigration(
  session: QueryRunner,
  migration: DataMigration,
  patience: Patience,
): Promise<{ state: DataMigrationState; rows: number }> {
  const { name } = migration;
  await session.query(`insert into data_migrations (name) values ($1) on conflict (name) do nothing`, [name]);
  for (let rows = 0; ;) {
    const started = performance.now();
    const batch = await givingWay(session, name, patience, () => runBatch(session, migration));
    rows += batch.rows;
    if (batch.state !== 'running') return { state: batch.state, rows };
    patience.progress(`${describeMigration(name)}: ${batch.rowsDone} rows done`);
    const takenMs = performance.now() - started;
    if (batch.rate) await pause((batch.rows / batch.rate) * 1_000 - takenMs);
  }
}

/** The lock on its row serialises two runs, and makes a pause wait for the batch in progress. */
async function runBatch(
  session: QueryRunner,
  migration: DataMigration,
): Promise<{ state: DataMigrationState; rows: number; rowsDone: number; rate: number | null }> {
  const { name, batchSize } = migration;
  const [row] = (await session.query(`${STATES} for update`, [name])) as [Row];
  const rowsDone = Number(row.rows_done);
  if (row.state !== 'running') return { state: row.state, rows: 0, rowsDone, rate: row.rate };
  const { rows, cursor } = await migration.step(session, row.cursor, batchSize);
  const state = cursor === null ? 'done' : 'running';
  await session.query(
    `update data_migrations set state = $2, cursor = $3, rows_done = rows_done + $4, updated_at = now()
     where name = $1`,
    [name, state, cursor, rows],
  );
  return { state, rows, rowsDone: rowsDone + rows, rate: row.rate };
}

/** Ends a run after the batch in progress. */
export async function pauseDataMigration(run: Run, name: string): Promise<void> {
  await run.query(
    `insert into data_migrations (name, state) values ($1, 'paused')
     on conflict (name) do update set state = 'paused', updated_at = now() where data_migrations.state <> 'done'`,
    [name],
  );
}

/**
 * Lets the next `migrate up` continue it.
 * @param rate the most rows a second; null for no limit
 */
export async function resumeDataMigration(run: Run, name: string, rate: number | null): Promise<void> {
  await run.query(
    `insert into data_migrations (name, rate) values ($1, $2)
     on conflict (name) do update set state = 'running', rate = excluded.rate, updated_at = now()
       where data_migrations.state <> 'done'`,
    [name, rate],
  );
}
