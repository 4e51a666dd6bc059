import { DatabaseClient } from '../../platform/database/database-client';
import { LegacyError } from './source';

/** Beside the lock of the migrations: "xfchat" on a telephone, and one. */
const ADVISORY_LOCK = 932_429;

/**
 * Runs `work` while nobody else imports, verifies, rolls back or archives. The lock goes with its connection, however
 * the process ends.
 * @param url of the database itself, not of a pooler
 * @throws LegacyError when somebody else does
 */
export async function withLegacyLock<T>(url: string, work: () => Promise<T>): Promise<T> {
  const holder = new DatabaseClient({
    connectionString: url,
    application_name: 'xfchat-legacy-lock',
    keepAlive: true,
  });
  holder.on('error', () => undefined);
  await holder.connect();
  try {
    const { rows } = await holder.query<{ mine: boolean }>(`select pg_try_advisory_lock($1) as mine`, [
      ADVISORY_LOCK,
    ]);
    if (!rows[0]!.mine) throw new LegacyError('Another legacy command is at work on this database.');
    return await work();
  } finally {
    await holder.end().catch(() => undefined);
  }
}
