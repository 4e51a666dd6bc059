import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Configuration } from './platform/configuration/configuration';
import {
  loadConfiguration,
  maskedConfiguration,
  unsupportedVariables,
} from './platform/configuration/load-configuration';
import { unknownVariables } from './platform/configuration/unknown-variables';
import { recordStartFailure } from './platform/lifecycle/start-failures';
import { openDatabase } from './platform/database/database-source';
import { StructuredLogger } from './platform/logging/structured-logger';
import type { ServeOptions } from './serve';
import { version } from './platform/version';

export interface RunningServer {
  readonly url: string;
  readonly application: NestExpressApplication;
  readonly logger: StructuredLogger;
  /** Drains and stops everything that the start has begun. */
  stop(): Promise<void>;
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
  options: ServeOptions = {},
): Promise<RunningServer> {
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
    return await startAll(configuration, logger, options);
  } catch (error) {
    if (!options.signal?.aborted) await recordStartFailure(configuration.DATA_DIR);
    throw error;
  }
}

/** The larger part of the program. To read it takes about as long as the embedded database needs to start. */
const loadServe = () => import('./serve.ts');

async function startAll(
  configuration: Configuration,
  logger: StructuredLogger,
  options: ServeOptions,
): Promise<RunningServer> {
  const database = await openDatabase(
    configuration,
    (level, message, fields) => logger.event(level, message, fields),
    () => void loadServe().catch(() => undefined), // what cannot be read is told below, where it is waited for
  );
  try {
    configuration.DATABASE_URL = database.url;
    const { serve } = await loadServe();
    const { application, url, drain } = await serve(database, configuration, logger, options);
    logger.event('info', 'serving', { url, database: database.isEmbedded ? 'embedded' : 'server' });
    const stop = (): Promise<void> => drain().finally(() => database.close());
    return { url, application, logger, stop };
  } catch (error) {
    await database.close();
    throw error;
  }
}
