import { createHmac, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { SignJWT, type JWTHeaderParameters } from 'jose';
import { authSecret } from '../src/platform/configuration/auth-secret';
import { call, type Answer } from './support/api';
import { PASSWORD, signUp, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import { refusedSocket } from './support/test-socket';

jest.unmock('@node-rs/argon2');

describe('accounts and sessions', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  const post = (path: string, body: unknown): Promise<Answer> =>
    call(server.url, 'POST', `/api/v1/auth${path}`, { body });
  const someName = (): string => `n-${randomBytes(6).toString('hex')}`;
  const refresh = (refreshToken: string): Promise<Answer> => post('/refresh', { refreshToken });
  const meWith = (token: string): Promise<Answer> => call(server.url, 'GET', '/api/v1/users/me', { token });

  describe('a registration', () => {
    it('creates an account and a session', async () => {
      const username = someName();
      const { status, body } = await post('/register', {
        username: username.toUpperCase(),
        password: PASSWORD,
        displayName: 'Ada',
        email: `${username}@Example.org`,
      });
      expect(status).toBe(201);
      expect(body).toEqual({
        user: {
          id: expect.any(String),
          username,
          displayName: 'Ada',
          email: `${username}@example.org`,
          avatarUrl: null,
          status: null,
          createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        },
        session: expect.objectContaining({ deviceName: null, current: true }),
        accessToken: expect.any(String),
        refreshToken: expect.any(String),
        expiresIn: 900,
      });
      expect((await meWith(body.accessToken)).body).toEqual(body.user);
    });

    it.each([
      [{ username: 'ab' }, '/username'],
      [{ username: 'x'.repeat(33) }, '/username'],
      [{ username: 'with space' }, '/username'],
      [{ username: 'a@b.c' }, '/username'],
      [{ username: { $ne: '' } }, '/username'],
      [{ username: ['abc'] }, '/username'],
      [{ password: 'short' }, '/password'],
      [{ password: 'x'.repeat(129) }, '/password'],
      [{ password: 'password123' }, '/password'],
      [{ password: 'PASSWORD123' }, '/password'],
      [{ password: 12345678 }, '/password'],
      [{ password: 'with \0 in the middle' }, '/password'],
      [{ email: 'not an address' }, '/email'],
      [{ displayName: '' }, '/displayName'],
      [{ isOperator: true }, '/isOperator'],
      [{ id: randomUUID() }, '/id'],
    ])('rejects %j', async (fields, pointer) => {
      const before = await server.dataSource.query<unknown[]>('select count(*) from users');
      const answer = await post('/register', { username: someName(), password: PASSWORD, ...fields });
      expect(answer).toMatchObject({
        status: 400,
        body: { code: 'validation-failed', errors: [{ pointer }] },
      });
      expect(await server.dataSource.query('select count(*) from users')).toEqual(before);
    });

    it('rejects the username as the password', async () => {
      const username = someName();
      expect((await post('/register', { username, password: username })).status).toBe(400);
    });

    it('gives a username and an address to one of several simultaneous requests', async () => {
      const [username, email] = [someName(), `${someName()}@example.org`];
      const names = await Promise.all(
        Array.from({ length: 5 }, () => post('/register', { username, password: PASSWORD })),
      );
      expect(names.map((answer) => answer.body.code ?? 'ok').sort()).toEqual([
        'ok',
        ...Array<string>(4).fill('username-taken'),
      ]);
      const addresses = await Promise.all(
        Array.from({ length: 5 }, () =>
          post('/register', { username: someName(), password: PASSWORD, email }),
        ),
      );
      expect(addresses.map((answer) => answer.body.code ?? 'ok').sort()).toEqual([
        ...Array<string>(4).fill('email-taken'),
        'ok',
      ]);
    });
  });

  describe('a sign-in', () => {
    it('works by username and by e-mail, in any case, from several devices', async () => {
      const email = `${someName()}@example.org`;
      const ada = await signUp(server.url, { email });
      for (const login of [ada.username.toUpperCase(), email.toUpperCase()]) {
        const answer = await post('/login', { login, password: PASSWORD, deviceName: 'a telephone' });
        expect(answer).toMatchObject({
          status: 200,
          body: { user: { id: ada.id }, session: { deviceName: 'a telephone' } },
        });
      }
      expect((await ada.call('GET', '/auth/sessions')).body.items).toHaveLength(3);
    });

    it('is listed in pages, each session once', async () => {
      const ada = await signUp(server.url);
      for (const name of ['one', 'two', 'three', 'four']) await ada.signInAgain(name);
      const names: (string | null)[][] = [];
      let cursor = '';
      for (let page = 0; page < 3; page++) {
        const { body } = await ada.call('GET', `/auth/sessions?limit=2${cursor}`);
        names.push(body.items.map(({ deviceName }: { deviceName: string | null }) => deviceName));
        cursor = `&cursor=${body.nextCursor}`;
      }
      expect(names).toEqual([['four', 'three'], ['two', 'one'], [null]]);
      expect(cursor).toBe('&cursor=null');
    });

    it.each([
      'x',
      '12',
      Buffer.from(`p${'9'.repeat(18)}.019c9d1e-7a52-7c3b-9f04-1d2e3f4a5b6c`).toString('base64url'),
    ])('rejects the cursor %s of a list of sessions', async (cursor) => {
      const ada = await signUp(server.url);
      expect(await ada.call('GET', `/auth/sessions?cursor=${cursor}`)).toMatchObject({
        status: 400,
        body: { code: 'validation-failed', errors: [{ pointer: '/query/cursor' }] },
      });
    });

    it('does not truncate passwords: the last of 128 characters counts', async () => {
      const username = someName();
      const long = '🔑'.repeat(127);
      await post('/register', { username, password: `${long}a` });
      expect((await post('/login', { login: username, password: `${long}a` })).status).toBe(200);
      expect((await post('/login', { login: username, password: `${long}b` })).status).toBe(401);
    });

    it('answers a wrong password and an unknown user alike, after about the same time', async () => {
      const ada = await signUp(server.url);
      const attempt = async (login: string): Promise<{ ms: number; answer: Answer }> => {
        const started = performance.now();
        const answer = await post('/login', { login, password: 'not the password' });
        return { ms: performance.now() - started, answer };
      };
      const times: Record<'known' | 'unknown', number[]> = { known: [], unknown: [] };
      for (let round = 0; round < 9; round++) {
        const [known, unknown] = [await attempt(ada.username), await attempt(someName())];
        expect(known.answer).toMatchObject({ status: 401, body: { code: 'invalid-credentials' } });
        expect({ ...known.answer.body, requestId: '' }).toEqual({ ...unknown.answer.body, requestId: '' });
        times.known.push(known.ms);
        times.unknown.push(unknown.ms);
      }
      const median = (list: number[]): number => list.sort((a, b) => a - b)[4]!;
      expect(median(times.unknown) / median(times.known)).toBeGreaterThan(0.4);
    });

    it('is slowed down for a client that guesses, and not for others', async () => {
      const limited = await startTestServer({ environment: { RATE_LIMITS: 'on' } });
      const [ada, ben] = [await signUp(limited.url), await signUp(limited.url)];
      const login = (who: Person, password: string) =>
        call(limited.url, 'POST', '/api/v1/auth/login', { body: { login: who.username, password } });
      const guesses = await Promise.all(Array.from({ length: 14 }, () => login(ada, 'a guess')));
      expect(guesses.map((answer) => answer.status)).toContain(401);
      const refused = await login(ada, PASSWORD);
      expect(refused).toMatchObject({
        status: 429,
        body: { code: 'rate-limited', retryAfter: expect.any(Number) },
      });
      expect(refused.headers.get('retry-after')).toBe(String(refused.body.retryAfter));
      expect(refused.headers.get('ratelimit')).toBe(`"default";r=0;t=${refused.body.retryAfter}`);
      expect((await login(ben, PASSWORD)).status).toBe(200);
      await limited.close();
    });
  });

  describe('a refresh', () => {
    const agedBy = (sessionId: string, seconds: number): Promise<unknown> =>
      server.dataSource.query(
        `update sessions set rotated_at = now() - make_interval(secs => $2) where id = $1`,
        [sessionId, seconds],
      );

    // Tests G25.
    it('gives a new pair, and the same one to two tabs or after a lost reply', async () => {
      const ada = await signUp(server.url);
      const answers = await Promise.all([
        refresh(ada.refreshToken),
        refresh(ada.refreshToken),
        refresh(ada.refreshToken),
      ]);
      expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200]);
      expect(new Set(answers.map((answer) => answer.body.refreshToken)).size).toBe(1);
      expect(answers[0].body).toEqual({
        accessToken: expect.any(String),
        refreshToken: expect.any(String),
        expiresIn: 900,
      });
      expect((await meWith(answers[0].body.accessToken)).status).toBe(200);
    });

    // Tests G25.
    it('replaces a successor that was never used, after 30 seconds', async () => {
      const ada = await signUp(server.url);
      const first = (await refresh(ada.refreshToken)).body.refreshToken;
      await agedBy(ada.sessionId, 31);
      const second = (await refresh(ada.refreshToken)).body.refreshToken;
      expect(second).not.toBe(first);
      expect(await refresh(first)).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
      expect((await refresh(second)).status).toBe(200);
    });

    // Tests G25.
    it('ends the session when an old token comes after its successor was used', async () => {
      const ada = await signUp(server.url);
      const socket = await ada.connect();
      const successor = (await refresh(ada.refreshToken)).body;
      await refresh(successor.refreshToken);
      expect(await refresh(ada.refreshToken)).toMatchObject({
        status: 401,
        body: { code: 'session-revoked' },
      });
      expect(await socket.next('session:revoked')).toEqual({ reason: 'refresh-token-reused' });
      await socket.disconnected();
      expect(await refresh(successor.refreshToken)).toMatchObject({ body: { code: 'session-revoked' } });
      for (const token of [ada.accessToken, successor.accessToken]) {
        expect(await meWith(token)).toMatchObject({ status: 401, body: { code: 'session-revoked' } });
      }
    });

    it('rejects anything that is not a refresh token of this server', async () => {
      const ada = await signUp(server.url);
      const flipped =
        ada.refreshToken.slice(0, -2) +
        (ada.refreshToken.at(-2) === 'A' ? 'Q' : 'A') +
        ada.refreshToken.at(-1)!;
      for (const token of [
        '',
        'x',
        'xfr_',
        ada.accessToken,
        ada.refreshToken.slice(0, -4),
        flipped,
        `${ada.refreshToken}AAAA`,
      ]) {
        expect(await refresh(token)).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
      }
      for (const token of [null, 5, {}, ['a'], 'x'.repeat(513)]) {
        expect((await post('/refresh', { refreshToken: token })).status).toBe(400);
      }
      expect((await refresh(ada.refreshToken)).status).toBe(200);
    });

    it('rejects an expired session', async () => {
      const ada = await signUp(server.url);
      await server.dataSource.query(`update sessions set expires_at = now() where id = $1`, [ada.sessionId]);
      expect(await refresh(ada.refreshToken)).toMatchObject({ status: 401, body: { code: 'token-expired' } });
    });
  });

  describe('an ended session', () => {
    it('closes the sockets of the session that signs out, and no others', async () => {
      const ada = await signUp(server.url);
      const telephone = await ada.signInAgain();
      const [here, there] = [await ada.connect(), await telephone.connect()];
      expect((await ada.call('POST', '/auth/logout')).status).toBe(204);
      expect(await here.next('session:revoked')).toEqual({ reason: 'signed-out' });
      await here.disconnected();
      expect(await meWith(ada.accessToken)).toMatchObject({ status: 401, body: { code: 'session-revoked' } });
      expect(await refresh(ada.refreshToken)).toMatchObject({
        status: 401,
        body: { code: 'session-revoked' },
      });
      expect((await refusedSocket(server.url, ada.accessToken)).data).toMatchObject({
        code: 'session-revoked',
      });
      expect((await telephone.call('GET', '/users/me')).status).toBe(200);
      expect(there.socket.connected).toBe(true);
      there.close();
    });

    // Tests G6.
    it('silences the socket of another device and rejects its tokens', async () => {
      const [ada, ben] = [await signUp(server.url), await signUp(server.url)];
      const telephone = await ada.signInAgain('telephone');
      const conversationId = await ada.direct(ben);
      const socket = await telephone.connect();
      const { items } = (await ada.call('GET', '/auth/sessions')).body;
      expect(items).toMatchObject([
        { deviceName: 'telephone', current: false },
        { deviceName: null, current: true },
      ]);
      expect((await ada.call('DELETE', `/auth/sessions/${telephone.sessionId}`)).status).toBe(204);
      await ben.send(conversationId, 'for those who are signed in');
      await socket.disconnected();
      expect(socket.payloads('message:created')).toEqual([]);
      expect(await telephone.call('GET', '/users/me')).toMatchObject({
        status: 401,
        body: { code: 'session-revoked' },
      });
      expect((await ada.call('DELETE', `/auth/sessions/${telephone.sessionId}`)).status).toBe(204);
      expect(await ben.call('DELETE', `/auth/sessions/${ada.sessionId}`)).toMatchObject({
        status: 404,
        body: { code: 'not-found' },
      });
      expect((await ada.call('GET', '/users/me')).status).toBe(200);
    });

    it('ends the other sessions after a new password; the old password is rejected', async () => {
      const ada = await signUp(server.url);
      const telephone = await ada.signInAgain();
      const [here, there] = [await ada.connect(), await telephone.connect()];
      const change = (currentPassword: string, newPassword: string) =>
        ada.call('PUT', '/auth/password', { currentPassword, newPassword });
      expect(await change('wrong', 'another long password')).toMatchObject({
        status: 401,
        body: { code: 'invalid-credentials' },
      });
      expect((await change(PASSWORD, 'short')).status).toBe(400);
      expect((await change(PASSWORD, 'password123')).status).toBe(400);
      const changes = await Promise.all([
        change(PASSWORD, 'another long password'),
        change(PASSWORD, 'yet another password'),
      ]);
      expect(changes.map((answer) => answer.status).sort()).toEqual([204, 401]);
      expect(await there.next('session:revoked')).toEqual({ reason: 'password-changed' });
      await there.disconnected();
      expect(here.socket.connected).toBe(true);
      expect((await telephone.call('GET', '/users/me')).status).toBe(401);
      expect((await post('/login', { login: ada.username, password: PASSWORD })).status).toBe(401);
      here.close();
    });
  });

  it('rejects every forged access token, over HTTP and sockets', async () => {
    const ada = await signUp(server.url);
    const key = createHmac('sha256', 'the wrong secret').update('access-token').digest();
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    const [header, payload, signature] = ada.accessToken.split('.') as [string, string, string];
    const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const sign = (
      claims: object,
      protectedHeader: JWTHeaderParameters,
      by: Parameters<SignJWT['sign']>[0] = key,
    ) =>
      new SignJWT({
        sid: ada.sessionId,
        iss: 'xfchat',
        aud: 'xfchat',
        sub: ada.id,
        exp: 9_999_999_999,
        ...claims,
      })
        .setProtectedHeader(protectedHeader)
        .sign(by);
    const forged = [
      '',
      'garbage',
      'a.b.c',
      `${header}.${payload}.`,
      `${header}.${payload}.${signature.slice(0, -2)}`,
      `${encode({ alg: 'none', typ: 'at+jwt' })}.${payload}.`,
      `${encode({ alg: 'HS256', typ: 'JWT' })}.${payload}.${signature}`,
      `${header}.${encode({ sub: randomUUID(), sid: ada.sessionId, exp: 9_999_999_999 })}.${signature}`,
      ada.refreshToken,
      await sign({}, { alg: 'HS256', typ: 'at+jwt' }),
      await sign({}, { alg: 'RS256', typ: 'at+jwt' }, privateKey),
      await sign({}, { alg: 'HS256', typ: 'at+jwt', kid: '../../../../dev/null' }),
      await sign({}, { alg: 'HS256', typ: 'at+jwt', jku: 'http://127.0.0.1:1/keys' }),
    ];
    for (const token of forged) {
      expect(await meWith(token)).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
      expect((await refusedSocket(server.url, token)).data).toMatchObject({
        code: 'unauthenticated',
        status: 401,
      });
    }
    expect((await meWith(ada.accessToken)).status).toBe(200);
  });

  it.each([
    ['sid', 'not-an-id'],
    ['sid', { $ne: '' }],
    ['sid', "' or true --"],
    ['sub', 'not-an-id'],
    ['sub', ''],
  ])('rejects an own token whose %s is %j with 401, over HTTP and sockets', async (name, value) => {
    const ada = await signUp(server.url);
    const secret = authSecret(server.configuration);
    const key = createHmac('sha256', secret).update('access-token').digest();
    const claims = { iss: 'xfchat', aud: 'xfchat', sub: ada.id, sid: ada.sessionId, exp: 9_999_999_999 };
    const sign = (fields: object): Promise<string> =>
      new SignJWT({ ...claims, ...fields }).setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' }).sign(key);
    expect((await meWith(await sign({}))).status).toBe(200);
    const token = await sign({ [name]: value });
    expect(await meWith(token)).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
    expect((await refusedSocket(server.url, token)).data).toMatchObject({
      code: 'unauthenticated',
      status: 401,
    });
  });

  it('rejects an expired access token with a separate code', async () => {
    const brief = await startTestServer({ environment: { ACCESS_TOKEN_LIFETIME_MS: '1000' } });
    const ada = await signUp(brief.url);
    const now = Date.now();
    jest.useFakeTimers({
      // The leeway for clocks that differ is a minute.
      now: now + 120_000,
      doNotFake: [
        'setTimeout',
        'setInterval',
        'setImmediate',
        'nextTick',
        'performance',
        'queueMicrotask',
        'clearTimeout',
        'clearInterval',
        'hrtime',
      ],
    });
    try {
      expect(await ada.call('GET', '/users/me')).toMatchObject({
        status: 401,
        body: { code: 'token-expired' },
      });
      expect((await refusedSocket(brief.url, ada.accessToken)).data).toMatchObject({ code: 'token-expired' });
    } finally {
      jest.useRealTimers();
    }
    await brief.close();
  });
});
