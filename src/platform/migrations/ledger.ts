import { version } from '../version';
import { timestampOf, type RecordedMigration } from './recorded-migration';

/** The record of a migration that was applied to the database. */
export interface LedgerEntry {
  readonly name: string;
  /** Undefined for a migration that is only in TypeORM's table; the next `migrate up` adds it to the ledger. */
  readonly checksum?: string;
  /** The oldest schema version whose program may run on the resulting schema. */
  readonly compatVersion?: number;
  readonly appVersion?: string;
  readonly durationMs?: number;
  /** Undefined while the migration is begun, outside of a transaction, and not finished. */
  readonly appliedAt?: Date;
  /** Whether TypeORM's table has it, too. One transaction writes both. */
  readonly isInTypeorm: boolean;
}

/** A connection, or a pool of them. */
export interface Run {
  query<T = unknown>(text: string, values?: unknown[]): Promise<T>;
}

/** Creates TypeORM's table as TypeORM does, and the ledger, unless they exist. */
export async function makeLedger(run: Run): Promise<void> {
  const { names, ledger } = await tablesPresent(run);
  if (!names) {
    await run.query(`
      create table migrations (
        id        serial not null,
        timestamp bigint not null,
        name      varchar not null,
        constraint migrations_pkey primary key (id)
      )`);
  }
  if (ledger) return;
  await run.query(`
    create table migration_ledger (
      name           text not null,
      checksum       text not null,
      schema_version bigint not null,
      compat_version bigint not null,
      app_version    text,
      duration_ms    integer,
      applied_at     timestamptz(3),
      constraint migration_ledger_pkey primary key (name)
    )`);
  await run.query(`
    comment on table migration_ledger is
      'what was applied, and by whom: app_version and duration_ms are null for what was there before the ledger, applied_at is null for what was begun outside of a transaction and not finished'`);
}

/** All migrations that were applied or begun, oldest first. Works without a ledger, and on an empty database. */
export async function readLedger(run: Run): Promise<LedgerEntry[]> {
  const { names, ledger } = await tablesPresent(run);
  const known: { name: string }[] = names ? await run.query(`select name from migrations`) : [];
  const inTypeorm = new Set(known.map(({ name }) => name));
  const rows: LedgerRow[] = ledger
    ? await run.query(
        `select name, checksum, compat_version, app_version, duration_ms, applied_at from migration_ledger`,
      )
    : [];
  const inLedger = new Set(rows.map(({ name }) => name));
  const entries = [
    ...rows.map((row): LedgerEntry => ({
      name: row.name,
      checksum: row.checksum,
      compatVersion: Number(row.compat_version),
      appVersion: row.app_version ?? undefined,
      durationMs: row.duration_ms ?? undefined,
      appliedAt: row.applied_at ?? undefined,
      isInTypeorm: inTypeorm.has(row.name),
    })),
    ...[...inTypeorm].filter((name) => !inLedger.has(name)).map((name) => ({ name, isInTypeorm: true })),
  ];
  return entries.sort((a, b) => timestampOf(a.name) - timestampOf(b.name) || (a.name < b.name ? -1 : 1));
}

interface LedgerRow {
  name: string;
  checksum: string;
  compat_version: number | string;
  app_version: string | null;
  duration_ms: number | null;
  applied_at: Date | null;
}

async function tablesPresent(run: Run): Promise<{ names: boolean; ledger: boolean }> {
  const [present] = await run.query<[{ names: boolean; ledger: boolean }]>(
    `select to_regclass('migrations') is not null as names, to_regclass('migration_ledger') is not null as ledger`,
  );
  return present;
}

/** Adds migrations to the ledger that ran before the ledger existed, or by TypeORM's own command line. */
export async function adopt(run: Run, migrations: readonly RecordedMigration[]): Promise<void> {
  for (const { name, checksum, timestamp, compatVersion } of migrations) {
    await run.query(
      `insert into migration_ledger (name, checksum, schema_version, compat_version, applied_at)
       values ($1, $2, $3, $4, now())`,
      [name, checksum, timestamp, compatVersion],
    );
  }
}

/** Records a migration as begun, before it runs without a transaction. */
export async function writeBegun(run: Run, migration: RecordedMigration): Promise<void> {
  const { name, checksum, timestamp, compatVersion } = migration;
  await run.query(
    `insert into migration_ledger (name, checksum, schema_version, compat_version, app_version)
     values ($1, $2, $3, $4, $5) on conflict (name) do nothing`,
    [name, checksum, timestamp, compatVersion, version],
  );
}

/**
 * Records a migration, in the transaction that applied it. It also updates TypeORM's table, so that its command
 * line agrees.
 */
export async function writeApplied(
  run: Run,
  migration: RecordedMigration,
  durationMs: number,
): Promise<void> {
  const { name, checksum, timestamp, compatVersion } = migration;
  await run.query(
    `insert into migration_ledger (name, checksum, schema_version, compat_version, app_version, duration_ms, applied_at)
     values ($1, $2, $3, $4, $5, $6, now())
     on conflict (name) do update set duration_ms = excluded.duration_ms, applied_at = excluded.applied_at`,
    [name, checksum, timestamp, compatVersion, version, Math.round(durationMs)],
  );
  await run.query(
    `insert into migrations (timestamp, name)
     select $1::bigint, $2::varchar where not exists (select from migrations where name = $2::varchar)`,
    [timestamp, name],
  );
}

/** Records a migration as unfinished, before it is reverted without a transaction. */
export async function writeUndoing(run: Run, name: string): Promise<void> {
  await run.query(`update migration_ledger set applied_at = null where name = $1`, [name]);
}

export async function strike(run: Run, name: string): Promise<void> {
  await run.query(`delete from migration_ledger where name = $1`, [name]);
  await run.query(`delete from migrations where name = $1`, [name]);
}
