import type { Run } from '../../platform/migrations/ledger';

export interface DatabaseStatistics {
  readonly sizeBytes: number;
  /** 0 when no other transaction is open. */
  readonly oldestTransactionSeconds: number;
  /** The lag of the slowest replica; undefined without one, or when the role may not see it. */
  readonly replicationLagSeconds: number | undefined;
}

/**
 * PostgreSQL shows other users' sessions and replicas only to members of `pg_monitor`. To other roles they have no
 * details. PostgreSQL counts a base backup as a replica; we do not.
 */
export async function readDatabaseStatistics(run: Run): Promise<DatabaseStatistics> {
  const [row] = await run.query<[{ size: number | string; oldest: number; lag: number | null }]>(
    `select pg_database_size(current_database()) as size,
       (select coalesce(extract(epoch from max(clock_timestamp() - xact_start)), 0)::float8
          from pg_stat_activity
          where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()) as oldest,
       (select extract(epoch from max(coalesce(replay_lag, '0'::interval)))::float8
          from pg_stat_replication where state in ('catchup', 'streaming')) as lag`,
  );
  return {
    sizeBytes: Number(row.size),
    oldestTransactionSeconds: row.oldest,
    replicationLagSeconds: row.lag ?? undefined,
  };
}
