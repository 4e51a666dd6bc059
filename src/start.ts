import type { NestExpressApplication } from '@nestjs/platform-express';
import { createApplication } from './application';
import { backUpBeforeMigrating } from './backups/back-up-before-migrating';
import type { Configuration } from './platform/configuration/configuration';
import {
  loadConfiguration,
  maskedConfiguration,
  unsupportedVariables,
} from './platform/configuration/load-configuration';
import { recordStartFailure } from './platform/lifecycle/start-failures';
import { MetricsPort } from './platform/metrics/metrics-port';
import { migrateUp } from './platform/migrations/migrate';
import { verifyConnectionBudget, verifyDatabase } from './platform/database/verify-database';
import { verifySchema } from './platform/database/verify-schema';
import { openDatabase, type DatabaseSource } from './database-source';
import { drainAndClose } from './drain';
import { StructuredLogger } from './platform/logging/structured-logger';
import { SCHEMA } from './schema';
import { version } from './version';

export interface RunningServer {
  readonly url: string;
  readonly application: NestExpressApplication;
  readonly logger: StructuredLogger;
  /** Drains and stops everything that the start has begun. */
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly backup?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * From the environment to a server that serves: configuration, database (embedded unless one is named), migrations,
 * verification, and only then the port.
 * @param options.backup whether a database with data is backed up before it is migrated; it is unless that is left out
 * by name
 * @param options.signal ends the wait for the database; its reason is thrown
 * @throws ConfigurationError, DatabaseUnusableError, EmbeddedPostgresError: their messages say what to do
 */
export async function startServer(
  environment: Record<string, string | undefined>,
  options: StartOptions = {},
): Promise<RunningServer> {
  const configuration = loadConfiguration(environment);
  const logger = new StructuredLogger({
    level: configuration.LOG_LEVEL,
    readable: !configuration.isProduction,
  });
  logger.event('info', 'configuration', { version, ...maskedConfiguration(configuration) });
  for (const name of unsupportedVariables(environment))
    logger.warn(`${name} is not supported by this version yet`);

  try {
    return await startAll(configuration, logger, options);
  } catch (error) {
    if (!options.signal?.aborted) await recordStartFailure(configuration.DATA_DIR);
    throw error;
  }
}

async function startAll(
  configuration: Configuration,
  logger: StructuredLogger,
  options: StartOptions,
): Promise<RunningServer> {
  const database = await openDatabase(configuration, (level, message, fields) =>
    logger.event(level, message, fields),
  );
  try {
    configuration.DATABASE_URL = database.url;
    const application = await serve(database, configuration, logger, options);
    const url = addressOf(application, configuration);
    logger.event('info', 'serving', { url, database: database.isEmbedded ? 'embedded' : 'server' });
    return {
      url,
      application,
      logger,
      stop: async () => {
        try {
          await drainAndClose(application, configuration, logger);
        } finally {
          await database.close();
        }
      },
    };
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function serve(
  database: DatabaseSource,
  configuration: Configuration,
  logger: StructuredLogger,
  options: StartOptions,
): Promise<NestExpressApplication> {
  const { url } = database;
  const warn = (message: string): void => logger.warn(message);
  const facts = await verifyDatabase(url, configuration, warn, options.signal);
  verifyConnectionBudget(facts, configuration, warn);
  if (configuration.MIGRATE_ON_START) await bringUp(database, configuration, logger, options);
  await verifySchema(url, configuration, SCHEMA);
  const application = await createApplication(configuration, logger);
  try {
    await listen(application, configuration);
  } catch (error) {
    await application.close();
    throw error;
  }
  return application;
}

/** As `migrate up` does. Of several servers that start at once one backs up and migrates, and the others wait for it. */
async function bringUp(
  { url, isEmbedded }: DatabaseSource,
  configuration: Configuration,
  logger: StructuredLogger,
  { backup = true }: StartOptions,
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

async function listen(application: NestExpressApplication, configuration: Configuration): Promise<void> {
  const { PORT, HOST, METRICS_PORT } = configuration;
  await taking('METRICS_PORT', METRICS_PORT, () => application.get(MetricsPort).listen());
  await taking('PORT', PORT, () =>
    HOST === undefined ? application.listen(PORT) : application.listen(PORT, HOST),
  );
}

async function taking(name: string, port: number | undefined, listen: () => Promise<unknown>): Promise<void> {
  try {
    await listen();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE')
      throw new Error(`Port ${port} is in use. Stop what uses it, or set ${name} to another one.`, {
        cause: error,
      });
    if (code === 'EACCES')
      throw new Error(`Port ${port} may not be used by this account. Set ${name} to one above 1023.`, {
        cause: error,
      });
    throw error;
  }
}

function addressOf(application: NestExpressApplication, configuration: Configuration): string {
  const { port } = application.getHttpServer().address() as { port: number };
  const host =
    configuration.HOST && !['0.0.0.0', '::'].includes(configuration.HOST) ? configuration.HOST : 'localhost';
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
