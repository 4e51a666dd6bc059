import type { QueryRunner } from 'typeorm';
import { isLockTimeout, isRetryable } from '../database/database-problem';
import { DatabaseUnusableError } from '../database/unusable-database';
import { describeMigration } from './recorded-migration';
import type { Run } from './ledger';
import { pause } from './session';

/** Receives sentences about the current step, and the locks that it waits for. */
export type Progress = (message: string) => void;

/**
 * How long a statement may wait for a lock. Later statements queue behind it, so it delays a request at most this long;
 * such a request still ends within a second.
 */
export const MIGRATION_LOCK_TIMEOUT_MS = 300;
const FIRST_PAUSE_MS = 400;
const MAX_PAUSE_MS = 3_000;

export interface Patience {
  /** How long to keep retrying, in milliseconds. */
  readonly patienceMs: number;
  readonly progress: Progress;
}

/**
 * Runs one transaction that yields to the traffic. When a lock is not available at once, the transaction is rolled
 * back, so that statements queued behind it can run. Then it is retried, until the patience is over.
 * @throws DatabaseUnusableError `migration-blocked` naming the migration and who holds transactions open
 */
export async function givingWay<T>(
  session: QueryRunner,
  name: string,
  { patienceMs, progress }: Patience,
  work: () => Promise<T>,
): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (let attempt = 1, wait = FIRST_PAUSE_MS; ; attempt++, wait = Math.min(wait * 1.5, MAX_PAUSE_MS)) {
    try {
      await session.startTransaction();
      await session.query(`set local lock_timeout = ${MIGRATION_LOCK_TIMEOUT_MS}`);
      const result = await work();
      await session.commitTransaction();
      return result;
    } catch (error) {
      if (session.isTransactionActive) await session.rollbackTransaction().catch(() => undefined);
      if (!isLockTimeout(error) && !isRetryable(error)) throw error;
      const holders = await oldestTransactions(session);
      if (performance.now() + wait > deadline) throw blocked(name, attempt, holders, error);
      progress(`${describeMigration(name)}: a lock was not free (attempt ${attempt}), retrying; ${holders}`);
      // Random, because another process may take the lock at regular times.
      await pause(wait * (0.5 + Math.random()));
    }
  }
}

function blocked(name: string, attempts: number, holders: string, cause: unknown): DatabaseUnusableError {
  return new DatabaseUnusableError(
    'migration-blocked',
    `${describeMigration(name)} did not get its locks in ${attempts} attempts: ${holders}. Nothing of it was applied. Wait for that transaction or end it, and run \`npx xfchat migrate up\` again.`,
    { cause },
  );
}

/**
 * Sessions that may hold the lock. PostgreSQL shows sessions of other users only to superusers and members of
 * `pg_monitor`.
 */
async function oldestTransactions(run: Run): Promise<string> {
  const rows: { pid: number; name: string; seconds: number }[] = await run.query(`
    select pid, coalesce(nullif(application_name, ''), 'unnamed') as name,
      round(extract(epoch from clock_timestamp() - xact_start))::integer as seconds
    from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null
    order by xact_start limit 3`);
  if (rows.length === 0) return 'no transaction is open any more';
  const each = rows.map(({ pid, name, seconds }) => `pid ${pid} (${name}) for ${seconds} s`);
  return `transactions are open: ${each.join(', ')}`;
}
