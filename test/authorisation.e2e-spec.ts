import { randomUUID } from 'node:crypto';
import { declaredProblems } from '../src/platform/problems/problem-kind';
import { call, type Answer } from './support/api';
import { uploaded } from './support/attachments';
import { PASSWORD, signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';

interface Layer {
  route?: { path: string; methods: Record<string, boolean> };
}

/** Every route of the running server, so that a new one is tested automatically. */
function routesOf(server: TestServer): string[] {
  const { stack } = (server.application.getHttpAdapter().getInstance() as { router: { stack: Layer[] } })
    .router;
  return stack.flatMap(({ route }) =>
    route ? Object.keys(route.methods).map((method) => `${method.toUpperCase()} ${route.path}`) : [],
  );
}

/** The answer to an outsider. `public` needs no token, and `own` concerns the caller alone. */
type Rule = 'public' | 'own' | { code: string; body?: object };

const conversation: Rule = { code: 'conversation-not-found' };
const RULES: Record<string, Rule> = {
  'GET /problems/:code': 'public',
  'GET /metrics': 'public',
  'GET /openapi.json': 'public',
  'GET /asyncapi.json': 'public',
  'GET /docs': 'public',
  'GET /health': 'public',
  'GET /health/live': 'public',
  'GET /health/ready': 'public',
  'GET /health/startup': 'public',
  'POST /api/v1/auth/register': 'public',
  'POST /api/v1/auth/login': 'public',
  'POST /api/v1/auth/refresh': 'public',
  'GET /api/v1/auth/registration': 'public',
  'POST /api/v1/auth/password-reset': 'public',
  'POST /api/v1/auth/logout': 'own',
  'PUT /api/v1/auth/password': 'own',
  'GET /api/v1/auth/sessions': 'own',
  'DELETE /api/v1/auth/sessions/:sessionId': { code: 'not-found' },
  'GET /api/v1/search/messages': 'own',
  'GET /api/v1/users': 'own',
  'GET /api/v1/users/me': 'own',
  'PATCH /api/v1/users/me': 'own',
  'DELETE /api/v1/users/me': 'own',
  'GET /api/v1/users/me/presence': 'own',
  'PATCH /api/v1/users/me/presence': 'own',
  'GET /api/v1/users/me/timeline': 'own',
  'GET /api/v1/users/:userId': 'own',
  'GET /api/v1/users/me/blocks': 'own',
  'PUT /api/v1/users/me/blocks/:userId': 'own',
  'DELETE /api/v1/users/me/blocks/:userId': 'own',
  'POST /api/v1/friend-requests': 'own',
  'GET /api/v1/friend-requests': 'own',
  'POST /api/v1/friend-requests/:friendRequestId/accept': { code: 'friend-request-not-found' },
  'POST /api/v1/friend-requests/:friendRequestId/decline': { code: 'friend-request-not-found' },
  'DELETE /api/v1/friend-requests/:friendRequestId': { code: 'friend-request-not-found' },
  'GET /api/v1/friends': 'own',
  'DELETE /api/v1/friends/:userId': 'own',
  'POST /api/v1/conversations': 'own',
  'GET /api/v1/conversations': 'own',
  'GET /api/v1/conversations/:conversationId': conversation,
  'PATCH /api/v1/conversations/:conversationId': { ...conversation, body: { title: 'x' } },
  'DELETE /api/v1/conversations/:conversationId': conversation,
  'GET /api/v1/conversations/:conversationId/participants': conversation,
  'PUT /api/v1/conversations/:conversationId/participants/:userId': { ...conversation, body: {} },
  'DELETE /api/v1/conversations/:conversationId/participants/:userId': conversation,
  'PUT /api/v1/conversations/:conversationId/read': { ...conversation, body: { seq: 0 } },
  'GET /api/v1/conversations/:conversationId/changes': conversation,
  'GET /api/v1/conversations/:conversationId/messages': conversation,
  'POST /api/v1/conversations/:conversationId/messages': { ...conversation, body: { body: 'x' } },
  'PUT /api/v1/conversations/:conversationId/messages/:messageId': { ...conversation, body: { body: 'x' } },
  'GET /api/v1/conversations/:conversationId/messages/:messageId': conversation,
  'DELETE /api/v1/conversations/:conversationId/messages/:messageId': conversation,
  'GET /api/v1/conversations/:conversationId/messages/:messageId/versions': conversation,
  'PUT /api/v1/conversations/:conversationId/messages/:messageId/reactions/:emoji': conversation,
  'DELETE /api/v1/conversations/:conversationId/messages/:messageId/reactions/:emoji': conversation,
  'PUT /api/v1/conversations/:conversationId/messages/:messageId/pin': conversation,
  'DELETE /api/v1/conversations/:conversationId/messages/:messageId/pin': conversation,
  'GET /api/v1/conversations/:conversationId/pins': conversation,
  'POST /api/v1/attachments': 'own',
  'PUT /api/v1/attachments/access': 'own',
  'GET /api/v1/attachments/:attachmentId': { code: 'attachment-not-found' },
};

describe('the authorisation', () => {
  let server: TestServer;
  let ada: Person;
  let ben: Person;
  let outsider: Person;
  let existing: Record<string, string>;

  beforeAll(async () => {
    server = await startTestServer();
    [ada, ben, outsider] = (await signUpAll(server.url, 3)) as [Person, Person, Person];
    const conversationId = await ada.group(ben);
    const { id: messageId } = await ada.send(conversationId, 'a secret');
    const attachment = await uploaded(ada);
    await ada.send(conversationId, 'a secret file', { attachmentIds: [attachment.id] });
    const request = await ada.call('POST', '/friend-requests', { recipientId: ben.id });
    existing = {
      conversationId,
      messageId,
      userId: ben.id,
      sessionId: ada.sessionId,
      friendRequestId: request.body.id,
      emoji: encodeURIComponent('👍'),
      attachmentId: attachment.id,
    };
  });
  afterAll(() => server.close());

  const filled = (path: string, values: (name: string) => string): string =>
    path.replace(/:(\w+)/g, (_match, name: string) => values(name));
  const request = (
    route: string,
    values: (name: string) => string,
    options: Parameters<typeof call>[3] = {},
  ): Promise<Answer> => {
    const [method, path] = route.split(' ') as [string, string];
    return call(server.url, method, filled(path, values), options);
  };

  /** All stored rows, which prove that a rejected request has changed nothing. */
  async function everything(): Promise<unknown> {
    const tables = [
      'users',
      'sessions',
      'friendships',
      'friend_requests',
      'blocks',
      'conversations',
      'conversation_participants',
      'chat_messages',
      'message_versions',
      'message_reactions',
      'message_mentions',
      'attachments',
      'erasures',
      'password_resets',
      'invitations',
    ];
    return Promise.all(
      tables.map((table) => server.dataSource.query(`select xmin::text, * from ${table} order by 2, 3`)),
    );
  }

  // Tests G20.
  it('has a rule for every route, and no rule without a route', () => {
    expect(routesOf(server).sort()).toEqual(Object.keys(RULES).sort());
  });

  it.each(Object.entries(RULES).filter(([, rule]) => rule !== 'public'))(
    'rejects a request without an account: %s',
    async (route) => {
      const before = await everything();
      const answer = await request(route, (name) => existing[name]!);
      expect(answer).toMatchObject({ status: 401, body: { code: 'unauthenticated', status: 401 } });
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      expect(await everything()).toEqual(before);
    },
  );

  // Tests G6, G20.
  it.each(Object.entries(RULES).filter(([, rule]) => typeof rule === 'object'))(
    'answers an outsider only that the object does not exist: %s',
    async (route, rule) => {
      const { code, body } = rule as { code: string; body?: object };
      const before = await everything();
      const options = { token: outsider.accessToken, body };
      const refused = await request(route, (name) => existing[name]!, options);
      const absent = await request(
        route,
        (name) => (name === 'emoji' ? existing.emoji! : randomUUID()),
        options,
      );
      expect(refused).toMatchObject({ status: 404, body: { code } });
      expect({ ...refused.body, instance: '', requestId: '' }).toEqual({
        ...absent.body,
        instance: '',
        requestId: '',
      });
      expect(await everything()).toEqual(before);
    },
  );

  it.each(Object.keys(RULES).filter((route) => route.includes(':') && !route.includes(':code')))(
    'accepts only well-formed ids: %s',
    async (route) => {
      for (const wrong of [
        'x',
        '1',
        existing.userId!.slice(1),
        `${existing.userId}%00`,
        "'or'1'='1",
        '..%2f..',
      ]) {
        const answer = await request(route, () => wrong, {
          token: ada.accessToken,
          body: route.startsWith('GET') ? undefined : {},
        });
        expect({ wrong, status: answer.status }).toEqual({ wrong, status: 400 });
      }
    },
  );

  it('names the allowed methods of an address', async () => {
    for (const [method, path, allow] of [
      ['DELETE', '/api/v1/auth/login', 'POST'],
      ['POST', '/health/live', 'GET, HEAD'],
      ['PATCH', '/api/v1/conversations', 'GET, HEAD, POST'],
      ['POST', `/api/v1/conversations/${randomUUID()}`, 'DELETE, GET, HEAD, PATCH'],
    ] as const) {
      const answer = await call(server.url, method, path, { token: ada.accessToken });
      expect(answer).toMatchObject({ status: 405, body: { code: 'method-not-allowed' } });
      expect(answer.headers.get('allow')).toBe(allow);
    }
    for (const path of ['/nothing', '/api/v1', '/api/v1/nothing', '/api/v2/users/me', '/%2e%2e/etc/passwd']) {
      expect(await call(server.url, 'GET', path)).toMatchObject({ status: 404, body: { code: 'not-found' } });
    }
  });

  it('answers every problem with its explanation', async () => {
    for (const { code, status, title, explanation } of declaredProblems()) {
      expect((await call(server.url, 'GET', `/problems/${code}`)).body).toEqual({
        type: `/problems/${code}`,
        code,
        status,
        title,
        detail: explanation,
      });
    }
    expect((await call(server.url, 'GET', '/problems/constructor')).status).toBe(404);
  });

  it('rejects with a complete problem, without caching, and with security headers', async () => {
    const answer = await call(server.url, 'GET', '/api/v1/users/me?secret=1', {
      headers: { 'x-request-id': 'my-request-1' },
    });
    expect(answer.body).toEqual({
      type: '/problems/unauthenticated',
      title: expect.any(String),
      status: 401,
      detail: expect.any(String),
      code: 'unauthenticated',
      instance: '/api/v1/users/me',
      requestId: 'my-request-1',
    });
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(answer.headers.get('x-request-id')).toBe('my-request-1');
    expect(
      (
        await call(server.url, 'GET', '/health/live', { headers: { 'x-request-id': 'a b<script>' } })
      ).headers.get('x-request-id'),
    ).toMatch(/^[0-9a-f-]{36}$/);
    for (const [path, token] of [
      ['/api/v1/users/me', ada.accessToken],
      ['/api/v1/conversations', ada.accessToken],
      ['/nothing', undefined],
      ['/health', undefined],
    ] as const) {
      const { headers } = await call(server.url, 'GET', path, { token });
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-security-policy')).toContain("default-src 'self'");
      expect(headers.get('content-security-policy')).toMatch(/frame-ancestors '(self|none)'/);
      expect(headers.get('strict-transport-security')).toMatch(/max-age=\d{8,}; includeSubDomains/i);
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('x-powered-by')).toBeNull();
      expect(headers.get('etag')).toBeNull();
    }
  });

  describe('handles a hostile body:', () => {
    const raw = async (
      body: string | Buffer,
      headers: Record<string, string> = {},
      path = '/api/v1/auth/login',
    ): Promise<Answer> => {
      const response = await fetch(server.url + path, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json', ...headers },
      });
      return { status: response.status, headers: response.headers, body: await response.json() };
    };
    const login = JSON.stringify({ login: 'nobody-at-all', password: PASSWORD });

    it.each([
      ['no JSON', 'login=a', {}, 400, 'malformed-request'],
      ['half of it', '{"login": "a"', {}, 400, 'malformed-request'],
      ['a string', '"login"', {}, 400, 'malformed-request'],
      ['null', 'null', {}, 400, 'malformed-request'],
      ['a list', '[]', {}, 400, 'validation-failed'],
      ['nothing', '', {}, 400, 'validation-failed'],
      ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), {}, 400, 'malformed-request'],
      ['40,000 brackets', '['.repeat(40_000) + ']'.repeat(40_000), {}, 400, 'validation-failed'],
      [
        '40,000 nested fields',
        '{"a":'.repeat(20_000) + '1' + '}'.repeat(20_000),
        {},
        400,
        'validation-failed',
      ],
      ['a prototype', '{"__proto__": {"login": "a", "password": "b"}}', {}, 400, 'validation-failed'],
      [
        'a constructor',
        '{"constructor": {"prototype": {}}, "login": "a", "password": "b"}',
        {},
        400,
        'validation-failed',
      ],
      [
        'a constructor further within',
        '{"login": [{"a": {"constructor": "x"}}], "password": {"constructor": 1}}',
        {},
        400,
        'validation-failed',
      ],
      ['too much', JSON.stringify({ login: 'x'.repeat(200_000) }), {}, 413, 'payload-too-large'],
      [
        'a form',
        'login=a',
        { 'content-type': 'application/x-www-form-urlencoded' },
        415,
        'unsupported-media-type',
      ],
      ['text', login, { 'content-type': 'text/plain' }, 415, 'unsupported-media-type'],
      [
        'another charset',
        login,
        { 'content-type': 'application/json; charset=utf-16' },
        415,
        'unsupported-media-type',
      ],
      ['compressed', login, { 'content-encoding': 'gzip' }, 415, 'unsupported-media-type'],
      [
        'objects for strings',
        '{"login": {"$gt": ""}, "password": {"$gt": ""}}',
        {},
        400,
        'validation-failed',
      ],
      [
        'the right form',
        login,
        { 'content-type': 'Application/JSON; Charset="UTF-8"' },
        401,
        'invalid-credentials',
      ],
    ] as [string, string | Buffer, Record<string, string>, number, string][])(
      '%s',
      async (_what, body, headers, status, code) => {
        expect(await raw(body, headers)).toMatchObject({ status, body: { code } });
      },
    );

    it('leaves every prototype unchanged', () => {
      expect(({} as Record<string, unknown>).login).toBeUndefined();
    });
  });

  it('ignores or rejects fields that the caller must not set, and treats meta characters as text', async () => {
    const before = await everything();
    const path = `/conversations/${existing.conversationId}`;
    for (const fields of [
      { senderId: ben.id },
      { seq: 99 },
      { rev: 1 },
      { createdAt: 'now' },
      { version: 'v' },
      { deletedAt: null, x: 1 },
    ]) {
      expect((await ada.call('POST', `${path}/messages`, { body: 'x', ...fields })).status).toBe(400);
    }
    for (const fields of [
      { lastSeq: 0 },
      { type: 'direct' },
      { createdBy: ben.id },
      { title: ['x'] },
      { title: { a: 1 } },
    ]) {
      expect((await ada.call('PATCH', path, fields)).status).toBe(400);
    }
    expect(
      (await ada.call('PUT', `${path}/participants/${ben.id}`, { role: 'owner; drop table users' })).status,
    ).toBe(400);
    for (const query of ['sort=id', 'order=desc', 'limit=1;drop', 'limit[]=1', 'before[seq]=1']) {
      expect({ query, status: (await ada.call('GET', `${path}/messages?${query}`)).status }).toEqual({
        query,
        status: 400,
      });
    }
    expect(await everything()).toEqual(before);
    const text = `'; drop table chat_messages; -- $1 %s \\ {{x}} \${y}`;
    expect((await ada.send(existing.conversationId!, text)).body).toBe(text);
  });
});
