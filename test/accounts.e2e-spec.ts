import { randomBytes } from 'node:crypto';
import {
  createPasswordReset,
  disableAccount,
  enableAccount,
  endAccountSessions,
} from '../src/features/authentication/accounts.queries';
import { inTransaction } from '../src/platform/database/transaction';
import { call, type Answer } from './support/api';
import { PASSWORD, signUp, signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import { refusedSocket } from './support/test-socket';

const SECRET = 'the-servers-of-a-test-share-this-secret-0123456789';
const HOUR_MS = 3_600_000;

/** An operator changes accounts from outside the server, as `xfchat user` does. */
describe('accounts that an operator changes', () => {
  let server: TestServer;
  let other: TestServer;
  const environment = { AUTH_SECRET: SECRET };

  beforeAll(async () => {
    server = await startTestServer({ environment });
    other = await startTestServer({ environment, database: server.database });
  });
  afterAll(async () => {
    await other.close();
    await server.close();
  });

  const by = (person: Person) => ({ userId: person.id, actor: 'a test' });
  const disable = (person: Person) =>
    inTransaction(server.dataSource, (manager) => disableAccount(manager, by(person)));
  const enable = (person: Person) =>
    inTransaction(server.dataSource, (manager) => enableAccount(manager, by(person)));
  const makeReset = async (person: Person, lifetimeMs = HOUR_MS): Promise<string> => {
    const reset = await inTransaction(server.dataSource, (manager) =>
      createPasswordReset(manager, by(person), lifetimeMs),
    );
    return reset!.code;
  };
  const post = (path: string, body: object, url = server.url): Promise<Answer> =>
    call(url, 'POST', `/api/v1/auth${path}`, { body });
  const login = (person: Person, password = PASSWORD) => post('/login', { login: person.username, password });
  const useReset = (code: string, newPassword: string, url?: string) =>
    post('/password-reset', { code, newPassword }, url);
  const at = (where: TestServer, person: Person): Person =>
    Object.assign(Object.create(Object.getPrototypeOf(person)), person, { url: where.url });

  /** Opens a Braid subscription. @returns a promise of its end, in an array so that `await` does not wait for it */
  const streamOf = async (person: Person, conversationId: string): Promise<Promise<void>[]> => {
    const response = await fetch(`${person.url}/api/v1/conversations/${conversationId}/messages`, {
      headers: { authorization: `Bearer ${person.accessToken}`, subscribe: 'true' },
    });
    expect(response.status).toBe(209);
    const reader = response.body!.getReader();
    const end = async (): Promise<void> => {
      while (!(await reader.read()).done);
    };
    return [end()];
  };

  describe('a disabled account', () => {
    it('is rejected on every path, on every server', async () => {
      const [ada, ben] = (await signUpAll(server.url, 2)) as [Person, Person];
      const conversationId = await ada.direct(ben);
      const [here, there] = [await ada.connect(), await at(other, ada).connect()];
      const [streamEnd] = await streamOf(ada, conversationId);
      const code = await makeReset(ada);

      await disable(ada);
      for (const each of [server, other])
        expect(await at(each, ada).call('GET', '/users/me')).toMatchObject({
          status: 401,
          body: { code: 'session-revoked' },
        });
      expect(await post('/refresh', { refreshToken: ada.refreshToken })).toMatchObject({
        status: 401,
        body: { code: 'session-revoked' },
      });
      expect((await refusedSocket(other.url, ada.accessToken)).data).toMatchObject({
        code: 'session-revoked',
      });
      for (const socket of [here, there]) {
        expect(await socket.next('session:revoked')).toEqual({ reason: 'account-disabled' });
        await socket.disconnected();
      }
      await streamEnd;
      expect(await login(ada)).toMatchObject({ status: 403, body: { code: 'account-disabled' } });
      expect(await login(ada, 'not the password')).toMatchObject({
        status: 401,
        body: { code: 'invalid-credentials' },
      });
      expect(await useReset(code, 'a new long password')).toMatchObject({
        status: 403,
        body: { code: 'password-reset-invalid' },
      });
    });

    it('is not found by a search, and stays visible to people who know it', async () => {
      const [ada, ben] = (await signUpAll(server.url, 2)) as [Person, Person];
      const conversationId = await ben.direct(ada);
      await ada.send(conversationId, 'before');
      await disable(ada);
      expect((await ben.call('GET', `/users?query=${ada.username}`)).body.items).toEqual([]);
      expect(await ben.call('GET', `/users/${ada.id}`)).toMatchObject({ status: 200, body: { id: ada.id } });
      expect((await ben.call('GET', `/conversations/${conversationId}/messages`)).body.items).toMatchObject([
        { body: 'before', senderId: ada.id },
      ]);
    });

    it('can be signed in to again once it is enabled; ended sessions stay ended', async () => {
      const ada = await signUp(server.url);
      await disable(ada);
      expect(await enable(ada)).toBe(true);
      expect(await enable(ada)).toBe(false);
      expect((await ada.call('GET', '/users/me')).status).toBe(401);
      expect((await login(ada)).status).toBe(200);
      expect((await ada.signInAgain()).sessionId).not.toBe(ada.sessionId);
    });

    it('gets no session from a sign-in that began before', async () => {
      for (let round = 0; round < 5; round++) {
        const ada = await signUp(server.url);
        const signingIn = Array.from({ length: 4 }, () => login(ada));
        await disable(ada);
        await Promise.all(signingIn);
        const live = await server.dataSource.query<unknown[]>(
          'select from sessions where user_id = $1 and ended_at is null',
          [ada.id],
        );
        expect(live).toHaveLength(0);
      }
    });
  });

  it.each([-24, 24])(
    'reset a password by the clock of the database, also when theirs is %s h off',
    async (hours) => {
      const ada = await signUp(server.url);
      const clock = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + hours * HOUR_MS);
      await makeReset(ada).finally(() => clock.mockRestore());
      const [row] = await server.dataSource.query<object[]>(
        `select expires_at between now() + interval '50 minutes' and now() + interval '1 hour' as is_right
       from password_resets where user_id = $1`,
        [ada.id],
      );
      expect(row).toEqual({ is_right: true });
    },
  );

  it('end all sessions at once, and nobody else’s', async () => {
    const [ada, ben] = (await signUpAll(server.url, 2)) as [Person, Person];
    const telephone = await ada.signInAgain();
    const sockets = [await ada.connect(), await at(other, telephone).connect()];
    const bens = await at(other, ben).connect();
    expect(await inTransaction(server.dataSource, (manager) => endAccountSessions(manager, by(ada)))).toBe(2);
    for (const socket of sockets) {
      expect(await socket.next('session:revoked')).toEqual({ reason: 'ended-elsewhere' });
      await socket.disconnected();
    }
    expect((await telephone.call('GET', '/users/me')).status).toBe(401);
    expect(bens.socket.connected).toBe(true);
    expect((await login(ada)).status).toBe(200);
    bens.close();
  });

  describe('a link that resets the password', () => {
    it('sets a new password and ends all sessions', async () => {
      const ada = await signUp(server.url);
      const socket = await ada.connect();
      const code = await makeReset(ada);
      expect(await useReset(code, 'a new long password')).toMatchObject({ status: 204 });
      expect(await socket.next('session:revoked')).toEqual({ reason: 'password-changed' });
      expect((await ada.call('GET', '/users/me')).status).toBe(401);
      expect((await login(ada)).status).toBe(401);
      expect((await login(ada, 'a new long password')).status).toBe(200);
    });

    it('works once when many use it at the same time', async () => {
      const ada = await signUp(server.url);
      const code = await makeReset(ada);
      const answers = await Promise.all(
        Array.from({ length: 6 }, (_, n) => useReset(code, `a new long password ${n}`)),
      );
      const outcomes = answers
        .map(({ status, body }) => body?.code ?? status)
        .map(String)
        .sort();
      expect(outcomes).toEqual(['204', ...Array<string>(5).fill('password-reset-invalid')]);
    });

    it.each(['expired', 'replaced', 'unknown'])('does not work when it is %s', async (kind) => {
      const ada = await signUp(server.url);
      let code = await makeReset(ada, kind === 'expired' ? 1 : HOUR_MS);
      if (kind === 'replaced') await makeReset(ada);
      if (kind === 'unknown') code = `xfp_${randomBytes(20).toString('base64url')}`;
      expect(await useReset(code, 'a new long password')).toMatchObject({
        status: 403,
        body: { code: 'password-reset-invalid' },
      });
      expect((await ada.call('GET', '/users/me')).status).toBe(200);
    });

    it('stops working once the password was changed in another way', async () => {
      const ada = await signUp(server.url);
      const code = await makeReset(ada);
      const changed = await ada.call('PUT', '/auth/password', {
        currentPassword: PASSWORD,
        newPassword: 'chosen by herself',
      });
      expect(changed.status).toBe(204);
      expect(await useReset(code, 'a new long password')).toMatchObject({
        status: 403,
        body: { code: 'password-reset-invalid' },
      });
    });

    it('rejects a weak password and stays valid', async () => {
      const ada = await signUp(server.url);
      const code = await makeReset(ada);
      for (const weak of ['short', 'password123', ada.username])
        expect(await useReset(code, weak)).toMatchObject({
          status: 400,
          body: { code: 'validation-failed', errors: [{ pointer: '/newPassword' }] },
        });
      expect((await useReset(code, 'a new long password')).status).toBe(204);
    });

    it('is not stored: only its digest is', async () => {
      const code = await makeReset(await signUp(server.url));
      const rows = await server.dataSource.query<object[]>('select * from password_resets');
      expect(JSON.stringify(rows)).not.toContain(code.slice(4));
    });
  });
});
