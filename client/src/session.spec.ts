import { Api } from './api.ts';
import type { SignedIn } from './types.ts';
import { Session, type SessionStorage } from './session.ts';
import { MemoryStorage, writeIf } from './storage.ts';

const QUARTER_HOUR = 900;
const user = { id: 'ada', username: 'ada' } as SignedIn['user'];
const pair = (name: string, expiresIn = QUARTER_HOUR) => ({
  accessToken: `access ${name}`,
  refreshToken: `refresh ${name}`,
  expiresIn,
});
const device = { id: 's', deviceName: null, createdAt: '', lastUsedAt: '', expiresAt: '', current: true };
const signedIn = (expiresIn?: number): SignedIn => ({ ...pair('0', expiresIn), user, session: device });

interface Request {
  readonly path: string;
  readonly token: string | null;
  readonly body: unknown;
}

/** A session with a fake server, which answers each request as the test says. */
function bench(answer: (request: Request) => [status: number, body: unknown] | Error) {
  const requests: Request[] = [];
  const storage = new MemoryStorage();
  const owned: SessionStorage = {
    get: (key) => storage.get(key),
    replace: (key, value, allows) => writeIf(storage, { keys: [key], allows }, key, value),
  };
  const open = (): Session =>
    new Session(
      new Api('http://server/', 1_000, async (url, init) => {
        const request = {
          path: url.replace('http://server/api/v1', ''),
          token: new Headers(init.headers).get('authorization'),
          body: init.body && JSON.parse(init.body as string),
        };
        requests.push(request);
        await Promise.resolve();
        const given = answer(request);
        if (given instanceof Error) throw given;
        return new Response(JSON.stringify(given[1]), { status: given[0] });
      }),
      owned,
      {},
    );
  return { session: open(), open, requests, storage };
}

const refuse = (status: number, code: string): [number, unknown] => [status, { code, status }];

describe('a session', () => {
  it('renews an expired token once for all callers, and stores the new pair', async () => {
    const { session, requests, storage } = bench(({ path }) => [
      200,
      path === '/auth/refresh' ? pair('1') : {},
    ]);
    await session.begin(signedIn(0));
    await Promise.all([1, 2, 3].map(() => session.request('GET', '/friends')));
    expect(requests.map(({ path, token }) => `${path} ${token}`)).toEqual([
      '/auth/refresh null',
      ...[1, 2, 3].map(() => '/friends Bearer access 1'),
    ]);
    expect(await storage.get('session')).toMatchObject({ refreshToken: 'refresh 1' });
  });

  it('renews a token that the server rejects, and repeats the request', async () => {
    const { session, requests } = bench(({ path, token }) => {
      if (path === '/auth/refresh') return [200, pair('1')];
      return token === 'Bearer access 1' ? [200, { items: [] }] : refuse(401, 'token-expired');
    });
    await session.begin(signedIn());
    await expect(session.request('GET', '/friends')).resolves.toEqual({ items: [] });
    expect(requests.map(({ path }) => path)).toEqual(['/friends', '/auth/refresh', '/friends']);
  });

  it('uses the old token while it cannot get a new one', async () => {
    const { session } = bench(({ path }) =>
      path === '/auth/refresh' ? refuse(503, 'temporarily-unavailable') : [200, 'well'],
    );
    await session.begin(signedIn(0));
    await expect(session.request('GET', '/friends')).resolves.toBe('well');
    expect(session.user).toEqual(user);
  });

  it.each([
    ['no answer', new TypeError('fetch failed'), false],
    ['503', refuse(503, 'draining'), false],
    ['a 401 of something in between', [401, '<html>'] as [number, unknown], false],
    ['a revoked session', refuse(401, 'session-revoked'), true],
    ['an unknown token', refuse(401, 'unauthenticated'), true],
  ])('ends only when the server says so: %s to a refresh', async (_name, answer, isOver) => {
    const { session } = bench(() => answer);
    const over: string[] = [];
    session.on('over', ({ code }) => over.push(code));
    await session.begin(signedIn());
    await expect(session.refresh()).rejects.toThrow();
    expect(over).toHaveLength(isOver ? 1 : 0);
    expect(session.user).toEqual(isOver ? undefined : user);
  });

  it('continues with the pair that another tab has stored', async () => {
    let count = 0;
    const { session, open, requests } = bench(() => [200, pair(String(++count))]);
    await session.begin(signedIn());
    const other = open();
    await other.restore();
    await other.refresh();
    // The other tab has a fresh pair, so this one sends no request and presents no old token.
    await expect(session.refresh()).resolves.toBe('access 1');
    await session.refresh();
    expect(requests.map(({ body }) => body)).toEqual([
      { refreshToken: 'refresh 0' },
      { refreshToken: 'refresh 1' },
    ]);
  });

  it('rejects an answer that arrives in another session', async () => {
    const { session, requests } = bench(({ token }) =>
      token === 'Bearer access 0' ? refuse(401, 'token-expired') : [200, 'of Ben'],
    );
    await session.begin(signedIn());
    const late = session.request('POST', '/conversations', { title: 'of Ada' });
    late.catch(() => undefined);
    session.drop();
    await session.begin({ ...signedIn(), ...pair('ben'), user: { ...user, id: 'ben' } });
    await expect(late).rejects.toMatchObject({ code: 'signed-out' });
    // Ada's request is not repeated as Ben, and does not end his session.
    expect(requests.map(({ token }) => token)).toEqual(['Bearer access 0']);
    expect(session.user?.id).toBe('ben');
  });

  it('is not ended by a rejection of the previous session', async () => {
    const { session } = bench(() => refuse(401, 'session-revoked'));
    await session.begin(signedIn());
    const late = session.request('GET', '/friends');
    late.catch(() => undefined);
    session.drop();
    await session.begin({ ...signedIn(), ...pair('ben'), user: { ...user, id: 'ben' } });
    await expect(late).rejects.toMatchObject({ code: 'signed-out' });
    expect(session.user?.id).toBe('ben');
  });

  it('is not begun by a read that ends after it was dropped', async () => {
    const { session, open } = bench(() => [200, {}]);
    await session.begin(signedIn());
    const other = open();
    const restored = other.restore();
    other.drop();
    await restored;
    expect(other.user).toBeUndefined();
  });

  it('renews the token by itself before it expires', async () => {
    jest.useFakeTimers({ doNotFake: ['queueMicrotask', 'nextTick'] });
    try {
      const { session, requests } = bench(() => [200, pair('1')]);
      await session.begin(signedIn());
      session.start();
      await jest.advanceTimersByTimeAsync((QUARTER_HOUR - 61) * 1_000);
      expect(requests).toHaveLength(0);
      const refreshed = new Promise((resolve) => session.on('refreshed', resolve));
      await jest.advanceTimersByTimeAsync(2_000);
      await expect(refreshed).resolves.toBe('access 1');
      session.stop();
    } finally {
      jest.useRealTimers();
    }
  });
});
