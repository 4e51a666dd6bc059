import { call, type Answer } from './support/api';
import { PASSWORD, signUp, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';

const [OLD, NEW] = ['o', 'n'].map((letter) => `${letter}-secret-0123456789-abcdefghijklmnopqrstuvwxyz`) as [
  string,
  string,
];
const HOUR_MS = 3_600_000;

const refresh = (url: string, person: Person): Promise<Answer> =>
  call(url, 'POST', '/api/v1/auth/refresh', { body: { refreshToken: person.refreshToken } });
/** Refreshes the session and keeps the new pair. */
const renew = async (url: string, person: Person): Promise<Answer> => {
  const answer = await refresh(url, person);
  Object.assign(person, answer.body);
  return answer;
};
const me = (url: string, person: Person): Promise<Answer> =>
  call(url, 'GET', '/api/v1/users/me', { token: person.accessToken });

describe('the limits of a session', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({
      environment: { SESSION_IDLE_LIMIT_MS: `${HOUR_MS}`, SESSION_LIFETIME_MS: `${3 * HOUR_MS}` },
    });
  });
  afterAll(() => server.close());

  /** Moves all times of the session back by this much. */
  const age = (person: Person, hours: number): Promise<unknown> =>
    server.dataSource.query(
      `update sessions set created_at = created_at - $2::interval, last_used_at = last_used_at - $2::interval,
         rotated_at = rotated_at - $2::interval, expires_at = expires_at - $2::interval where id = $1`,
      [person.sessionId, `${hours * 3_600} seconds`],
    );

  it('end a session that is not refreshed within the idle limit', async () => {
    const ada = await signUp(server.url);
    await age(ada, 0.9);
    expect((await renew(server.url, ada)).status).toBe(200);
    await age(ada, 1.01);
    expect(await refresh(server.url, ada)).toMatchObject({ status: 401, body: { code: 'token-expired' } });
  });

  it('end a session after its lifetime despite refreshes', async () => {
    const ada = await signUp(server.url);
    for (let round = 0; round < 3; round++) {
      await age(ada, 0.9);
      expect((await renew(server.url, ada)).status).toBe(200);
    }
    await age(ada, 0.31);
    expect(await refresh(server.url, ada)).toMatchObject({ status: 401, body: { code: 'token-expired' } });
  });

  it('limit the access token, which does not outlive the session', async () => {
    const ada = await signUp(server.url);
    for (const hours of [0.95, 0.95, 0.95]) {
      await age(ada, hours);
      expect((await renew(server.url, ada)).status).toBe(200);
    }
    const { body } = await renew(server.url, ada);
    expect(body.expiresIn).toBeGreaterThan(0);
    expect(body.expiresIn).toBeLessThanOrEqual(0.15 * 3_600);
    const claims = JSON.parse(Buffer.from(body.accessToken.split('.')[1], 'base64url').toString());
    expect(claims.exp - claims.iat).toBe(body.expiresIn);
  });

  it('apply to sessions that were opened under longer limits', async () => {
    const longer = await startTestServer({ database: server.database, environment: { AUTH_SECRET: OLD } });
    const shorter = await startTestServer({
      database: server.database,
      environment: { AUTH_SECRET: OLD, SESSION_IDLE_LIMIT_MS: `${HOUR_MS}` },
    });
    const ada = await signUp(longer.url);
    await age(ada, 2);
    expect((await refresh(shorter.url, ada)).body).toMatchObject({ code: 'token-expired' });
    expect((await refresh(longer.url, ada)).status).toBe(200);
    await longer.close();
    await shorter.close();
  });
});

describe('a change of the secret', () => {
  let first: TestServer;
  const servers: TestServer[] = [];
  const serve = async (environment: Record<string, string>): Promise<string> => {
    const server = await startTestServer({ database: first.database, environment });
    servers.push(server);
    return server.url;
  };
  beforeAll(async () => {
    first = await startTestServer({ environment: { AUTH_SECRET: OLD } });
  });
  afterAll(async () => {
    for (const server of servers) await server.close();
    await first.close();
  });

  it('signs nobody out on any server during a rolling restart', async () => {
    const ada = await signUp(first.url);
    const prepared = await serve({ AUTH_SECRET: OLD, AUTH_SECRET_SECONDARY: NEW });
    const changed = await serve({ AUTH_SECRET: NEW, AUTH_SECRET_SECONDARY: OLD });
    const done = await serve({ AUTH_SECRET: NEW });
    // These are the steps of docs/operating.md. In each, servers with two configurations run at a time, in any order.
    for (const [one, other] of [
      [first.url, prepared],
      [prepared, changed],
      [changed, done],
    ] as const) {
      for (const url of [one, other, one, other]) {
        expect((await me(url, ada)).status).toBe(200);
        expect((await renew(url, ada)).status).toBe(200);
      }
      // The newer server must refresh last before the next step, since time passes between steps.
      for (const url of [one, other]) expect((await me(url, ada)).status).toBe(200);
      const socket = await Object.assign(Object.create(Object.getPrototypeOf(ada)), ada, {
        url: other,
      }).connect();
      socket.close();
    }
    expect(
      (
        await call(done, 'POST', '/api/v1/auth/login', {
          body: { login: ada.username, password: PASSWORD },
        })
      ).status,
    ).toBe(200);
  });

  it('invalidates tokens that were signed with a removed secret', async () => {
    const ada = await signUp(first.url);
    const done = await serve({ AUTH_SECRET: NEW });
    expect(await me(done, ada)).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
    expect(await refresh(done, ada)).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
    expect((await me(first.url, ada)).status).toBe(200);
  });
});
