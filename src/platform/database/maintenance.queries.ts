import type { DataSource } from 'typeorm';
import { inTransaction } from './transaction';

/** The monitor of each server runs this query; `serversUnaware` looks for it by the name of the column. */
export const MAINTENANCE_SINCE = `select maintenance_since as since from database_state`;
export const MONITOR_NAME = 'xfchat-monitor';

export async function readMaintenance(dataSource: DataSource): Promise<Date | null> {
  const [row] = await dataSource.query<{ since: Date | null }[]>(MAINTENANCE_SINCE);
  return row?.since ?? null;
}

/**
 * Turning it on again keeps the first time.
 * @returns when the change was visible, by the clock of the database
 */
export async function writeMaintenance(dataSource: DataSource, isOn: boolean): Promise<Date> {
  await inTransaction(dataSource, (manager) =>
    manager.query(
      `update database_state set maintenance_since = case when $1 then coalesce(maintenance_since, now()) end`,
      [isOn],
    ),
  );
  // Rounded up, since `Date` has only milliseconds.
  const [row] = await dataSource.query<[{ now: Date }]>(
    `select date_trunc('milliseconds', clock_timestamp()) + interval '1 ms' as now`,
  );
  return row.now;
}

/**
 * Counts the servers on this database, and those that have not read the row since `since`. Without `pg_monitor`
 * this is unknown for sessions of another user. It is also unknown for a server that has a lease but no session.
 */
export async function serversUnaware(
  dataSource: DataSource,
  since: Date,
): Promise<{ servers: number; unaware: number }> {
  const leased = await countLeases(dataSource);
  const [{ seen, unaware }] = await dataSource.query<[{ seen: number; unaware: number }]>(
    `select count(*)::integer as seen,
       count(*) filter (where not coalesce(
         query_start > $2 and state = 'idle' and query like '%maintenance_since%', false))::integer as unaware
     from pg_stat_activity where datname = current_database() and application_name = $1`,
    [MONITOR_NAME, since],
  );
  return { servers: Math.max(seen, leased), unaware: unaware + Math.max(0, leased - seen) };
}

/** 0 also before the migration that creates the table: people may turn maintenance on to run that migration. */
async function countLeases(dataSource: DataSource): Promise<number> {
  const [{ exists }] = await dataSource.query<[{ exists: boolean }]>(
    `select to_regclass('servers') is not null as exists`,
  );
  if (!exists) return 0;
  const [{ count }] = await dataSource.query<[{ count: number }]>(
    `select count(*)::integer as count from servers where lease_until > now()`,
  );
  return count;
}
