import { randomBytes } from 'node:crypto';
import { PoolUsage } from '../src/platform/database/pool-usage';
import { call, type Answer } from './support/api';
import { PASSWORD, signUp, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';

jest.unmock('@node-rs/argon2');

/** Free attempts for one account from one network; see `PasswordBudgets`. */
const PER_PAIR = 10;
/** A large value, because on a slow machine the first delays (5, 10, 20 s) end while a test still runs. */
const AFTER_DELAYS = 3;

describe('guessing passwords', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ environment: { RATE_LIMITS: 'on', TRUST_PROXY: '1' } });
  });
  afterAll(() => server.close());

  const someAddress = (): string =>
    `2001:db8:${randomBytes(2).toString('hex')}:${randomBytes(2).toString('hex')}::1`;
  const login = (name: string, password: string, from: string): Promise<Answer> =>
    call(server.url, 'POST', '/api/v1/auth/login', {
      body: { login: name, password },
      headers: { 'x-forwarded-for': from },
    });
  const someone = async (from: string): Promise<Person & { email: string }> => {
    const email = `n-${randomBytes(6).toString('hex')}@example.org`;
    const { body } = await call(server.url, 'POST', '/api/v1/auth/register', {
      body: { username: `n-${randomBytes(6).toString('hex')}`, password: PASSWORD, email },
      headers: { 'x-forwarded-for': from },
    });
    const { user, session, accessToken, refreshToken } = body;
    return Object.assign(
      { ...(await signUp(server.url)) },
      { id: user.id, username: user.username, sessionId: session.id, accessToken, refreshToken, email },
    ) as Person & { email: string };
  };
  const evaluated = (answers: Answer[]): number => answers.filter(({ status }) => status === 401).length;

  // Tests G31.
  it('is charged before the work: the server verifies only the free attempts of 200 simultaneous guesses', async () => {
    const ada = await someone(someAddress());
    const stranger = someAddress();
    const guesses = await Promise.all(
      Array.from({ length: 200 }, (_, n) => login(ada.username, `a guess ${n}`, stranger)),
    );
    expect(evaluated(guesses)).toBeGreaterThan(0);
    expect(evaluated(guesses)).toBeLessThanOrEqual(PER_PAIR + AFTER_DELAYS);
    for (const { status, headers } of guesses.filter((answer) => answer.status !== 401)) {
      expect(status).toBe(429);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    }
  });

  it('has one budget for an account in every spelling', async () => {
    const ada = await someone(someAddress());
    const stranger = someAddress();
    const names = [ada.username, ada.username.toUpperCase(), ada.email, ada.email.toUpperCase()];
    const answers: Answer[] = [];
    for (let n = 0; n < 16; n++) answers.push(await login(names[n % 4]!, 'a guess', stranger));
    expect(evaluated(answers)).toBeLessThanOrEqual(PER_PAIR + AFTER_DELAYS);
    expect(answers.map(({ status }) => status)).toContain(429);
  });

  it('has one budget for a network: every address of an IPv6 /64 shares it', async () => {
    const ada = await someone(someAddress());
    const network = someAddress().replace('::1', '');
    const answers: Answer[] = [];
    for (let n = 1; n <= 20; n++) answers.push(await login(ada.username, 'a guess', `${network}::${n}`));
    expect(evaluated(answers)).toBeLessThanOrEqual(PER_PAIR + AFTER_DELAYS);
    expect(answers.map(({ status }) => status)).toContain(429);
  });

  it('does not lock out the owner, from another network or from one that they have used before', async () => {
    const home = someAddress();
    const ada = await someone(home);
    const stranger = someAddress();
    for (let n = 0; n < 12; n++) await login(ada.username, 'a guess', stranger);
    expect((await login(ada.username, PASSWORD, stranger)).status).toBe(429);
    expect((await login(ada.username, PASSWORD, someAddress())).status).toBe(200);
    // Many strangers use up the account's budget for unknown networks.
    for (let round = 0; round < 8; round++) {
      const other = someAddress();
      await Promise.all(Array.from({ length: PER_PAIR }, () => login(ada.email, 'a guess', other)));
    }
    expect((await login(ada.username, PASSWORD, someAddress())).status).toBe(429);
    expect((await login(ada.username, PASSWORD, home)).status).toBe(200);
  }, 60_000);

  it('is slowed down for all accounts from one network, except for accounts that were used from there', async () => {
    const office = someAddress();
    const ada = await someone(office);
    const answers = await Promise.all(
      Array.from({ length: 80 }, () => login(`n-${randomBytes(6).toString('hex')}`, 'a guess', office)),
    );
    expect(evaluated(answers)).toBeLessThanOrEqual(60 + AFTER_DELAYS);
    expect(answers.map(({ status }) => status)).toContain(429);
    expect((await login(ada.username, PASSWORD, office)).status).toBe(200);
  }, 60_000);

  it('uses few connections when many sign in at once, and rejects sign-ins that would wait too long', async () => {
    const usage = server.application.get(PoolUsage);
    const demand = (): number => usage.shares!['sign-in'].inUse + usage.shares!['sign-in'].waiting;
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, demand())), 5);
    const flood = someAddress();
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => login(`n-${randomBytes(6).toString('hex')}`, 'a guess', flood)),
    );
    clearInterval(watch);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(4);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401, 429]));
  }, 60_000);

  it('does not delay frequent sign-ins with the right password', async () => {
    const home = someAddress();
    const ada = await someone(home);
    for (let n = 0; n < 30; n++) expect((await login(ada.username, PASSWORD, home)).status).toBe(200);
  }, 60_000);

  it('does not stop the owner from changing the password when a stolen session guesses', async () => {
    const home = someAddress();
    const ada = await someone(home);
    const own = (await login(ada.username, PASSWORD, home)).body.accessToken as string;
    const change = (token: string, currentPassword: string): Promise<Answer> =>
      call(server.url, 'PUT', '/api/v1/auth/password', {
        token,
        body: { currentPassword, newPassword: 'another long password' },
      });
    const guesses = await Promise.all(Array.from({ length: 30 }, () => change(ada.accessToken, 'a guess')));
    expect(evaluated(guesses)).toBeLessThanOrEqual(PER_PAIR + AFTER_DELAYS);
    expect((await change(ada.accessToken, PASSWORD)).status).toBe(429);
    expect((await change(own, PASSWORD)).status).toBe(204);
  });
});
