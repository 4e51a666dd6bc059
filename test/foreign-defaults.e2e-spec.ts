import { randomBytes } from 'node:crypto';
import { DataSource } from 'typeorm';
import { createBackup } from '../src/operations/backups/create-backup';
import { verifyBackup } from '../src/operations/backups/verify-backup';
import { checkIntegrity } from '../src/operations/integrity/check-integrity';
import { loadConfiguration } from '../src/platform/configuration/load-configuration';
import { DatabaseClient } from '../src/platform/database/database-client';
import { databaseOptions, migrationOptions } from '../src/platform/database/database-options';
import { migrateUp } from '../src/platform/migrations/migrate';
import { SCHEMA } from '../src/schema';
import { backupBench } from './support/backup-bench';
import { createTestDatabase, databaseUrl, withAdministrator, type TestDatabase } from './support/databases';
import { FOREIGN_DEFAULTS, setDefaults } from './support/foreign-defaults';
import { aStatementWaits } from './support/locks';
import { signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';

const configuration = loadConfiguration({});

describe('a database whose defaults differ from PostgreSQL’s', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
    await setDefaults(database.name);
  });
  afterAll(() => database.drop());

  describe('keeps the session settings that the server pins, on', () => {
    let usual: TestDatabase;
    beforeAll(async () => (usual = await createTestDatabase()));
    afterAll(() => usual.drop());

    const names = Object.keys(FOREIGN_DEFAULTS);
    const READ = `select name, current_setting(name) as value from unnest($1::text[]) name order by 1`;
    const throughTypeorm =
      (options: typeof databaseOptions) =>
      async (url: string): Promise<unknown> => {
        const dataSource = await new DataSource(options(url, configuration, SCHEMA)).initialize();
        return dataSource.query(READ, [names]).finally(() => dataSource.destroy());
      };
    const bare =
      (change: (url: URL) => void = () => undefined) =>
      async (text: string): Promise<unknown> => {
        const url = new URL(text);
        change(url);
        const client = new DatabaseClient({ connectionString: url.toString() });
        await client.connect();
        return client.query(READ, [names]).then(
          async ({ rows }) => (await client.end(), rows),
          async (error: unknown) => (await client.end(), Promise.reject(error as Error)),
        );
      };

    it.each<[string, (url: string) => Promise<unknown>]>([
      ['of the server', throughTypeorm(databaseOptions)],
      ['of a command', throughTypeorm(migrationOptions)],
      ['of its own', bare()],
      [
        'whose URL asks for something else',
        bare((url) => url.searchParams.set('options', '-c datestyle=German -c search_path=elsewhere')),
      ],
    ])('a connection %s', async (_whose, read) => {
      expect(await read(database.url)).toEqual(await read(usual.url));
    });

    it('a connection of a command, whose transactions may take hours', async () => {
      const limited = await createTestDatabase({ empty: true });
      // PostgreSQL 17 and newer.
      const known = await withAdministrator((client) =>
        client.query(`select from pg_settings where name = 'transaction_timeout'`),
      );
      if (known.rowCount) await setDefaults(limited.name, { transaction_timeout: `'1min'` });
      const dataSource = await new DataSource(
        migrationOptions(limited.url, configuration, SCHEMA),
      ).initialize();
      const [row] = await dataSource.query(
        `select coalesce(current_setting('transaction_timeout', true), '0') as "limit"`,
      );
      await dataSource.destroy();
      await limited.drop();
      expect(row).toEqual({ limit: '0' });
    });

    it('a connection whose environment asks for something else', async () => {
      process.env.PGOPTIONS = '-c datestyle=German -c application_name=kept';
      try {
        const client = new DatabaseClient({ connectionString: database.url });
        await client.connect();
        const { rows } = await client.query(
          `select current_setting('datestyle') as style, current_setting('application_name') as kept`,
        );
        await client.end();
        expect(rows).toEqual([{ style: 'ISO, MDY', kept: 'kept' }]);
      } finally {
        delete process.env.PGOPTIONS;
      }
    });
  });

  describe('serves like any other database:', () => {
    let server: TestServer;
    let ada: Person;
    let ben: Person;
    beforeAll(async () => {
      server = await startTestServer({ database });
      [ada, ben] = (await signUpAll(server.url, 2)) as [Person, Person];
    });
    afterAll(() => server.close());

    it('returns the same times, texts, renewed sessions and lists', async () => {
      const group = await ada.group(ben);
      const body = 'back\\slash \\n \' " $$ %_ Привет 日本語 👩‍👩‍👧';
      const sent = await ada.send(group, body);
      expect(sent).toMatchObject({ body, replyToId: null });
      expect(Math.abs(Date.parse(sent.createdAt) - Date.now())).toBeLessThan(3_600_000);
      await ada.call('PUT', `/conversations/${group}/messages/${sent.id}`, { body: 'edited' });
      const list = await ben.call('GET', `/conversations/${group}/messages`);
      expect(list.body.items).toMatchObject([{ body: 'edited', createdAt: sent.createdAt }]);
      expect((await ben.call('GET', '/auth/sessions')).status).toBe(200);
      expect((await ben.call('GET', '/conversations')).body.items).toHaveLength(1);
    });

    it('rejects a write whose user was removed while it waited', async () => {
      const group = await ada.group(ben);
      // Not `whileLocked`: a connection of the tests has the limits of this database.
      const holder = new DatabaseClient({ connectionString: database.url });
      await holder.connect();
      await holder.query('begin');
      await holder.query('select from conversations where id = $1 for no key update', [group]);
      const waiting = ben.call('POST', `/conversations/${group}/messages`, { body: 'too late' });
      await aStatementWaits(server);
      await holder.query(
        'update conversation_participants set left_at = now() where conversation_id = $1 and user_id = $2',
        [group, ben.id],
      );
      await holder.query('commit');
      await holder.end();
      expect((await waiting).status).toBe(404);
      const list = await ada.call('GET', `/conversations/${group}/messages`);
      expect(list.body.items).toEqual([]);
    });
  });

  it('is migrated, checked, backed up and restored like any other', async () => {
    const empty = await createTestDatabase({ empty: true });
    const bench = backupBench();
    try {
      await setDefaults(empty.name);
      await migrateUp(empty.url, configuration, SCHEMA);
      const server = await startTestServer({ database: empty });
      const [ada, ben] = (await signUpAll(server.url, 2)) as [Person, Person];
      await ada.send(await ada.group(ben), 'kept');
      await server.close();
      const dataSource = await new DataSource(
        migrationOptions(empty.url, configuration, SCHEMA),
      ).initialize();
      expect(await checkIntegrity(dataSource)).toEqual([]);
      await dataSource.destroy();
      const context = bench.context(empty.url);
      for (const portable of [true, false]) {
        const backup = await createBackup(context, { portable });
        expect(await verifyBackup(context, backup)).toMatchObject({ conversations: 1, findings: [] });
      }
    } finally {
      await empty.drop();
      bench.remove();
    }
  }, 60_000);
});

describe('a schema with the name of the role', () => {
  it('stays empty; the tables are created in "public"', async () => {
    const role = `chat_${randomBytes(4).toString('hex')}`;
    const database = await createTestDatabase({ empty: true });
    const bench = backupBench();
    const url = new URL(databaseUrl(database.name));
    url.username = role;
    await withAdministrator(async (client) => {
      await client.query(`create role ${role} login superuser`);
      await client.query(`alter database ${database.name} owner to ${role}`);
    });
    try {
      const own = new DatabaseClient({ connectionString: url.toString() });
      await own.connect();
      await own.query(`create schema ${role}`);
      await migrateUp(url.toString(), configuration, SCHEMA);
      const { rows } = await own.query(
        `select count(*) filter (where schemaname = 'public') > 10 as here,
           count(*) filter (where schemaname = $1)::integer as there from pg_tables`,
        [role],
      );
      await own.end();
      expect(rows).toEqual([{ here: true, there: 0 }]);
      const backup = await createBackup(bench.context(url.toString()));
      expect(backup.manifest.tables.length).toBeGreaterThan(10);
    } finally {
      bench.remove();
      await database.drop();
      await withAdministrator((client) => client.query(`drop role ${role}`));
    }
  }, 30_000);
});
