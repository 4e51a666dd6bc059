import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfiguration } from '../../src/platform/configuration/load-configuration';
import { LOCK_TIMEOUT_MS } from '../../src/platform/database/deadline-client';
import { verifyDatabase } from '../../src/platform/database/verify-database';
import { migrateUp } from '../../src/platform/migrations/migrate';
import { SCHEMA } from '../../src/schema';
import { EXIT_CODES } from '../../src/platform/database/unusable-database';
import { call } from '../support/api';
import { withClient } from '../support/databases';
import { InstalledPostgres, installedPostgres } from '../support/installed-postgres';
import { aStatementWaits, whileLocked } from '../support/locks';
import { signUpAll, type Person } from '../support/people';
import { hasPgBouncer, PgBouncer } from '../support/pgbouncer';
import { startTestServer, type TestServer } from '../support/test-server';
import { outputOf } from '../support/xfchat-command';
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
  const folder = mkdtempSync(join(tmpdir(), 'xfchat-pooled-'));
  const sql = (text: string) => withClient(direct, (client) => client.query(text));
  /** PgBouncer continues to use sessions that began with the old defaults. */
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
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([
    ['refuses them', {}],
    ['drops them', { ignore_startup_parameters: 'options' }],
  ])('requires a name for a pooler that accepts no settings and %s', async (_what, settings) => {
    const unnamed = await PgBouncer.start(direct, settings);
    await expect(verify(unnamed.url('chat'))).rejects.toMatchObject({
      fault: 'unfit-settings',
      message: expect.stringMatching(/^DATABASE_URL names a pooler, .* Set DIRECT_DATABASE_URL/),
    });
    await unnamed.stop();
  });

  it('detects a pooler when the direct URL is set, and respects an explicit setting', async () => {
    const found = loadConfiguration({ DIRECT_DATABASE_URL: direct });
    await verifyDatabase(bouncer.url('chat'), found, () => undefined);
    expect(found.DATABASE_POOLER).toBe('transaction');
    const roles = loadConfiguration({ DIRECT_DATABASE_URL: direct });
    await verifyDatabase(direct, roles, () => undefined);
    expect(roles.DATABASE_POOLER).toBe('none');
    const named = { DIRECT_DATABASE_URL: direct, DATABASE_POOLER: 'transaction' };
    await verify(bouncer.url('chat'), named);
    await expect(verify(bouncer.url('chat'), { ...named, DATABASE_POOLER: 'none' })).rejects.toMatchObject({
      message: expect.stringContaining('Leave out DATABASE_POOLER'),
    });
    expect(() => loadConfiguration({ DATABASE_POOLER: 'transaction' })).toThrow(
      'DIRECT_DATABASE_URL is required with DATABASE_POOLER=transaction',
    );
  });

  it.each(['start', 'migrate status', 'migrate up', 'backup create', 'check', 'drill'])(
    'rejects a pooler in place of the database in each command: %s',
    async (words) => {
      const pooled = bouncer.url('chat');
      const environment = { DATABASE_URL: pooled, DIRECT_DATABASE_URL: pooled, DATA_DIR: folder };
      const { status, stderr } = await outputOf(environment, ...words.split(' '));
      expect({ status, stderr }).toEqual({
        status: EXIT_CODES['unfit-settings'],
        stderr: expect.stringMatching(
          /^DIRECT_DATABASE_URL names a pooler, .* Set it to the address of the database itself\.$/m,
        ),
      });
    },
  );

  it('reports a rejection by the pooler in the pooler’s words', async () => {
    const full = await PgBouncer.start(direct, { max_client_conn: '1' });
    await withClient(full.url('chat'), () =>
      expect(verify(full.url('chat'), { DIRECT_DATABASE_URL: direct })).rejects.toMatchObject({
        message: expect.stringMatching(/^The pooler that DATABASE_URL names rejects .*no more connections/),
      }),
    );
    await full.stop();
  });

  it('names the settings that it cannot pin, with a statement that corrects them', async () => {
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

  describe('a server', () => {
    let server: TestServer;
    let ada: Person;
    let ben: Person;
    beforeAll(async () => {
      server = await startTestServer({
        database: { url: direct, name: 'chat', drop: async () => undefined },
        connectTo: () => bouncer.url('chat'),
        environment: { DIRECT_DATABASE_URL: direct, DATABASE_POOLER: 'transaction' },
      });
      [ada, ben] = (await signUpAll(server.url, 2)) as [Person, Person];
    });
    afterAll(() => server?.close());

    it('serves simultaneous messages, edits and lists', async () => {
      const group = await ada.group(ben);
      const sent = await Promise.all(Array.from({ length: 60 }, (_, n) => ada.send(group, `message ${n}`)));
      expect(sent.map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(sent.map((_, n) => n + 1));
      const edited = await ada.call('PUT', `/conversations/${group}/messages/${sent[0].id}`, {
        body: 'other',
      });
      expect(edited.status).toBe(200);
      expect((await ben.call('GET', '/conversations')).body.items).toHaveLength(1);
    });

    it('rejects in time a message to a locked conversation', async () => {
      const group = await ada.group(ben);
      const path = `/conversations/${group}/messages`;
      await whileLocked(server, group, async () => {
        const began = performance.now();
        const answers = await Promise.all(
          Array.from({ length: 100 }, () => ada.call('POST', path, { body: 'to a locked one' })),
        );
        expect(new Set(answers.map(({ status, body }) => `${status} ${body.code}`))).toEqual(
          new Set(['503 database-busy']),
        );
        // Allow the lock timeout twice (the first batch, and the batch of later messages), and time for a busy machine.
        expect(performance.now() - began).toBeLessThan(5 * LOCK_TIMEOUT_MS);
      });
      expect((await ada.call('GET', path)).body.items).toEqual([]);
    });

    it('sets limits for each single statement, and leaves none of them behind', async () => {
      const names = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'];
      const read = `select ${names.map((name) => `current_setting('${name}') as ${name}`).join(', ')}`;
      const [limits] = await server.dataSource.query<Record<string, string>[]>(read);
      expect(limits).toEqual({
        statement_timeout: '30s',
        lock_timeout: '1200ms',
        idle_in_transaction_session_timeout: '15s',
      });
      const { rows } = await withClient(bouncer.url('chat'), (client) => client.query(read));
      expect(rows).toEqual([Object.fromEntries(names.map((name) => [name, '0']))]);
    });

    it('rejects a write whose user was removed while it waited', async () => {
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

    it('serves nothing while a default of the database is changed, and everything afterwards', async () => {
      const group = await ada.group(ben);
      await sql(`alter database chat set default_transaction_isolation = 'repeatable read'`);
      await reconnect();
      const send = () => ada.call('POST', `/conversations/${group}/messages`, { body: 'hello' });
      await until('readiness to say why', async () => {
        const { body } = await call(server.url, 'GET', '/health/ready');
        return body.error.database?.reason === 'unfit-settings';
      });
      expect(await send()).toMatchObject({ status: 503 });
      await sql(`alter database chat reset default_transaction_isolation`);
      await reconnect();
      await until('a message to be stored', async () => (await send()).status === 201);
      const { body } = await ada.call('GET', `/conversations/${group}/messages`);
      expect(body.items.map(({ seq }: { seq: number }) => seq)).toEqual([1]);
    });
  });
});
