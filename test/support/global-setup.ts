import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfiguration } from '../../src/platform/configuration/load-configuration';
import { migrateUp } from '../../src/platform/migrations/migrate';
import {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '../../src/platform/embedded-postgres/embedded-postgres';
import { SCHEMA } from '../../src/schema';
import { openLedger } from './contract/ledger';
import { FaultProxy } from './fault-proxy';
import { PgBouncer } from './pgbouncer';
import { TEMPLATE, databaseUrl, withAdministrator } from './databases';

declare global {
  var testPostgres: { server: EmbeddedPostgres; directory: string } | undefined;
  var testPgBouncer: { bouncer: PgBouncer; socket: FaultProxy } | undefined;
}

/**
 * Starts one PostgreSQL for the whole run, with one migrated template that each test file copies. `TEST_DATABASE_URL` names
 * another server; its user must have the right to create databases.
 */
export default async function globalSetup(): Promise<void> {
  openLedger();
  if (!process.env.TEST_DATABASE_URL && !globalThis.testPostgres) {
    const directory = mkdtempSync(join(tmpdir(), 'xfchat-test-'));
    const server = await startEmbeddedPostgres({
      directory,
      durable: false,
      settings: { max_connections: '300' },
    });
    globalThis.testPostgres = { server, directory };
    process.env.TEST_POSTGRES_URL = server.url('postgres');
  }
  process.env.TEST_POSTGRES_URL ??= process.env.TEST_DATABASE_URL;
  if (process.env.TEST_BEHIND_PGBOUNCER) {
    // PgBouncer runs as another account, which has no access to the Unix socket of the embedded server.
    const socket = await FaultProxy.inFrontOf(process.env.TEST_POSTGRES_URL!);
    const bouncer = await PgBouncer.start(socket.url, { default_pool_size: '40' });
    globalThis.testPgBouncer = { bouncer, socket };
    process.env.TEST_PGBOUNCER_URL = bouncer.url('');
  }
  process.env.TEST_TEMPLATE = `${TEMPLATE}_${process.pid}`;
  await withAdministrator(async (client) => {
    await client.query(`drop database if exists ${process.env.TEST_TEMPLATE} with (force)`);
    await client.query(`create database ${process.env.TEST_TEMPLATE}`);
  });
  await migrateUp(databaseUrl(process.env.TEST_TEMPLATE), loadConfiguration({}), SCHEMA);
}

export async function stopTestPostgres(): Promise<void> {
  await globalThis.testPgBouncer?.bouncer.stop();
  await globalThis.testPgBouncer?.socket.close();
  const running = globalThis.testPostgres;
  if (running) {
    await running.server.stop();
    rmSync(running.directory, { recursive: true, force: true });
  } else {
    await withAdministrator((client) =>
      client.query(`drop database if exists ${process.env.TEST_TEMPLATE} with (force)`),
    );
  }
}
