import { backUpBeforeMigrating } from './operations/backups/back-up-before-migrating';
import type { Configuration } from './platform/configuration/configuration';
import type { DatabaseSource } from './platform/database/database-source';
import { verifyConnectionBudget, verifyDatabase, verifyDirectly } from './platform/database/verify-database';
import { verifySchema } from './platform/database/verify-schema';
import type { StructuredLogger } from './platform/logging/structured-logger';
import { migrateUp } from './platform/migrations/migrate';
import { SCHEMA } from './schema';

export interface PrepareOptions {
  /** Whether to back up a database with data before migrating it; true by default. */
  readonly backup?: boolean;
  /** Aborts the wait for the database; its reason is thrown. */
  readonly signal?: AbortSignal;
}

/**
 * Waits for the database, verifies that this program can run on it, and migrates it where allowed. Runs once per
 * instance, however many workers it has.
 * @throws DatabaseUnusableError
 */
export async function prepareDatabase(
  database: DatabaseSource,
  configuration: Configuration,
  logger: StructuredLogger,
  options: PrepareOptions,
): Promise<void> {
  const { url } = database;
  const warn = (message: string): void => logger.warn(message);
  const facts = await verifyDatabase(url, configuration, warn, options.signal);
  verifyConnectionBudget(facts, configuration, warn);
  await verifyDirectly(configuration, warn, options.signal);
  if (configuration.MIGRATE_ON_START) await bringUp(database, configuration, logger, options);
  await verifySchema(url, configuration, SCHEMA);
}

/**
 * Does what `migrate up` does. When several servers start at once, one backs up and migrates, and the others wait for
 * it.
 */
async function bringUp(
  { url, isEmbedded }: DatabaseSource,
  configuration: Configuration,
  logger: StructuredLogger,
  { backup = true }: PrepareOptions,
): Promise<void> {
  const progress = (message: string): void => logger.event('info', message);
  const context = {
    url,
    isEmbedded,
    configuration,
    schema: SCHEMA,
    progress: () => undefined,
    warn: (message: string) => logger.warn(message),
  };
  const beforeMigrating = backup ? backUpBeforeMigrating(context, progress) : undefined;
  const applied = await migrateUp(url, configuration, SCHEMA, { beforeMigrating, progress });
  if (applied.length > 0) logger.event('info', 'migrated', { applied });
}
