import { randomBytes } from 'node:crypto';
import { DataSource } from 'typeorm';
import { loadConfiguration } from '../src/platform/configuration/load-configuration';
import { migrationOptions } from '../src/platform/database/database-options';
import { preflight } from '../src/operations/preflight/preflight';
import { migrateUp } from '../src/platform/migrations/migrate';
import { verifyDatabase } from '../src/platform/database/verify-database';
import { SCHEMA } from '../src/schema';
import { call } from './support/api';
import { createTestDatabase, databaseUrl, withAdministrator, withClient } from './support/databases';
import { startTestServer } from './support/test-server';
import { until } from './support/until';

const verify = (url: string, environment: Record<string, string> = {}) =>
  verifyDatabase(url, loadConfiguration({ DATABASE_START_TIMEOUT_MS: '0', ...environment }), () => undefined);
const restart = (database: string) =>
  withAdministrator((client) =>
    client.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [database]),
  );

describe('a start rejects', () => {
  it.each(['LATIN1', 'SQL_ASCII'])('a database that stores texts as %s', async (encoding) => {
    const name = `xfchat_e_${randomBytes(6).toString('hex')}`;
    await withAdministrator((client) =>
      client.query(`create database ${name} template template0 encoding '${encoding}' locale 'C'`),
    );
    try {
      await expect(verify(databaseUrl(name))).rejects.toMatchObject({
        fault: 'wrong-encoding',
        message: expect.stringMatching(
          new RegExp(`stores texts as ${encoding}, .*encoding 'UTF8'.*DATABASE_URL`),
        ),
      });
    } finally {
      await withAdministrator((client) => client.query(`drop database ${name} with (force)`));
    }
  });

  it('a setting that it cannot pin, and prints the statement that corrects it', async () => {
    const database = await createTestDatabase();
    const alter = (words: string) =>
      withAdministrator((client) => client.query(`alter database ${database.name} ${words}`));
    await alter('set session_replication_role = replica');
    const refusal = (await verify(database.url).catch((error: unknown) => error)) as Error;
    expect(refusal).toMatchObject({
      fault: 'unfit-settings',
      message: expect.stringContaining('session_replication_role = replica'),
    });
    const [, statement] = /Change them: (.*)\.$/.exec(refusal.message)!;
    await withAdministrator((client) => client.query(statement!));
    await expect(verify(database.url)).resolves.toMatchObject({ durable: expect.any(Boolean) });
    await database.drop();
  });

  it('tables in another schema than "public", and prints how to move them', async () => {
    const database = await createTestDatabase();
    await withClient(database.url, (client) =>
      client.query('alter schema public rename to "Chat"; create schema public'),
    );
    const refusal = (await verify(database.url).catch((error: unknown) => error)) as Error;
    expect(refusal).toMatchObject({
      fault: 'schema-elsewhere',
      message: expect.stringContaining('are in the schema "Chat"'),
    });
    const [, statements] = /Move them: (.*)\.$/.exec(refusal.message)!;
    await withClient(database.url, (client) => client.query(statements!));
    await verify(database.url);
    expect(await migrateUp(database.url, loadConfiguration({}), SCHEMA)).toEqual([]);
    await database.drop();
  });
});

describe('a database that becomes unfit while a server is running', () => {
  it('is reported by readiness, rejects messages that it cannot keep, and serves again once it is repaired', async () => {
    const server = await startTestServer();
    const { name } = server.database;
    const ready = () => call(server.url, 'GET', '/health/ready');
    await until('readiness', async () => (await ready()).status === 200);
    await withAdministrator((client) =>
      client.query(`alter database ${name} set session_replication_role = replica`),
    );
    await until('readiness to say why', async () => {
      const { status, body } = await ready();
      return status === 503 && body.error.database?.reason === 'unfit-settings';
    });
    const refused = await call(server.url, 'POST', '/api/v1/auth/register', {
      body: { username: 'nobody-yet', password: 'a password nobody else has' },
    });
    expect(refused).toMatchObject({ status: 503, body: { code: 'temporarily-unavailable' } });
    await withAdministrator((client) =>
      client.query(`alter database ${name} reset session_replication_role`),
    );
    await restart(name);
    await until('readiness', async () => (await ready()).status === 200);
    await server.close();
  }, 60_000);
});

describe('a database that does not return stored texts unchanged', () => {
  it.each([
    ['changed', `new.display_name = 'something else'`, ['text']],
    ['refused', `raise exception using errcode = '22P05'`, ['22P05']],
  ])('is reported by readiness and preflight: %s', async (reason, statement, details) => {
    const database = await createTestDatabase();
    await withClient(database.url, (client) =>
      client.query(`
        create function meddle() returns trigger language plpgsql as $$ begin ${statement}; return new; end $$;
        create trigger meddle before insert on users for each row execute function meddle()`),
    );
    const server = await startTestServer({ database });
    const ready = await call(server.url, 'GET', '/health/ready');
    expect(ready.status).toBe(503);
    expect(ready.body.error.values).toMatchObject({ status: 'down', reason, details });
    await server.close();
    const facts = await verify(database.url);
    const dataSource = await new DataSource(
      migrationOptions(database.url, loadConfiguration({}), SCHEMA),
    ).initialize();
    const [check] = await preflight(
      {
        ...{ url: database.url, isEmbedded: true, configuration: loadConfiguration({}), schema: SCHEMA },
        ...{ facts, dataSource, options: { alertRules: '', diskFree: 0 }, progress: () => undefined },
      },
      ['database'],
    );
    await dataSource.destroy();
    await database.drop();
    expect(check).toMatchObject({ name: 'database', status: 'red' });
  });

  it('has no leftovers of the check', async () => {
    const server = await startTestServer();
    const ready = await call(server.url, 'GET', '/health/ready');
    expect(ready.body.details.values).toMatchObject({ status: 'up', reason: 'ok' });
    expect(await server.dataSource.query('select count(*)::integer as count from users')).toEqual([
      { count: 0 },
    ]);
    await server.close();
  });
});
