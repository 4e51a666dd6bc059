import { Suspensions } from '../../src/platform/rate-limits/suspensions';
import { TokenBuckets } from '../../src/platform/rate-limits/token-buckets';
import { call, type Answer } from '../support/api';
import { refusedSocket } from '../support/test-socket';
import { signUp, type Person } from '../support/people';
import { startTestServer, type TestServer } from '../support/test-server';
import { from } from './support/abuse-server';
import { commands, routesOf } from './support/surface';

const [ATTACKER, NEIGHBOUR] = ['203.0.113.7', '203.0.113.8'];
const PROBES = ['/health', '/health/live', '/health/ready', '/health/startup'].map((path) => `GET ${path}`);
/** Requests without a route of their own: files, documents of the page, preflights, unknown addresses. */
const OTHERS = [
  ...['GET /', 'GET /assets/no-such-file.js', 'GET /no-such-page', 'OPTIONS /api/v1/users/me'],
  ...['HEAD /health/live', 'POST /health/live', 'GET /health/no-such-probe', 'GET /api/v1/no-such-route'],
];

/** These lists come from the running server, so that a new route or command without a budget fails the test. */
describe('the rate limit of every route and command', () => {
  let server: TestServer;
  let ada: Person;
  /** The addresses, users and sessions that have used up all of their budgets. */
  const exhausted = new Set<string>();

  beforeAll(async () => {
    server = await startTestServer({ environment: { RATE_LIMITS: 'on', TRUST_PROXY: '1' } });
    ada = await signUp(server.url);
    // Persistent clients are suspended. These tests are about the rejections before that.
    const { refusals } = server.application.get(Suspensions) as unknown as { refusals: TokenBuckets };

    const take = TokenBuckets.prototype.take;
    jest.spyOn(TokenBuckets.prototype, 'take').mockImplementation(function (this: TokenBuckets, key: string) {
      return exhausted.has(key) && this !== refusals ? 1 : take.call(this, key);
    });
  });
  beforeEach(() => exhausted.clear());
  afterAll(async () => {
    jest.restoreAllMocks();
    await server.close();
  });

  const ask = (route: string, address: string, token?: string): Promise<Answer> => {
    const [method, path] = route.split(' ') as [string, string];
    const hasBody = ['POST', 'PUT', 'PATCH'].includes(method);
    return call(server.url, method, path.replaceAll(/:\w+/g, ada.id), {
      token,
      headers: from(address),
      ...(hasBody && { body: {} }),
    });
  };
  const refused = async (routes: string[], address: string, token?: string): Promise<string[]> => {
    const answers = await Promise.all(
      routes.map(async (route) => ({ route, ...(await ask(route, address, token)) })),
    );
    const refusals = answers.filter(({ status }) => status === 429);
    expect(refusals.every(({ headers }) => Number(headers.get('retry-after')) > 0)).toBe(true);
    return refusals.map(({ route }) => route).sort();
  };

  it.each([
    ['no token', undefined],
    ['a bad token', 'nonsense'],
  ])('rejects a stranger with %s, and no neighbour', async (_name, token) => {
    const routes = [...routesOf(server), ...OTHERS].filter(
      (route) => token !== undefined || !PROBES.includes(route),
    );
    exhausted.add(ATTACKER);
    expect(await refused(routes, ATTACKER, token)).toEqual([...routes].sort());
    expect(await refused(routes, NEIGHBOUR, token)).toEqual([]);
  });

  it('repeats a probe’s last answer instead of rejecting it', async () => {
    exhausted.add(ATTACKER);
    expect(await refused(PROBES, ATTACKER)).toEqual([]);
  });

  it('rejects a user on every route that needs a token, and nobody else at this address', async () => {
    const ben = await signUp(server.url);
    const routes: string[] = [];
    for (const route of routesOf(server)) {
      const { status } = await ask(route, NEIGHBOUR, 'nonsense');
      if (status === 401 && route !== 'GET /metrics') routes.push(route);
    }
    expect(routes.length).toBeGreaterThan(30);
    exhausted.add(ada.id);
    expect(await refused(routes, NEIGHBOUR, ada.accessToken)).toEqual([...routes].sort());
    const reads = routes.filter((route) => route.startsWith('GET '));
    expect(await refused(reads, NEIGHBOUR, ben.accessToken)).toEqual([]);
  });

  it('rejects every socket command of a user, known or unknown, and those of nobody else', async () => {
    const all = commands();
    expect(all.length).toBeGreaterThan(5);
    const [ben, grace] = [await signUp(server.url), await signUp(server.url)];
    const [own, other] = [await ben.connect(), await grace.connect()];
    exhausted.add(ben.id);
    for (const command of [...all, 'no:command']) {
      const answer = await own.command(command, {});
      expect(answer).toMatchObject({ ok: false, problem: { code: 'rate-limited' } });
      const { problem } = (await other.command(command, {})) as { problem?: { code: string } };
      expect(problem?.code).not.toBe('rate-limited');
    }
    own.close();
    other.close();
  });

  it('rejects handshakes: by the address before the token is read, then by the user', async () => {
    const extraHeaders = from(ATTACKER);
    exhausted.add(ada.id);
    expect((await refusedSocket(server.url, ada.accessToken, { extraHeaders })).data).toMatchObject({
      code: 'rate-limited',
    });
    exhausted.clear();
    exhausted.add(ATTACKER);
    for (const transports of [['websocket'], ['polling']]) {
      const error = await refusedSocket(server.url, ada.accessToken, { extraHeaders, transports });
      expect(error).toMatchObject({ type: 'TransportError' });
      const neighbour = await ada.connect({ extraHeaders: from(NEIGHBOUR), transports });
      neighbour.close();
    }
  });

  it('rejects repeated refreshes of a session, and refreshes other sessions of the user', async () => {
    const other = await ada.signInAgain();
    const refresh = ({ refreshToken }: Person): Promise<Answer> =>
      call(server.url, 'POST', '/api/v1/auth/refresh', { body: { refreshToken }, headers: from(NEIGHBOUR) });
    const statuses: number[] = [];
    // For a while, the same refresh token returns the same successor.
    while (!statuses.includes(429) && statuses.length < 600) statuses.push((await refresh(ada)).status);
    expect(statuses[0]).toBe(200);
    expect(statuses.at(-1)).toBe(429);
    expect((await refresh(other)).status).toBe(200);
  });
});
