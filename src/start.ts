import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Configuration } from './platform/configuration/configuration';
import {
  loadConfiguration,
  maskedConfiguration,
  unsupportedVariables,
} from './platform/configuration/load-configuration';
import { unknownVariables } from './platform/configuration/unknown-variables';
import { openDatabase, type DatabaseSource } from './platform/database/database-source';
import { recordStartFailure } from './platform/lifecycle/start-failures';
import { StructuredLogger } from './platform/logging/structured-logger';
import { version } from './platform/version';
import type { PrepareOptions } from './prepare-database';

type Environment = Record<string, string | undefined>;

/** The running server: in this process, or in its workers. */
interface Serving {
  readonly url: string;
  /** Drains, and stops everything that the start began. */
  stop(): Promise<void>;
}

export interface RunningInstance extends Serving {
  readonly logger: StructuredLogger;
  /** Rejects when the server cannot continue; never resolves. */
  readonly failed?: Promise<never>;
}

export interface RunningServer extends RunningInstance {
  readonly application: NestExpressApplication;
}

/**
 * Starts an instance from the environment: configuration, database (embedded unless one is named), migrations,
 * verification, and last the port. It serves in this process, or with `WORKERS` in several.
 * @param options.backup whether to back up a database with data before migrating it; true by default
 * @param options.signal aborts the wait for the database; its reason is thrown
 * @throws ConfigurationError, DatabaseUnusableError, EmbeddedPostgresError: their messages name the remedy
 */
export async function start(
  environment: Environment,
  options: PrepareOptions = {},
): Promise<RunningInstance> {
  return begin<Omit<RunningInstance, 'logger'>>(environment, options, (configuration, logger) =>
    configuration.workerCount > 1
      ? startWorkers(configuration, logger, options)
      : startHere(configuration, logger, options),
  );
}

/** As `start` without `WORKERS`. */
export async function startServer(
  environment: Environment,
  options: PrepareOptions = {},
): Promise<RunningServer> {
  return begin(environment, options, (configuration, logger) => startHere(configuration, logger, options));
}

async function begin<S extends Serving>(
  environment: Environment,
  { signal }: PrepareOptions,
  startAll: (configuration: Configuration, logger: StructuredLogger) => Promise<S>,
): Promise<S & { logger: StructuredLogger }> {
  const configuration = loadConfiguration(environment);
  const logger = new StructuredLogger({
    level: configuration.LOG_LEVEL,
    readable: !configuration.isProduction,
  });
  logger.event('info', 'configuration', { version, ...maskedConfiguration(configuration) });
  for (const name of unsupportedVariables(environment))
    logger.warn(`${name} is not supported by this version yet`);
  for (const sentence of unknownVariables(environment)) logger.warn(sentence);

  try {
    return { ...(await startAll(configuration, logger)), logger };
  } catch (error) {
    if (!signal?.aborted) await recordStartFailure(configuration.DATA_DIR);
    throw error;
  }
}

/** The larger part of the program. Loading it takes about as long as the embedded database needs to start. */
const loadServe = () => Promise.all([import('./prepare-database.ts'), import('./serve.ts')]);
/** The primary loads none of the serving code. */
const loadWorkers = () => Promise.all([import('./prepare-database.ts'), import('./start-workers.ts')]);

function startHere(
  configuration: Configuration,
  logger: StructuredLogger,
  options: PrepareOptions,
): Promise<Serving & { application: NestExpressApplication }> {
  return onDatabase(configuration, logger, loadServe, async ([{ prepareDatabase }, { serve }], database) => {
    await prepareDatabase(database, configuration, logger, options);
    const { application, url, drain } = await serve(configuration, logger);
    return { application, url, stop: drain };
  });
}

function startWorkers(
  configuration: Configuration,
  logger: StructuredLogger,
  options: PrepareOptions,
): Promise<Serving & { failed: Promise<never> }> {
  return onDatabase(
    configuration,
    logger,
    loadWorkers,
    async ([{ prepareDatabase }, { serveByWorkers }], database) => {
      await prepareDatabase(database, configuration, logger, options);
      return serveByWorkers(configuration, logger, options.signal);
    },
  );
}

/** @param load runs while the database starts; its failure is thrown where the result is awaited */
async function onDatabase<M, S extends Serving>(
  configuration: Configuration,
  logger: StructuredLogger,
  load: () => Promise<M>,
  serveOn: (modules: M, database: DatabaseSource) => Promise<S>,
): Promise<S> {
  const database = await openDatabase(
    configuration,
    (level, message, fields) => logger.event(level, message, fields),
    () => void load().catch(() => undefined),
  );
  try {
    configuration.DATABASE_URL = database.url;
    const serving = await serveOn(await load(), database);
    const { url } = serving;
    logger.event('info', 'serving', { url, database: database.isEmbedded ? 'embedded' : 'server' });
    return { ...serving, stop: () => serving.stop().finally(() => database.close()) };
  } catch (error) {
    await database.close();
    throw error;
  }
}
