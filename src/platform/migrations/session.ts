import { DataSource, type QueryRunner } from 'typeorm';
import type { Configuration } from '../configuration/configuration';
import { migrationOptions, type DatabaseSchema } from '../database/database-options';

/** Any number that no other program on the database uses: "xfchat" on a telephone. */
const ADVISORY_LOCK = 932_428;
const LOOK_AGAIN_MS = 200;

/** One connection past every pooler, which the work has for itself. */
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
 * Holds the migration lock meanwhile, so that of several processes that migrate at once one does and the others find it
 * done. The connection that migrates holds it: however its process ends, the lock goes when the last statement of it
 * has ended, and not before.
 *
 * Waiting sessions poll instead of queueing at the lock: a queued statement is a transaction that `CREATE INDEX CONCURRENTLY`
 * would wait for, and neither would end.
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
