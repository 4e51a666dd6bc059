import { DataSource, type QueryRunner } from 'typeorm';
import type { Configuration } from '../configuration/configuration';
import { migrationOptions, type DatabaseSchema } from '../database/database-options';

/** Any number that no other program on the database uses: "xfchat" on a telephone. */
const ADVISORY_LOCK = 932_428;
const LOOK_AGAIN_MS = 200;

/** Runs the work on a direct connection of its own, past every pooler. */
export async function withDirectSession<T>(
  url: string,
  configuration: Configuration,
  schema: DatabaseSchema,
  work: (session: QueryRunner) => Promise<T>,
): Promise<T> {
  const direct = configuration.DIRECT_DATABASE_URL ?? url;
  const dataSource = await new DataSource(migrationOptions(direct, configuration, schema)).initialize();
  try {
    const session = dataSource.createQueryRunner();
    try {
      return await work(session);
    } finally {
      await session.release().catch(() => undefined);
    }
  } finally {
    await dataSource.destroy();
  }
}

/**
 * Runs `work` under the migration lock. When several processes migrate at once, one does the work, and the others
 * find it done. The migrating connection holds the lock. So if its process dies, the lock is released when its last
 * statement has ended, and not earlier.
 *
 * Waiting sessions poll instead of queueing at the lock: a queued statement is a transaction that
 * `CREATE INDEX CONCURRENTLY` would wait for, and neither would end.
 */
export async function holdingMigrationLock<T>(session: QueryRunner, work: () => Promise<T>): Promise<T> {
  for (;;) {
    const [answer] = (await session.query('select pg_try_advisory_lock($1) as held', [ADVISORY_LOCK])) as [
      { held: boolean },
    ];
    if (answer.held) break;
    await pause(LOOK_AGAIN_MS * (0.5 + Math.random()));
  }
  try {
    return await work();
  } finally {
    await session.query('select pg_advisory_unlock($1)', [ADVISORY_LOCK]).catch(() => undefined);
  }
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
