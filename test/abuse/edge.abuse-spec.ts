import { call } from '../support/api';
import { signUp, type Person } from '../support/people';
import { startTestServer, type TestServer } from '../support/test-server';
import { until } from '../support/until';
import { from } from './support/abuse-server';

const FIELDS = JSON.stringify(Object.fromEntries(Array.from({ length: 11_000 }, (_, n) => [`f${n}`, 1])));
const statusesOf = async (count: number, ask: () => Promise<{ status: number }>): Promise<number[]> => {
  const statuses: number[] = [];
  for (let asked = 0; asked < count; asked += 100)
    statuses.push(...(await Promise.all(Array.from({ length: 100 }, ask))).map(({ status }) => status));
  return statuses;
};

describe('limits at the edge', () => {
  let server: TestServer;
  let ada: Person;

  beforeAll(async () => {
    server = await startTestServer({ environment: { RATE_LIMITS: 'on', TRUST_PROXY: '1' } });
    ada = await signUp(server.url);
  });
  afterAll(() => server.close());

  // Tests G31.
  it('reject a body of thousands of unknown fields before it is traversed', async () => {
    const answer = await call(server.url, 'POST', '/api/v1/auth/login', {
      text: FIELDS,
      headers: from('203.0.113.1'),
    });
    expect(answer).toMatchObject({ status: 400, body: { code: 'validation-failed' } });
    const socket = await ada.connect();
    const refused = await socket.command('message:send', JSON.parse(FIELDS));
    expect(refused).toMatchObject({ ok: false, problem: { code: 'validation-failed' } });
    socket.close();
  });

  it('report at most 20 faults', async () => {
    const body = Object.fromEntries(Array.from({ length: 90 }, (_, n) => [`f${n}`, 1]));
    const { body: problem } = await call(server.url, 'POST', '/api/v1/auth/login', {
      body,
      headers: from('203.0.113.1'),
    });
    expect(problem.errors).toHaveLength(20);
  });

  it('reject thousands of query parameters and of headers', async () => {
    const query = await call(server.url, 'GET', `/api/v1/users?${'a&'.repeat(3_000)}`, {
      token: ada.accessToken,
    });
    expect(query).toMatchObject({ status: 400, body: { code: 'malformed-request' } });
    const headers = Object.fromEntries(Array.from({ length: 150 }, (_, n) => [`x-${n}`, '1']));
    expect(
      (await call(server.url, 'GET', '/api/v1/users/me', { token: ada.accessToken, headers })).status,
    ).toBe(400);
  });

  it.each([
    ['without a token', '/api/v1/users/me', {}, 401],
    ['with a bad token', '/api/v1/users/me', { authorization: 'Bearer nonsense' }, 401],
    [
      'to sign in, with a token that nobody looks at',
      '/api/v1/auth/refresh',
      { authorization: 'Bearer x' },
      404,
    ],
  ])(
    'limit requests %s, by address',
    async (_name, path, headers, first) => {
      const address = `203.0.113.${10 + path.length + Object.keys(headers).length}`;
      const ask = () => fetch(server.url + path, { headers: { ...headers, ...from(address) } });
      const statuses: number[] = [];
      while (!statuses.includes(429)) statuses.push(...(await statusesOf(100, ask)));
      expect(statuses[0] === first || statuses[0] === 405).toBe(true);
      const other = await fetch(server.url + path, { headers: { ...headers, ...from('203.0.113.200') } });
      expect(other.status).not.toBe(429);
      expect((await ada.call('GET', '/users/me', undefined, { headers: from(address) })).status).toBe(200);
    },
    180_000,
  );

  it('never reject a probe', async () => {
    const ask = () => fetch(`${server.url}/health/live`, { headers: from('203.0.113.2') });
    expect(new Set(await statusesOf(1_000, ask))).toEqual(new Set([200]));
    const { body } = await call(server.url, 'GET', '/health/live', { headers: from('203.0.113.2') });
    expect(body.status).toBe('ok');
  });

  it('suspend a user who continues to send unknown commands, and nobody else', async () => {
    const mallory = await signUp(server.url);
    const socket = await mallory.connect({ extraHeaders: from('203.0.113.5') });
    const other = await ada.connect();
    for (let sent = 0; socket.disconnectReason === undefined && sent < 20_000; sent += 500) {
      for (let n = 0; n < 500; n++) socket.socket.emit('no:command', {});
      await new Promise((resolve) => setImmediate(resolve));
    }
    await socket.disconnected();
    expect((await other.command('conversation:sync', { cursors: [] })).ok).toBe(true);
    other.close();
  }, 120_000);

  it('close the oldest of a hundred and one sockets or streams of a user', async () => {
    const grace = await signUp(server.url);
    const first = await grace.connect();
    const rest = [];
    for (let n = 0; n < 100; n++) rest.push(await grace.connect());
    expect(await first.disconnected()).toBe('io server disconnect');
    expect(rest.every(({ disconnectReason }) => disconnectReason === undefined)).toBe(true);
    for (const socket of rest) socket.close();

    const id = await grace.group();
    const subscribe = () =>
      fetch(`${server.url}/api/v1/conversations/${id}/messages`, {
        headers: { authorization: `Bearer ${grace.accessToken}`, subscribe: 'true' },
      });
    const oldest = await subscribe();
    expect(oldest.status).toBe(209);
    let hasEnded = false;
    const end = () => (hasEnded = true);
    void oldest.text().then(end, end);
    const streams = [];
    for (let n = 0; n < 100; n++) streams.push(await subscribe());
    await until('the oldest stream to end', () => hasEnded);
    for (const stream of streams) await stream.body?.cancel();
  }, 180_000);
});
