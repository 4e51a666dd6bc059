import type { NestExpressApplication } from '@nestjs/platform-express';
import { createApplication } from './application';
import { backUpBeforeMigrating } from './operations/backups/back-up-before-migrating';
import type { DatabaseSource } from './platform/database/database-source';
import { drainAndClose } from './drain';
import type { Configuration } from './platform/configuration/configuration';
import { verifyConnectionBudget, verifyDatabase, verifyDirectly } from './platform/database/verify-database';
import { verifySchema } from './platform/database/verify-schema';
import type { StructuredLogger } from './platform/logging/structured-logger';
import { MetricsPort } from './platform/metrics/metrics-port';
import { migrateUp } from './platform/migrations/migrate';
import { SCHEMA } from './schema';

/**
 * Connections that the system accepts before the process has taken them; the system may have a lower limit
 * (`net.core.somaxconn`). After a restart all clients come at once, and the system of a client that finds no place tries
 * again after 1, 3, 7, 15 and 31 s.
 */
const BACKLOG = 4_096;

export interface ServeOptions {
  /** Whether a database with data is backed up before it is migrated; it is unless that is left out by name. */
  readonly backup?: boolean;
  /** Ends the wait for the database; its reason is thrown. */
  readonly signal?: AbortSignal;
}

export interface Serving {
  readonly url: string;
  readonly application: NestExpressApplication;
  readonly drain: () => Promise<void>;
}

/**
 * From a database to a server that serves on its ports.
 * @throws DatabaseUnusableError, or an Error that says which port cannot be had
 */
export async function serve(
  database: DatabaseSource,
  configuration: Configuration,
  logger: StructuredLogger,
  options: ServeOptions,
): Promise<Serving> {
  const { url } = database;
  const warn = (message: string): void => logger.warn(message);
  const facts = await verifyDatabase(url, configuration, warn, options.signal);
  verifyConnectionBudget(facts, configuration, warn);
  await verifyDirectly(configuration, warn, options.signal);
  if (configuration.MIGRATE_ON_START) await bringUp(database, configuration, logger, options);
  await verifySchema(url, configuration, SCHEMA);
  const application = await createApplication(configuration, logger);
  try {
    await listen(application, configuration);
  } catch (error) {
    await application.close();
    throw error;
  }
  return {
    url: addressOf(application, configuration),
    application,
    drain: () => drainAndClose(application, configuration, logger),
  };
}

/** As `migrate up` does. Of several servers that start at once one backs up and migrates, and the others wait for it. */
async function bringUp(
  { url, isEmbedded }: DatabaseSource,
  configuration: Configuration,
  logger: StructuredLogger,
  { backup = true }: ServeOptions,
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
  const { PORT, listenAddress, METRICS_PORT } = configuration;
  await taking('METRICS_PORT', METRICS_PORT, () => application.get(MetricsPort).listen());
  // Nest passes this on to Node's `server.listen`, and its declaration does not know the options.
  const options = { port: PORT, host: listenAddress, backlog: BACKLOG } as unknown as number;
  await taking('PORT', PORT, () => application.listen(options));
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
