import { loadConfiguration } from '../../src/platform/configuration/load-configuration';
import { verifyDatabase } from '../../src/platform/database/verify-database';
import { migrateUp } from '../../src/platform/migrations/migrate';
import { SCHEMA } from '../../src/schema';
import { call } from '../support/api';
import { withClient } from '../support/databases';
import { InstalledPostgres, installedPostgres } from '../support/installed-postgres';
import { aStatementWaits, whileLocked } from '../support/locks';
import { signUpAll, type Person } from '../support/people';
import { hasPgBouncer, PgBouncer } from '../support/pgbouncer';
import { startTestServer, type TestServer } from '../support/test-server';
import { until } from '../support/until';

const installed = installedPostgres();

describe('behind PgBouncer in transaction mode', () => {
  if (!installed || !hasPgBouncer()) {
    it('DID NOT RUN: there is no PgBouncer, or no PostgreSQL, on this machine', () => {
      process.stderr.write('the live run behind PgBouncer DID NOT RUN\n');
    });
    return;
  }

  let postgres: InstalledPostgres;
  let bouncer: PgBouncer;
  let direct: string;
  const sql = (text: string) => withClient(direct, (client) => client.query(text));
  /** PgBouncer goes on with sessions that began with the old defaults. */
  const reconnect = () =>
    sql(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    );
  const verify = (url: string, environment: Record<string, string> = {}) =>
    verifyDatabase(
      url,
      loadConfiguration({ DATABASE_START_TIMEOUT_MS: '0', ...environment }),
      () => undefined,
    );

  beforeAll(async () => {
    postgres = await InstalledPostgres.start(installed.folder);
    direct = postgres.url('chat');
    await withClient(postgres.url('postgres'), (client) => client.query('create database chat'));
    await migrateUp(direct, loadConfiguration({}), SCHEMA);
    bouncer = await PgBouncer.start(direct);
  }, 60_000);
  afterAll(async () => {
    await bouncer?.stop();
    await postgres?.stop();
  });

  it.each([
    ['refuses them', {}],
    ['drops them', { ignore_startup_parameters: 'options' }],
  ])('a pooler that takes no settings and %s has to be named', async (_what, settings) => {
    const unnamed = await PgBouncer.start(direct, settings);
    await expect(verify(unnamed.url('chat'))).rejects.toMatchObject({
      fault: 'unfit-settings',
      message: expect.stringContaining('Set DIRECT_DATABASE_URL'),
    });
    await unnamed.stop();
  });

  it('names the settings that it cannot pin, with a statement that mends them', async () => {
    await sql(`alter database chat set datestyle = 'German'`);
    await sql(`alter database chat set default_transaction_isolation = 'repeatable read'`);
    const refusal = (await verify(bouncer.url('chat'), { DIRECT_DATABASE_URL: direct }).catch(
      (error: unknown) => error,
    )) as Error;
    expect(refusal).toMatchObject({ fault: 'unfit-settings' });
    expect(refusal.message).toMatch(
      /datestyle = German, default_transaction_isolation = repeatable read\. Change them: /,
    );
    await sql(/Change them: (.*?)\. A pooler/.exec(refusal.message)![1]!);
    await reconnect();
    await verify(bouncer.url('chat'), { DIRECT_DATABASE_URL: direct });
    await sql(`alter role chat in database chat reset all; alter database chat reset all`);
    await reconnect();
  });

  describe('serves', () => {
    let server: TestServer;
    let ada: Person;
    let ben: Person;
    beforeAll(async () => {
      server = await startTestServer({
        database: { url: direct, name: 'chat', drop: async () => undefined },
        connectTo: () => bouncer.url('chat'),
        environment: { DIRECT_DATABASE_URL: direct },
      });
      [ada, ben] = (await signUpAll(server.url, 2)) as [Person, Person];
    });
    afterAll(() => server?.close());

    it('sends at once, edits and lists', async () => {
      const group = await ada.group(ben);
      const sent = await Promise.all(Array.from({ length: 60 }, (_, n) => ada.send(group, `message ${n}`)));
      expect(sent.map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(sent.map((_, n) => n + 1));
      const edited = await ada.call('PUT', `/conversations/${group}/messages/${sent[0].id}`, {
        body: 'other',
      });
      expect(edited.status).toBe(200);
      expect((await ben.call('GET', '/conversations')).body.items).toHaveLength(1);
    });

    it('without storing a write whose user was removed while it waited', async () => {
      const group = await ada.group(ben);
      let waiting: ReturnType<Person['call']> | undefined;
      await whileLocked(server, group, async (client) => {
        waiting = ben.call('POST', `/conversations/${group}/messages`, { body: 'too late' });
        await aStatementWaits(server);
        await client.query(
          'update conversation_participants set left_at = now() where conversation_id = $1 and user_id = $2',
          [group, ben.id],
        );
      });
      expect((await waiting!).status).toBe(404);
    });

    it('nothing while a default of the database has been changed, and all of it afterwards', async () => {
      const group = await ada.group(ben);
      await sql(`alter database chat set default_transaction_isolation = 'repeatable read'`);
      await reconnect();
      const send = () => ada.call('POST', `/conversations/${group}/messages`, { body: 'hello' });
      // Before the monitor has looked, the statement itself refuses.
      expect(await send()).toMatchObject({ status: 503, body: { code: 'temporarily-unavailable' } });
      await until('readiness to say why', async () => {
        const { body } = await call(server.url, 'GET', '/health/ready');
        return body.error.database?.reason === 'unfit-settings';
      });
      await sql(`alter database chat reset default_transaction_isolation`);
      await reconnect();
      await until('a message to be stored', async () => (await send()).status === 201);
      const { body } = await ada.call('GET', `/conversations/${group}/messages`);
      expect(body.items.map(({ seq }: { seq: number }) => seq)).toEqual([1]);
    });
  });
});
