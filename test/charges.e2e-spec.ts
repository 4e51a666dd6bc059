import { readFileSync } from 'node:fs';
import { AccessTokens } from '../src/features/authentication/access-tokens';
import { TEMPORARILY_UNAVAILABLE } from '../src/platform/problems/general-problems';
import { Problem } from '../src/platform/problems/problem';
import { ANONYMOUS, PAGE, VERIFICATION } from '../src/platform/rate-limits/allowances';
import { RateLimits } from '../src/platform/rate-limits/rate-limits';
import type { Allowance } from '../src/platform/rate-limits/token-buckets';
import { call } from './support/api';
import { signUp, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';

const OF_ADDRESSES = [ANONYMOUS, PAGE, VERIFICATION];
/** More requests than the rate limit for session look-ups allows at once. */
const MANY = 400;

type Operations = Record<string, { security?: unknown[] }>;
const { paths } = JSON.parse(readFileSync('docs/openapi.json', 'utf8')) as {
  paths: Record<string, Operations>;
};
const publicOperations = Object.entries(paths).flatMap(([path, operations]) =>
  Object.entries(operations)
    .filter(([, { security }]) => path.startsWith('/api/') && security?.length === 0)
    .map(([method]) => [method.toUpperCase(), path] as const),
);

describe('the charge of a request', () => {
  let server: TestServer;
  let ada: Person;
  beforeAll(async () => {
    server = await startTestServer({ environment: { RATE_LIMITS: 'on' } });
    ada = await signUp(server.url);
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => server.close());

  const statusesOf = async (person: Person): Promise<Set<number>> => {
    const statuses = new Set<number>();
    for (let asked = 0; asked < MANY; asked += 50) {
      const answers = await Promise.all(Array.from({ length: 50 }, () => person.call('GET', '/users/me')));
      for (const { status } of answers) statuses.add(status);
    }
    return statuses;
  };

  it.each(publicOperations)('is one for its address, whatever its token: %s %s', async (method, path) => {
    const take = jest.spyOn(server.application.get(RateLimits), 'take');
    const charges = async (token?: string): Promise<Allowance[]> => {
      take.mockClear();
      await call(server.url, method, path, { token, body: method === 'GET' ? undefined : {} });
      return take.mock.calls
        .map(([allowance]) => allowance)
        .filter((allowance) => OF_ADDRESSES.includes(allowance));
    };
    const charged = await charges();
    expect(charged).toHaveLength(1);
    expect(await charges('a token that nobody looks at')).toEqual(charged);
  });

  it('is nothing if the session could not be looked up', async () => {
    const away = new Problem(TEMPORARILY_UNAVAILABLE, { retryAfter: 1 });
    const lookUp = jest.spyOn(server.dataSource.manager, 'existsBy').mockRejectedValue(away);
    expect(await statusesOf(ada)).toEqual(new Set([503]));
    lookUp.mockRestore();
    expect((await ada.call('GET', '/users/me')).status).toBe(200);
    (await ada.connect()).close();
  });

  it('is a look-up for a session that has ended', async () => {
    const ended = await signUp(server.url);
    await ended.call('POST', '/auth/logout');
    expect(await statusesOf(ended)).toEqual(new Set([401, 429]));
  });

  it('is one verification for a handshake, whose token is verified once', async () => {
    const verify = jest.spyOn(server.application.get(AccessTokens), 'verify');
    (await ada.connect()).close();
    expect(verify).toHaveBeenCalledTimes(1);
  });
});
