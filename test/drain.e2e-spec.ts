import { drainAndClose } from '../src/application';
import { StructuredLogger } from '../src/platform/logging/structured-logger';
import { call } from './support/api';
import { createTestDatabase, withClient } from './support/databases';
import { signUpAll, type Person } from './support/people';
import { startTestServer } from './support/test-server';
import { until } from './support/until';

describe('draining', () => {
  it('turns readiness red, goes on for the delay, finishes what has begun, tells sockets, and closes', async () => {
    const database = await createTestDatabase();
    const server = await startTestServer({ database, environment: { DRAIN_DELAY_MS: '700' } });
    const [ada, ben] = (await signUpAll(server.url, 2)) as [Person, Person];
    const conversationId = await ada.direct(ben);
    const sockets = [
      await ada.connect(),
      await ben.connect(),
      await ben.connect({ transports: ['polling'] }),
    ];
    const logger = new StructuredLogger({ level: 'fatal', readable: false });
    await withClient(database.url, async (client) => {
      await client.query('begin');
      await client.query('select from conversations where id = $1 for no key update', [conversationId]);
      const drained = drainAndClose(server.application, server.configuration, logger);
      const ready = await call(server.url, 'GET', '/health/ready');
      expect(ready).toMatchObject({ status: 503, body: { error: { draining: { status: 'down' } } } });
      expect((await call(server.url, 'GET', '/health/live')).status).toBe(200);
      expect((await ada.call('GET', '/users/me')).status).toBe(200);

      const [overSocket, overHttp] = [
        sockets[0]!.command('message:send', { conversationId, body: 'in flight' }),
        ben.call('POST', `/conversations/${conversationId}/messages`, { body: 'in flight too' }),
      ];
      const notices = await Promise.all(sockets.map((socket) => socket.next('server:draining')));
      for (const notice of notices) expect(notice).toEqual({ reconnectInMs: expect.any(Number) });
      expect(await sockets[1]!.command('message:send', { conversationId, body: 'too late' })).toMatchObject({
        ok: false,
        problem: { code: 'draining', status: 503, retryAfter: expect.any(Number) },
      });
      expect(await ada.call('GET', '/users/me')).toMatchObject({ status: 503, body: { code: 'draining' } });
      await client.query('commit');
      expect(await overSocket).toMatchObject({ ok: true });
      expect((await overHttp).status).toBe(201);
      await drained;
    });
    for (const socket of sockets) await socket.disconnected();
    await until('the port to be closed', async () =>
      fetch(server.url).then(
        () => false,
        () => true,
      ),
    );
    await database.drop();
  });
});

describe('metrics', () => {
  it('count requests, commands and connections by fixed labels', async () => {
    const server = await startTestServer();
    const [ada] = (await signUpAll(server.url, 1)) as [Person];
    const id = await ada.group();
    const socket = await ada.connect();
    await socket.ok('message:send', { conversationId: id, body: 'x' });
    await ada.call('GET', `/conversations/${id}`);
    const { body: text } = await call(server.url, 'GET', '/metrics');
    for (const line of [
      /^xfchat_http_requests_total\{method="GET",route="\/api\/v1\/conversations\/:conversationId",status="200"\} 1$/m,
      /^xfchat_socket_commands_total\{event="message:send",outcome="ok"\} 1$/m,
      /^xfchat_messages_total\{outcome="created"\} 1$/m,
      /^xfchat_sockets_connected 1$/m,
      /^xfchat_db_pool_max 10$/m,
    ]) {
      expect(text).toMatch(line);
    }
    expect(text).not.toContain(id);
    socket.close();
    await server.close();
  });

  it('and the inside of health are for operators in production', async () => {
    const production = {
      NODE_ENV: 'production',
      AUTH_SECRET: 'a-secret-of-40-characters-0123456789-xyz',
      MIGRATE_ON_START: 'true',
      DRAIN_DELAY_MS: '0',
    };
    const server = await startTestServer({ environment: { ...production, METRICS_TOKEN: 'for-prometheus' } });
    expect((await call(server.url, 'GET', '/health/startup')).status).toBe(200);
    const [ada] = (await signUpAll(server.url, 1)) as [Person];
    const details = async (token?: string) =>
      (await call(server.url, 'GET', '/health', { token, headers: { 'x-forwarded-for': '127.0.0.1' } })).body
        .details;
    expect(await details()).toMatchObject({ database: { status: 'up' } });
    expect(JSON.stringify([await details(), await details(ada.accessToken)])).not.toContain('ageMs');
    await server.dataSource.query('update users set is_operator = true where id = $1', [ada.id]);
    expect(await details(ada.accessToken)).toMatchObject({
      pool: { total: expect.any(Number), idle: expect.any(Number), waiting: 0, max: 10 },
      process: { version: expect.any(String) },
    });
    expect((await call(server.url, 'GET', '/metrics')).status).toBe(401);
    expect((await call(server.url, 'GET', '/metrics', { token: 'for-prometheus' })).status).toBe(200);
    await server.close();
    const closed = await startTestServer({ environment: production });
    expect((await call(closed.url, 'GET', '/metrics')).status).toBe(404);
    await closed.close();
  }, 30_000);
});
