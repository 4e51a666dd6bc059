import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { createApplication } from '../../src/application';
import { drainAndClose } from '../../src/drain';
import type { Configuration } from '../../src/platform/configuration/configuration';
import { loadConfiguration } from '../../src/platform/configuration/load-configuration';
import { StructuredLogger } from '../../src/platform/logging/structured-logger';
import { createTestDatabase, type TestDatabase } from './databases';

export interface TestServer {
  /** http://127.0.0.1:<port> */
  readonly url: string;
  readonly port: number;
  readonly application: NestExpressApplication;
  readonly configuration: Configuration;
  readonly database: TestDatabase;
  readonly dataSource: DataSource;
  /** Drains the server and drops its database. */
  close(): Promise<void>;
}

interface Options {
  /** Environment variables over the defaults of the tests. */
  environment?: Record<string, string>;
  /** Makes the URL that the server connects to, such as that of a proxy in front of the test's database. */
  connectTo?: (databaseUrl: string) => string;
  /** An existing database to use. It is not dropped. */
  database?: TestDatabase;
}

/**
 * `npm run test:pgbouncer` runs PgBouncer in front of the PostgreSQL of the tests. Servers then connect through it, unless a
 * test has its own proxy.
 */
function behindPgBouncer(databaseUrl: string): Record<string, string> {
  const pooled = process.env.TEST_PGBOUNCER_URL;
  if (!pooled) return { DATABASE_URL: databaseUrl };
  return {
    DATABASE_URL: new URL(new URL(databaseUrl).pathname, pooled).toString(),
    DIRECT_DATABASE_URL: databaseUrl,
    DATABASE_POOLER: 'transaction',
  };
}

/** Starts the application in this process, with its own database and a free port. */
export async function startTestServer(options: Options = {}): Promise<TestServer> {
  const database = options.database ?? (await createTestDatabase());
  const dataDirectory = mkdtempSync(join(tmpdir(), 'xfchat-data-'));
  const configuration = loadConfiguration({
    NODE_ENV: 'test',
    ...(options.connectTo
      ? { DATABASE_URL: options.connectTo(database.url) }
      : behindPgBouncer(database.url)),
    DATA_DIR: dataDirectory,
    RATE_LIMITS: 'off',
    // In most tests, people have conversations without becoming friends first.
    CONTACT_POLICY: 'open',
    LOG_LEVEL: 'fatal',
    DATABASE_POOL_MAX: '10',
    CANARY_INTERVAL_MS: '0',
    ...options.environment,
  });
  const logger = new StructuredLogger({ level: configuration.LOG_LEVEL, readable: false });
  const application = await createApplication(configuration, logger);
  await application.listen(0, '127.0.0.1');
  const { port } = application.getHttpServer().address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    application,
    configuration,
    database,
    dataSource: application.get<DataSource>(getDataSourceToken()),
    close: async () => {
      await drainAndClose(application, configuration, logger);
      rmSync(dataDirectory, { recursive: true, force: true });
      if (!options.database) await database.drop();
    },
  };
}
