import { DatabaseClient } from '../../platform/database/database-client';
import { LegacyError } from './source';

/** The number of the migrations' lock plus one. That number spells "xfchat" on a telephone keypad. */
const ADVISORY_LOCK = 932_429;

/**
 * Runs `work` while no other process imports, verifies, rolls back or archives. The lock ends with its connection,
 * however the process ends.
 * @param url of the database itself, not of a pooler
 * @throws LegacyError if another process holds the lock
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
    if (!rows[0]!.mine) throw new LegacyError('Another legacy command is running on this database.');
    return await work();
  } finally {
    await holder.end().catch(() => undefined);
  }
}
