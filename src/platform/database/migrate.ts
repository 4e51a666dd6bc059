import { DataSource } from 'typeorm';
import type { Configuration } from '../configuration/configuration';
import { migrationOptions, type DatabaseSchema } from './database-options';
import { refuseOldTables } from './old-tables';
import { compareSchema } from './schema-check';
import { DatabaseUnusableError } from './unusable-database';

/** Any number that no other program on the database uses: "xfchat" on a telephone. */
const ADVISORY_LOCK = 932_428;
const INSUFFICIENT_PRIVILEGE = '42501';

/**
 * Runs `work` on a direct connection while holding the migration lock, so that of several processes that start at once
 * one migrates and the others find it done. The lock goes with its connection, however the process ends.
 */
export async function withMigrations<T>(
  url: string,
  configuration: Configuration,
  schema: DatabaseSchema,
  work: (dataSource: DataSource) => Promise<T>,
): Promise<T> {
  const direct = configuration.DIRECT_DATABASE_URL ?? url;
  const dataSource = await new DataSource(migrationOptions(direct, configuration, schema)).initialize();
  try {
    // eslint-disable-next-line no-restricted-syntax -- holds a session lock; writes nothing
    const holder = dataSource.createQueryRunner();
    try {
      // Another migration may take long; waiting for it is not a fault.
      await holder.query('set lock_timeout = 0');
      await holder.query('select pg_advisory_lock($1)', [ADVISORY_LOCK]);
      return await work(dataSource);
    } finally {
      await holder.query('select pg_advisory_unlock($1)', [ADVISORY_LOCK]).catch(() => undefined);
      await holder.release();
    }
  } finally {
    await dataSource.destroy();
  }
}

/**
 * Applies what is pending; returns the names.
 * @throws DatabaseUnusableError when the database is of a newer program or holds old tables, or the user may not change it
 */
export async function migrateUp(
  url: string,
  configuration: Configuration,
  schema: DatabaseSchema,
): Promise<string[]> {
  return withMigrations(url, configuration, schema, async (dataSource) => {
    await refuseOldTables((sql, values) => dataSource.query(sql, values));
    const { unknown } = await compareSchema(dataSource);
    if (unknown.length > 0) throw newerSchema(unknown);
    const done = await dataSource.runMigrations({ transaction: 'each' });
    return done.map((migration) => migration.name);
  }).catch((error: unknown) => {
    if ((error as { code?: string }).code !== INSUFFICIENT_PRIVILEGE) throw error;
    throw new DatabaseUnusableError(
      'right-missing',
      'The user of DATABASE_URL (or DIRECT_DATABASE_URL) may not change the schema. Grant the right to create in "public", or run `npx xfchat migrate up` as a user who has it.',
      { cause: error },
    );
  });
}

/** Takes back the last one. */
export async function migrateDown(
  url: string,
  configuration: Configuration,
  schema: DatabaseSchema,
): Promise<void> {
  await withMigrations(url, configuration, schema, (dataSource) =>
    dataSource.undoLastMigration({ transaction: 'each' }),
  );
}

export const newerSchema = (unknown: string[]): DatabaseUnusableError =>
  new DatabaseUnusableError(
    'schema-too-new',
    `The database has migrations that this version of XFChat does not know: ${unknown.join(', ')}. Start the version that made them, or restore a backup.`,
  );
