import { randomUUID } from 'node:crypto';
import { Rooms } from '../src/platform/sockets/rooms';
import { call } from './support/api';
import { createTestDatabase, withClient, type TestDatabase } from './support/databases';
import { signUp } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import { until } from './support/until';

describe('the canary', () => {
  let database: TestDatabase;
  const servers: TestServer[] = [];

  beforeEach(async () => {
    database = await createTestDatabase();
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    for (const server of servers.splice(0)) await server.close();
    await database.drop();
  });

  async function start(environment: Record<string, string> = {}): Promise<TestServer> {
    const server = await startTestServer({
      database,
      environment: { CANARY_INTERVAL_MS: '20', REQUEST_TIMEOUT_MS: '2000', ...environment },
    });
    servers.push(server);
    return server;
  }
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- health has details of every shape
  const canaryOf = async (server: TestServer): Promise<any> =>
    (await call(server.url, 'GET', '/health/ready')).body.details.canary;
  const roundTripSucceeds = (server: TestServer): Promise<true> =>
    until('a round trip to succeed', async () => (await canaryOf(server)).reason === 'ok');
  const rows = (text: string): Promise<Record<string, unknown>[]> =>
    withClient(database.url, async (client) => (await client.query(text)).rows as Record<string, unknown>[]);
  const metric = async (server: TestServer, name: string): Promise<number> => {
    const text = await (await fetch(`${server.url}/metrics`)).text();
    const samples = [...text.matchAll(new RegExp(`^${name}(?:{.*})? (\\S+)$`, 'gm'))];
    return samples.reduce((sum, [, value]) => sum + Number(value), 0);
  };

  it('stores messages and receives them, keeps few of them, and leaves nothing behind', async () => {
    const server = await start({ CANARY_INTERVAL_MS: '1' });
    await roundTripSucceeds(server);
    expect(await canaryOf(server)).toEqual({
      status: 'up',
      reason: 'ok',
      ageMs: expect.any(Number),
      roundTripMs: expect.any(Number),
    });
    await until(
      'many round trips',
      async () => (await metric(server, 'xfchat_messages_total')) > 230,
      60_000,
    );
    const [{ messages, conversations }] = (await rows(
      `select (select count(*)::integer from chat_messages) as messages,
              (select count(*)::integer from conversations) as conversations`,
    )) as [{ messages: number; conversations: number }];
    expect(messages).toBeGreaterThan(0);
    expect(messages).toBeLessThanOrEqual(101);
    expect(conversations).toBeLessThanOrEqual(2);
    expect(await metric(server, 'xfchat_canary_age_seconds')).toBeLessThan(5);
    expect(await metric(server, 'xfchat_canary_round_trip_seconds')).toBeGreaterThan(0);
    await servers.pop()!.close();
    for (const table of ['users', 'sessions', 'conversations', 'chat_messages'])
      expect({ table, rows: await rows(`select from ${table}`) }).toEqual({ table, rows: [] });
  }, 90_000);

  it('is not found by a search, and cannot take part in anything', async () => {
    const server = await start();
    await roundTripSucceeds(server);
    const [canary] = (await rows(
      `select u.id, u.username, c.id as conversation_id from users u join conversations c on c.created_by = u.id`,
    )) as [{ id: string; username: string; conversation_id: string }];
    const [ada, ben] = [await signUp(server.url), await signUp(server.url)];
    expect((await ada.call('GET', `/users?query=${ben.username.slice(0, 12)}`)).body.items).toHaveLength(1);
    for (const query of ['canary', canary.username])
      expect((await ada.call('GET', `/users?query=${query}`)).body.items).toEqual([]);
    const group = await ada.group();
    const attempts: [method: string, path: string, body?: object][] = [
      ['GET', `/users/${canary.id}`],
      ['PUT', `/users/me/blocks/${canary.id}`],
      ['POST', '/friend-requests', { recipientId: canary.id }],
      ['POST', '/friend-requests', { recipientUsername: canary.username }],
      ['POST', '/conversations', { type: 'direct', participantIds: [canary.id] }],
      ['POST', '/conversations', { type: 'group', title: 'x', participantIds: [canary.id] }],
      ['PUT', `/conversations/${group}/participants/${canary.id}`, {}],
    ];
    for (const [method, path, body] of attempts)
      expect({ path, code: (await ada.call(method, path, body)).body.code }).toEqual({
        path,
        code: 'user-not-found',
      });
    expect((await ada.call('GET', `/conversations/${canary.conversation_id}`)).status).toBe(404);
    for (const password of ['canary', 'no password hashes to this on purpose'])
      expect(
        await call(server.url, 'POST', '/api/v1/auth/login', { body: { login: canary.username, password } }),
      ).toMatchObject({ status: 401, body: { code: 'invalid-credentials' } });
  });

  it('shares nothing with the canary of another process, and the next one removes what a killed one left', async () => {
    const [forsaken, living] = [randomUUID(), randomUUID()];
    for (const [id, age] of [
      [forsaken, '2 hours'],
      [living, '2 minutes'],
    ]) {
      await rows(`insert into users (id, username, password_hash, display_name, is_internal, created_at)
        values ('${id}', 'canary-${id!.slice(0, 8)}', '', 'canary', true, now() - interval '${age}')`);
      await rows(`insert into conversations (id, type, title, created_by, active_at)
        values ('${randomUUID()}', 'group', 'canary', '${id}', now() - interval '${age}')`);
    }
    const [one, other] = [await start(), await start()];
    await roundTripSucceeds(one);
    await roundTripSucceeds(other);
    const owners = await rows(`select u.id from users u join conversations c on c.created_by = u.id`);
    expect(owners).toHaveLength(3);
    expect(owners).toContainEqual({ id: living });
    expect(owners).not.toContainEqual({ id: forsaken });
    const before = await metric(one, 'xfchat_messages_total');
    await servers.pop()!.close();
    await until('more round trips', async () => (await metric(one, 'xfchat_messages_total')) > before + 3);
    expect((await canaryOf(one)).reason).toBe('ok');
  });

  it('reports failures, degrades nothing else, and completes round trips again afterwards', async () => {
    const server = await start();
    await roundTripSucceeds(server);
    const silence = jest.spyOn(Rooms.prototype, 'emit').mockImplementation(() => undefined);
    await until('silence to be noticed', async () => (await canaryOf(server)).reason === 'not-heard');
    expect((await call(server.url, 'GET', '/health/ready')).status).toBe(200);
    expect(await metric(server, 'xfchat_canary_failures_total')).toBeGreaterThan(0);
    silence.mockRestore();
    await roundTripSucceeds(server);
    // After its account was deleted, it creates another one.
    const failures = await metric(server, 'xfchat_canary_failures_total');
    // A round trip may be under way, and lock the same rows in another order.
    await until('its account to be deleted', () =>
      rows('delete from conversations; delete from users').then(
        () => true,
        () => false,
      ),
    );
    await until(
      'the round trip to fail',
      async () => (await metric(server, 'xfchat_canary_failures_total')) > failures,
    );
    await roundTripSucceeds(server);
    expect(await rows('select from users')).toHaveLength(1);
  }, 60_000);
});
