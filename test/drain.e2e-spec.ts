import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { drainAndClose } from '../src/drain';
import { MessagesService } from '../src/features/messages/messages.service';
import { loadConfiguration } from '../src/platform/configuration/load-configuration';
import { startEmbeddedPostgres } from '../src/platform/embedded-postgres/embedded-postgres';
import { StructuredLogger } from '../src/platform/logging/structured-logger';
import { migrateUp } from '../src/platform/migrations/migrate';
import { SCHEMA } from '../src/schema';
import { call } from './support/api';
import { createTestDatabase } from './support/databases';
import { FaultProxy } from './support/fault-proxy';
import { signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import { connectSocket, type CommandAnswer, type TestSocket } from './support/test-socket';
import { until } from './support/until';

/** After this call, sent messages wait until the test releases them. */
function holdSends(server: TestServer): { readonly held: () => number; readonly release: () => void } {
  const messages = server.application.get(MessagesService);
  const send = messages.send.bind(messages);
  let release!: () => void;
  const gate = new Promise<void>((resolve) => (release = resolve));
  let held = 0;
  jest.spyOn(messages, 'send').mockImplementation(async (...parameters) => {
    held++;
    await gate;
    return send(...parameters);
  });
  return { held: () => held, release };
}

describe('draining', () => {
  const logger = new StructuredLogger({ level: 'fatal', readable: false });

  it('turns readiness red, serves for the delay, finishes open work, notifies sockets, and closes', async () => {
    const database = await createTestDatabase();
    const server = await startTestServer({ database, environment: { DRAIN_DELAY_MS: '1500' } });
    const [ada, ben] = (await signUpAll(server.url, 2)) as [Person, Person];
    const conversationId = await ada.direct(ben);
    const sockets = [
      await ada.connect(),
      await ben.connect(),
      await ben.connect({ transports: ['polling'] }),
    ];
    const [bySocket, , byPolling] = sockets as [TestSocket, TestSocket, TestSocket];
    const { held, release } = holdSends(server);
    const begin = (socket: TestSocket, body: string): Promise<CommandAnswer> =>
      socket.command('message:send', { conversationId, body });
    // The first answer uses the open poll; the second must wait for the next one.
    const overSockets = [
      begin(bySocket, 'one'),
      begin(byPolling, 'two'),
      begin(byPolling, 'three'),
      begin(byPolling, 'four'),
    ];
    const overHttp = ben.call('POST', `/conversations/${conversationId}/messages`, { body: 'by HTTP' });
    await until('all to be in flight', () => held() === 5);

    const drained = drainAndClose(server.application, server.configuration, logger);
    expect((await ada.call('GET', '/users/me')).status).toBe(200);
    const ready = await call(server.url, 'GET', '/health/ready');
    expect(ready).toMatchObject({ status: 503, body: { error: { draining: { status: 'down' } } } });
    expect((await call(server.url, 'GET', '/health/live')).status).toBe(200);
    const notices = await Promise.all(sockets.map((socket) => socket.next('server:draining')));
    // The three sockets get different thirds of two seconds.
    const slots = notices.map(({ reconnectInMs }) => Math.floor(reconnectInMs / (2_000 / 3)));
    expect(slots.sort()).toEqual([0, 1, 2]);
    expect(await begin(sockets[1]!, 'too late')).toMatchObject({
      ok: false,
      problem: { code: 'draining', status: 503, retryAfter: expect.any(Number) },
    });
    expect(await ada.call('GET', '/users/me')).toMatchObject({ status: 503, body: { code: 'draining' } });
    release();
    for (const answer of overSockets) expect(await answer).toMatchObject({ ok: true });
    expect((await overHttp).status).toBe(201);
    await drained;
    // After "io server disconnect", they would not reconnect by themselves.
    for (const socket of sockets) expect(await socket.disconnected()).toBe('transport close');
    await until('the port to be closed', async () =>
      fetch(server.url).then(
        () => false,
        () => true,
      ),
    );
    await database.drop();
  });

  it('does not wait for a client or a database that does not answer', async () => {
    const database = await createTestDatabase();
    const toDatabase = await FaultProxy.inFrontOf(database.url);
    const server = await startTestServer({ database, connectTo: () => toDatabase.url });
    const [ada] = (await signUpAll(server.url, 1)) as [Person];
    const toServer = await FaultProxy.inFrontOf(server.url);
    const socket = await connectSocket(toServer.url, ada.accessToken);
    for (const link of [toServer, toDatabase]) link.set('stall');
    const said = jest.spyOn(logger, 'event');
    await drainAndClose(server.application, server.configuration, logger);
    expect(said.mock.calls.map(([, message]) => message)).toContain('some parts did not close in time');
    socket.close();
    for (const link of [toServer, toDatabase]) await link.close();
    await database.drop();
  });
});

describe('the metrics', () => {
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

  it('are for operators only in production, like the details of health', async () => {
    const production = {
      NODE_ENV: 'production',
      AUTH_SECRET: 'a-secret-of-40-characters-0123456789-xyz',
      MIGRATE_ON_START: 'true',
      DRAIN_DELAY_MS: '0',
    };
    // In production, a server accepts only a durable database, and the database of the tests is not durable.
    const directory = mkdtempSync(join(tmpdir(), 'xfchat-durable-'));
    const postgres = await startEmbeddedPostgres({ directory });
    const database = { url: postgres.url('postgres'), name: 'postgres', drop: () => Promise.resolve() };
    await migrateUp(database.url, loadConfiguration({}), SCHEMA);
    const server = await startTestServer({
      database,
      environment: { ...production, METRICS_TOKEN: 'for-prometheus' },
    });
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
    const closed = await startTestServer({ database, environment: production });
    expect((await call(closed.url, 'GET', '/metrics')).status).toBe(404);
    await closed.close();
    await postgres.stop();
    rmSync(directory, { recursive: true, force: true });
  }, 60_000);
});
