import type { NestExpressApplication } from '@nestjs/platform-express';
import { createApplication } from './application';
import { drainAndClose } from './drain';
import type { Configuration } from './platform/configuration/configuration';
import { verifyConnectionBudget, verifyDatabase } from './platform/database/verify-database';
import { verifySchema } from './platform/database/verify-schema';
import type { StructuredLogger } from './platform/logging/structured-logger';
import { MetricsPort } from './platform/metrics/metrics-port';
import { migrateUp } from './platform/migrations/migrate';
import { SCHEMA } from './schema';

export interface Serving {
  readonly url: string;
  readonly application: NestExpressApplication;
  readonly drain: () => Promise<void>;
}

/**
 * From a database to a server that serves on its ports.
 * @throws DatabaseUnusableError, or an Error that says which port cannot be had
 */
export async function serve(configuration: Configuration, logger: StructuredLogger): Promise<Serving> {
  const url = configuration.DATABASE_URL!;
  const warn = (message: string): void => logger.warn(message);
  const facts = await verifyDatabase(url, configuration, warn);
  verifyConnectionBudget(facts, configuration, warn);
  if (configuration.MIGRATE_ON_START) {
    const progress = (message: string): void => logger.event('info', message);
    const applied = await migrateUp(url, configuration, SCHEMA, { progress });
    if (applied.length > 0) logger.event('info', 'migrated', { applied });
  }
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
