import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { loadConfiguration } from '../src/platform/configuration/load-configuration';
import { migrationOptions } from '../src/platform/database/database-options';
import { serversUnaware, writeMaintenance } from '../src/platform/database/maintenance.queries';
import { SCHEMA } from '../src/schema';
import { call, type Answer } from './support/api';
import { createTestDatabase, type TestDatabase } from './support/databases';
import { PASSWORD, signUp, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import type { TestSocket } from './support/test-socket';
import { until } from './support/until';

/** Two servers share one database and the secret, and nothing else. */
describe('maintenance mode', () => {
  let database: TestDatabase;
  /** Changes the mode as the command line does. */
  let dataSource: DataSource;
  const servers: TestServer[] = [];
  let ada: Person;
  let ben: Person;
  let socket: TestSocket;
  let elsewhere: TestSocket;
  let conversationId: string;
  let messageId: string;

  const start = async (environment: Record<string, string> = {}): Promise<TestServer> => {
    const server = await startTestServer({
      database,
      environment: { AUTH_SECRET: 'the-servers-of-a-test-share-this-secret-0123456789', ...environment },
    });
    servers.push(server);
    return server;
  };
  const at = (server: TestServer, person: Person): Person =>
    Object.assign(Object.create(Object.getPrototypeOf(person)), person, { url: server.url });
  const turn = async (isOn: boolean): Promise<void> => {
    const changedAt = await writeMaintenance(dataSource, isOn);
    await until('all servers to know', async () => {
      const { servers: count, unaware } = await serversUnaware(dataSource, changedAt);
      return count === servers.length && unaware === 0;
    });
  };

  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = await new DataSource(
      migrationOptions(database.url, loadConfiguration({}), SCHEMA),
    ).initialize();
    await start({ CANARY_INTERVAL_MS: '100' });
    await start();
    ada = await signUp(servers[0]!.url);
    ben = await signUp(servers[0]!.url);
    conversationId = await ada.group(ben);
    messageId = (await ada.send(conversationId, 'before')).id;
    socket = await ada.connect();
    elsewhere = await at(servers[1]!, ben).connect();
    await turn(true);
  }, 60_000);
  afterAll(async () => {
    socket.close();
    elsewhere.close();
    for (const server of servers) await server.close();
    await dataSource.destroy();
    await database.drop();
  });

  const refused = (answer: Answer): void => {
    expect(answer).toMatchObject({ status: 503, body: { code: 'maintenance', retryAfter: 30 } });
    expect(answer.headers.get('retry-after')).toBe('30');
  };

  it('is not confirmed if the command cannot see the sessions of the servers', async () => {
    const role = `blind_${randomUUID().slice(0, 8)}`;
    await dataSource.query(`create role ${role}; grant select on all tables in schema public to ${role}`);
    try {
      await dataSource.transaction(async ({ queryRunner }) => {
        await queryRunner!.query(`set local role ${role}`);
        const seen = { query: (text: string, values?: unknown[]) => queryRunner!.query(text, values) };
        expect(await serversUnaware(seen as DataSource, new Date(0))).toEqual({ servers: 2, unaware: 2 });
      });
    } finally {
      await dataSource.query(`drop owned by ${role}; drop role ${role}`);
    }
  });

  it('is not confirmed for a server that has a lease and no session', async () => {
    const id = randomUUID();
    await dataSource.query(
      `insert into servers (id, lease_until, applied) values ($1, now() + interval '1 hour', '1:1:')`,
      [id],
    );
    expect(await serversUnaware(dataSource, new Date(0))).toEqual({ servers: 3, unaware: 1 });
    await dataSource.query(`delete from servers where id = $1`, [id]);
  });

  it('is announced to every socket on every server, and to new sockets', async () => {
    for (const each of [socket, elsewhere])
      await each.next('server:status', ({ status }) => status === 'maintenance');
    const late = await at(servers[1]!, ada).connect();
    await late.next('server:status', ({ status }) => status === 'maintenance');
    expect(late.events.map(({ event }) => event)).toEqual(['ready', 'server:status']);
    late.close();
  });

  // Tests G27.
  it.each([
    ['POST', () => `/conversations/${conversationId}/messages`, () => ({ body: 'x' })],
    ['PUT', () => `/conversations/${conversationId}/messages/${messageId}`, () => ({ body: 'edited' })],
    ['DELETE', () => `/conversations/${conversationId}/messages/${messageId}`],
    ['PUT', () => `/conversations/${conversationId}/read`, () => ({ seq: 1 })],
    ['PATCH', () => `/conversations/${conversationId}`, () => ({ title: 'x' })],
    ['POST', () => '/conversations', () => ({ type: 'group', title: 'x', participantIds: [] })],
    ['DELETE', () => `/conversations/${conversationId}/participants/${ben.id}`],
    ['POST', () => '/friend-requests', () => ({ recipientId: ben.id })],
    ['PATCH', () => '/users/me', () => ({ displayName: 'x' })],
    ['PUT', () => '/auth/password', () => ({ currentPassword: PASSWORD, newPassword: `${PASSWORD} 2` })],
  ] as [string, () => string, (() => object)?][])(
    'rejects %s with Retry-After, on every server',
    async (...[method, path, body]) => {
      for (const server of servers) refused(await at(server, ada).call(method, path(), body?.()));
    },
  );

  it('rejects registration', async () => {
    refused(
      await call(servers[1]!.url, 'POST', '/api/v1/auth/register', {
        body: { username: `user-${randomUUID().slice(0, 8)}`, password: PASSWORD },
      }),
    );
  });

  // Tests G27.
  it.each([
    ['message:send', () => ({ conversationId, body: 'x' })],
    ['message:edit', () => ({ conversationId, messageId, body: 'x' })],
    ['message:delete', () => ({ conversationId, messageId })],
    ['conversation:read', () => ({ conversationId, seq: 1 })],
  ] as [string, () => object][])('rejects %s', async (command, payload) => {
    for (const each of [socket, elsewhere])
      expect(await each.command(command, payload())).toMatchObject({
        ok: false,
        problem: { code: 'maintenance', retryAfter: 30 },
      });
  });

  // Tests G27.
  it('allows everybody to read', async () => {
    for (const path of [
      '/users/me',
      '/conversations',
      `/conversations/${conversationId}/changes?seq=0&rev=0`,
    ])
      expect((await at(servers[1]!, ben).call('GET', path)).status).toBe(200);
    const { items } = (await ada.call('GET', `/conversations/${conversationId}/messages`)).body;
    expect(items).toMatchObject([{ id: messageId, body: 'before', rev: 0 }]);
    const { changes } = await elsewhere.ok('conversation:sync', {
      cursors: [{ conversationId, seq: 0, rev: 0 }],
    });
    expect(changes[0].messages).toHaveLength(1);
  });

  it('allows people to sign in, refresh and connect', async () => {
    const again = await at(servers[1]!, ben).signInAgain('another device');
    const refreshed = await call(servers[0]!.url, 'POST', '/api/v1/auth/refresh', {
      body: { refreshToken: again.refreshToken },
    });
    expect(refreshed.status).toBe(200);
    again.accessToken = refreshed.body.accessToken;
    (await again.connect()).close();
  });

  it('is shown by health, keeps readiness green, and causes no canary failure', async () => {
    const canary = await until('the canary to notice', async () => {
      const { body } = await call(servers[0]!.url, 'GET', '/health');
      return body.details.canary.reason === 'maintenance' && body.details;
    });
    expect(canary).toMatchObject({ maintenance: { status: 'up', reason: 'on' }, canary: { status: 'up' } });
    const ready = await call(servers[1]!.url, 'GET', '/health/ready');
    expect(ready).toMatchObject({
      status: 200,
      body: { details: { maintenance: { status: 'up', reason: 'on' } } },
    });
    const metrics = await (await fetch(`${servers[0]!.url}/metrics`)).text();
    expect(metrics).toContain('xfchat_maintenance 1');
    expect(metrics).not.toMatch(/xfchat_canary_failures_total\{.*reason="maintenance"/);
  });

  it('applies to a server that starts meanwhile, from its first request on', async () => {
    const server = await start();
    refused(await at(server, ada).call('POST', `/conversations/${conversationId}/messages`, { body: 'x' }));
  });

  // Tests G13.
  it('ends on every server, and no rejected write was done', async () => {
    await turn(false);
    for (const each of [socket, elsewhere]) await each.next('server:status', ({ status }) => status === 'ok');
    for (const server of servers)
      expect((await at(server, ben).send(conversationId, 'after')).seq).toBe(2 + servers.indexOf(server));
    const { items } = (await ada.call('GET', `/conversations/${conversationId}/messages`)).body;
    expect(items.map((message: { body: string }) => message.body)).toEqual([
      'before',
      ...servers.map(() => 'after'),
    ]);
  });
});
