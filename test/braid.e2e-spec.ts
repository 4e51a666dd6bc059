import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RawExchange } from './braid/support/raw-exchange';
import type { Answer } from './support/api';
import { signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import { until } from './support/until';

interface Operation {
  readonly parameters: readonly { readonly name: string; readonly example: string }[];
  readonly responses: Readonly<Record<string, { readonly headers: object }>>;
}
const documented: { paths: Record<string, unknown> } = JSON.parse(
  readFileSync(join(__dirname, '../docs/openapi.json'), 'utf8'),
);

describe('a message as a Braid resource', () => {
  let server: TestServer;
  let ada: Person;
  let ben: Person;
  let outsider: Person;
  let conversationId: string;

  beforeAll(async () => {
    server = await startTestServer();
    [ada, ben, outsider] = (await signUpAll(server.url, 3)) as [Person, Person, Person];
  });
  beforeEach(async () => {
    conversationId = await ada.group(ben);
  });
  afterAll(() => server.close());

  const pathOf = (id: string): string => `/conversations/${conversationId}/messages/${id}`;
  const ask = (
    person: Person,
    method: string,
    id: string,
    headers: Record<string, string> = {},
    body?: unknown,
  ): Promise<Answer> => person.call(method, pathOf(id), body, { headers });
  const braidOf = ({ headers }: Answer) => ({
    version: headers.get('version'),
    parents: headers.get('parents'),
    current: headers.get('current-version'),
  });
  /** Sends a patch as the clients do: bytes without a type. */
  async function patch(id: string, headers: Record<string, string>, bytes: string): Promise<Answer> {
    const response = await fetch(`${server.url}/api/v1${pathOf(id)}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${ada.accessToken}`, ...headers },
      body: Buffer.from(bytes),
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  }

  it('has versions with parents, each of which can be read', async () => {
    const sent = await ada.send(conversationId, 'one');
    const created = await ask(ben, 'GET', sent.id);
    expect(created).toMatchObject({ status: 200, body: sent });
    expect(braidOf(created)).toEqual({ version: `"${sent.id}"`, parents: null, current: `"${sent.id}"` });
    expect(created.headers.get('vary')).toMatch(/Version, Parents, Subscribe/);
    const edited = await ask(
      ada,
      'PUT',
      sent.id,
      { version: '"v2"', parents: `"${sent.id}"` },
      { body: 'two' },
    );
    expect(edited).toMatchObject({ status: 200, body: { body: 'two', version: 'v2', parents: [sent.id] } });
    expect(braidOf(edited)).toEqual({ version: '"v2"', parents: `"${sent.id}"`, current: '"v2"' });
    const old = await ask(ben, 'GET', sent.id, { version: `"${sent.id}"` });
    expect(old).toMatchObject({ status: 200, body: { body: 'one', version: sent.id, editedAt: null } });
    expect(braidOf(old)).toEqual({ version: `"${sent.id}"`, parents: null, current: '"v2"' });
    expect((await ask(ben, 'GET', sent.id, { version: '"v2"' })).body).toEqual(edited.body);
    const head = await ask(ben, 'HEAD', sent.id);
    expect(head).toMatchObject({ status: 200, body: undefined });
    expect(braidOf(head)).toEqual(braidOf(edited));
    for (const [headers, status] of [
      [{ version: '"nothing"' }, 432],
      [{ version: '"v2", "nothing"' }, 432],
      [{ version: `"v2", "${sent.id}"` }, 400],
      [{ version: 'v2' }, 400],
      [{ 'merge-type': 'aww' }, 400],
      [{ 'merge-type': '"linear"' }, 200],
    ] as const) {
      const answer = await ask(ben, 'GET', sent.id, headers);
      expect([headers, answer.status]).toEqual([headers, status]);
      if (status === 432) {
        expect(answer.body.code).toBe('version-not-found');
        expect(answer.headers.get('version')).toBe('"nothing"');
        expect(answer.headers.get('retry-after')).toBeNull();
      }
    }
    const hidden = await ask(outsider, 'GET', sent.id, { version: '"v2"' });
    expect(hidden).toMatchObject({ status: 404, body: { code: 'conversation-not-found' } });
  });

  it('is created only by a PUT whose version is its id', async () => {
    const [id, other] = [randomUUID(), randomUUID()];
    const socket = await ben.connect();
    for (const [messageId, headers, body, expected] of [
      [id, { version: '"other"', parents: '' }, { body: 'a' }, { status: 400 }],
      [id, { version: '"other"' }, { body: 'a' }, { status: 404 }],
      [id, { version: `"${id}"`, parents: '' }, { body: 'a' }, { status: 200, body: { seq: 1 } }],
      [id, { version: `"${id}"` }, { body: 'a' }, { status: 200, body: { seq: 1 } }],
      [id, { version: `"${id}"` }, { body: 'b' }, { status: 409, body: { code: 'message-id-conflict' } }],
      [other, { version: `"${other}"` }, { body: 'b' }, { status: 200, body: { seq: 2 } }],
    ] as const) {
      expect(await ask(ada, 'PUT', messageId, headers, body)).toMatchObject(expected);
    }
    await socket.next('message:created', ({ seq }) => seq === 2);
    expect(socket.payloads('message:created').map(({ seq }) => seq)).toEqual([1, 2]);
    socket.close();
  });

  it('accepts one edit of the current version, and names the current version to others', async () => {
    const socket = await ben.connect();
    const sent = await ada.send(conversationId, 'one');
    const headers = { version: '"v2"', parents: `"${sent.id}"` };
    const first = await ask(ada, 'PUT', sent.id, headers, { body: 'two' });
    const again = await ask(ada, 'PUT', sent.id, headers, { body: 'two' });
    expect(again).toMatchObject({ status: 200, body: first.body });
    for (const [person, asked, body, expected] of [
      [ada, headers, { body: 'other' }, { status: 409, body: { code: 'version-conflict' } }],
      [ben, headers, { body: 'two' }, { status: 409, body: { code: 'version-conflict' } }],
      [ada, { parents: `"${sent.id}"` }, { body: 'three' }, { status: 409, body: { current: first.body } }],
      [ada, { parents: '"x"' }, { body: 'three' }, { status: 432, body: { code: 'version-not-found' } }],
      [ada, headers, { body: 'two', version: 'v3' }, { status: 400 }],
      [ada, headers, { body: 'two', parents: ['v3'] }, { status: 400 }],
      [ada, { 'merge-type': 'aww' }, { body: 'two' }, { status: 400 }],
      [ben, { parents: '"v2"' }, { body: 'three' }, { status: 403 }],
      [outsider, { parents: '"v2"' }, { body: 'three' }, { status: 404 }],
    ] as const) {
      const answer = await ask(person, 'PUT', sent.id, asked, body);
      expect({ asked, body, answer }).toMatchObject({ asked, body, answer: expected });
      if (answer.status === 409) expect(answer.headers.get('current-version')).toBe('"v2"');
      if (answer.status === 432) {
        expect(answer.headers.get('parents')).toBe('"x"');
        expect(answer.headers.get('retry-after')).toBe('1');
      }
    }
    const agreed = { body: 'three', version: 'v3', parents: ['v2'] };
    const third = await ask(ada, 'PUT', sent.id, { version: '"v3"', parents: '"v2"' }, agreed);
    expect(third).toMatchObject({ status: 200, body: { ...agreed, rev: 2 } });
    await socket.next('message:updated', ({ rev }) => rev === 2);
    expect(socket.payloads('message:updated')).toEqual([first.body, third.body]);
    socket.close();
  });

  it('accepts patches of its body as the clients send them', async () => {
    const sent = await ada.send(conversationId, 'Hello 🙂!');
    const parts = (...patches: [string, string][]): string =>
      patches
        .map(([range, text]) => {
          const content = JSON.stringify(text);
          return `content-length: ${Buffer.byteLength(content)}\r\ncontent-range: json ${range}\r\n\r\n${content}\r\n`;
        })
        .join('\r\n');
    const range = { 'content-range': 'json .body[6:7]' };
    const headers = { ...range, version: '"v2"', parents: `"${sent.id}"` };
    const edited = await patch(sent.id, headers, '"Ben"');
    expect(edited).toMatchObject({ status: 200, body: { body: 'Hello Ben!', version: 'v2' } });
    expect((await patch(sent.id, headers, '"Ben"')).body).toEqual(edited.body);
    expect((await patch(sent.id, headers, '"Eve"')).status).toBe(409);
    expect((await patch(sent.id, { ...range, parents: `"${sent.id}"` }, '"Eve"')).status).toBe(409);
    const both = parts(['.body[0:5]', 'Good bye'], ['.body[-1:-0]', '…']);
    expect(await patch(sent.id, { patches: '2', version: '"v3"' }, both)).toMatchObject({
      status: 200,
      body: { body: 'Good bye Ben…', version: 'v3', parents: ['v2'] },
    });
    // A repeated edit changes nothing, although its parent is no longer the current version.
    expect(await patch(sent.id, headers, '"Ben"')).toMatchObject({ status: 200, body: { version: 'v3' } });
    expect(await patch(sent.id, { patches: '0' }, '')).toMatchObject({
      status: 200,
      body: { version: 'v3' },
    });
    for (const [asked, bytes, status] of [
      [{ 'content-range': 'json .seq' }, '1', 416],
      [{ 'content-range': 'json .body[0:99]' }, '"x"', 416],
      [{ 'content-range': 'text [0:0]' }, 'x', 416],
      [{ 'content-range': 'json .body' }, 'x', 400],
      [{ 'content-range': 'json .body' }, '""', 400],
      [{ 'content-range': 'json .body' }, JSON.stringify('x'.repeat(4_001)), 422],
      [{ patches: '1' }, '', 400],
    ] as const) {
      expect([asked, (await patch(sent.id, asked, bytes)).status]).toEqual([asked, status]);
    }
    expect((await patch(randomUUID(), range, '"x"')).status).toBe(404);
    await ask(ada, 'DELETE', sent.id);
    expect(await patch(sent.id, headers, '"Ben"')).toMatchObject({ status: 200, body: { body: null } });
    expect((await patch(sent.id, { ...range, version: '"v9"' }, '"x"')).status).toBe(409);
    // Only messages can be patched.
    const read = await ada.call(
      'PUT',
      `/conversations/${conversationId}/read`,
      { seq: 1 },
      { headers: range },
    );
    expect(read.status).toBe(400);
  });

  it('is deleted by a version that marks it', async () => {
    const sent = await ada.send(conversationId, 'one');
    await ask(ada, 'PUT', sent.id, { version: '"v2"' }, { body: 'two' });
    for (const [headers, status] of [
      [{ parents: `"${sent.id}"` }, 409],
      [{ parents: '"x"' }, 432],
      [{ version: '"v2"' }, 409],
      [{ version: '"a", "b"' }, 400],
      [{ 'if-match': `"${sent.id}:0"` }, 412],
      [{ 'if-match': '"unknown"' }, 412],
      [{ 'if-match': 'no tag' }, 400],
      [{ 'if-match': `"${sent.id}:0"`, version: '"end"' }, 409],
    ] as const) {
      expect([headers, (await ask(ada, 'DELETE', sent.id, headers)).status]).toEqual([headers, status]);
    }
    const headers = { version: '"end"', parents: '"v2"' };
    const deleted = await ask(ada, 'DELETE', sent.id, headers);
    expect(deleted).toMatchObject({
      status: 200,
      body: { body: null, version: 'end', parents: ['v2'], deletedAt: expect.any(String) },
    });
    expect(braidOf(deleted)).toEqual({ version: '"end"', parents: '"v2"', current: '"end"' });
    expect((await ask(ada, 'DELETE', sent.id, headers)).body).toEqual(deleted.body);
    expect(await ask(ben, 'GET', sent.id, { version: '"v2"' })).toMatchObject({
      status: 200,
      body: { body: null, version: 'v2', deletedAt: deleted.body.deletedAt },
    });
  });

  it('documents the headers of a message with examples that the server accepts', async () => {
    const sent = await ada.send(conversationId, 'one');
    const { get, put } = documented.paths['/api/v1/conversations/{conversationId}/messages/{messageId}'] as {
      get: Operation;
      put: Operation;
    };
    const answer = await ask(ben, 'GET', sent.id);
    for (const name of ['ETag', 'Version', 'Current-Version']) {
      expect(answer.headers.get(name)).toEqual(expect.any(String));
      expect(Object.keys(get.responses['200']!.headers)).toContain(name);
    }
    expect(Object.keys(put.responses['200']!.headers)).toContain('ETag');
    const tag = get.parameters.find(({ name }) => name === 'If-None-Match')!.example;
    expect(tag.replace(/"[^:]*/, `"${sent.id}`)).toBe(answer.headers.get('etag'));
    const match = put.parameters.find(({ name }) => name === 'If-Match')!.example;
    expect(match).toBe(tag);
  });

  it('rejects headers that it cannot parse', async () => {
    for (const path of [pathOf('').slice(0, -1), '/users/me/timeline'])
      expect(await ada.call('GET', path, undefined, { headers: { parents: 'no quotes' } })).toMatchObject({
        status: 400,
        body: { code: 'validation-failed', errors: [{ pointer: '/headers/Parents' }] },
      });
  });

  it('can be edited and cached by its entity tag', async () => {
    const sent = await ada.send(conversationId, 'one');
    const tagOf = async () => (await ask(ben, 'GET', sent.id)).headers.get('etag')!;
    const first = await tagOf();
    expect((await ask(ben, 'GET', sent.id, { 'if-none-match': first })).status).toBe(304);
    const put = (ifMatch: string, body: string): Promise<Answer> =>
      ask(ada, 'PUT', sent.id, { 'if-match': ifMatch }, { body });
    expect(await put(first, 'two')).toMatchObject({ status: 200, body: { parents: [sent.id] } });
    const second = await tagOf();
    expect(second).not.toBe(first);
    expect((await ask(ben, 'GET', sent.id, { 'if-none-match': first })).status).toBe(200);
    const stale = {
      status: 412,
      body: { code: 'precondition-failed', current: { id: sent.id, body: 'two' } },
    };
    for (const tag of [first, `W/${second}`, '"unknown"', '"with, comma"', `"x:1", ${first}`, '"v:1:2"'])
      expect([tag, await put(tag, 'three')]).toMatchObject([tag, stale]);
    const edit = (headers: Record<string, string>, body: object): Promise<Answer> =>
      ask(ada, 'PUT', sent.id, headers, body);
    const conflict = { status: 409, body: { code: 'version-conflict' } };
    expect(await edit({ 'if-match': first, version: '"v3"' }, { body: 'three' })).toMatchObject(conflict);
    expect(await edit({}, { body: 'three', parents: [sent.id] })).toMatchObject(conflict);
    // Repeating an edit is safe, although its own tag is stale by then.
    const named = { body: 'named', version: 'v-named' };
    expect((await edit({ 'if-match': second }, named)).status).toBe(200);
    expect(await edit({ 'if-match': second }, named)).toMatchObject({ status: 200, body: { body: 'named' } });
    const third = await tagOf();
    // The version name is wrong here, not the tag.
    expect(await edit({ 'if-match': third }, { body: 'other', version: 'v-named' })).toMatchObject(conflict);
    expect((await put(`${second}, ${third}`, 'two')).status).toBe(200);
    expect((await put(`${first}, ${await tagOf()}`, 'three')).status).toBe(200);
    expect((await put('*', 'four')).status).toBe(200);
    expect((await put('W/"x:1"', 'five')).status).toBe(412);
    for (const wrong of ['x', '"x', '"x" "y"', ','])
      expect([wrong, (await put(wrong, 'five')).status]).toEqual([wrong, 400]);
    const absent = { 'if-match': '*' };
    expect((await ask(ada, 'PUT', randomUUID(), absent, { body: 'x' })).status).toBe(404);
  });
});

describe('a timeline as a Braid resource', () => {
  let server: TestServer;
  let ada: Person;
  let ben: Person;
  let conversationId: string;

  beforeAll(async () => {
    server = await startTestServer();
    [ada, ben] = (await signUpAll(server.url, 2)) as [Person, Person];
  });
  beforeEach(async () => {
    conversationId = await ada.group(ben);
  });
  afterAll(() => server.close());

  const subscribe = (person: Person, path: string, headers: Record<string, string> = {}) =>
    RawExchange.begin(`${server.url}/api/v1${path}`, {
      headers: { Authorization: `Bearer ${person.accessToken}`, Subscribe: 'true', ...headers },
    });
  const timeline = (): string => `/conversations/${conversationId}/messages`;

  it('sends its newest page and then each change, based on the versions sent before', async () => {
    const first = await ada.send(conversationId, 'one 🙂');
    const stream = await subscribe(ben, timeline());
    expect(stream).toMatchObject({ status: 209, reason: 'Subscription' });
    expect(stream.headers).toMatchObject({
      subscribe: 'true',
      'current-version': '"1.0"',
      'cache-control': 'no-store',
    });
    const second = await ada.send(conversationId, 'two');
    const edited = await ada.call('PUT', `${timeline()}/${first.id}`, { body: 'edited' });
    await ada.call('PATCH', `/conversations/${conversationId}`, { title: 'renamed' });
    const deleted = await ada.call('DELETE', `${timeline()}/${second.id}`);
    const updates = await stream.atLeast(5);
    expect(JSON.parse(updates[0]!.body!)).toEqual({ messages: { [first.id]: first } });
    expect(updates.map(({ version, parents }) => [version, parents])).toEqual([
      [['1.0'], undefined],
      [['2.0'], ['1.0']],
      [['2.1'], ['2.0']],
      [['2.2'], ['2.1']],
      [['2.3'], ['2.2']],
    ]);
    const patches = updates.map(({ patches = [] }) =>
      patches.map(({ unit, range, content }) => [unit, range, JSON.parse(content)]),
    );
    expect(patches).toEqual([
      [],
      [['json', `.messages["${second.id}"]`, second]],
      [['json', `.messages["${first.id}"]`, edited.body]],
      [],
      [['json', `.messages["${second.id}"]`, deleted.body]],
    ]);
    stream.close();
  });

  it('is resumed from the version of the reader, with exactly the newer changes in their current form', async () => {
    const [first, second] = [await ada.send(conversationId, 'one'), await ada.send(conversationId, 'two')];
    await ada.call('PUT', `${timeline()}/${first.id}`, { body: 'edited' });
    const third = await ada.send(conversationId, 'three');
    await ada.call('PUT', `${timeline()}/${third.id}`, { body: 'three, edited' });
    const told = (stream: RawExchange) =>
      stream.updates.map(({ version, parents, patches = [] }) => [
        version?.[0],
        parents?.[0],
        ...patches.map(({ content }) => JSON.parse(content).body),
      ]);
    const expected = [
      ['3.0', '2.0', 'three, edited'],
      ['3.1', '3.0', 'edited'],
      ['3.2', '3.1'],
    ];
    const stream = await subscribe(ben, timeline(), { Parents: '"2.0"' });
    await stream.atLeast(3);
    expect(told(stream)).toEqual(expected);
    await ada.send(conversationId, 'four');
    await stream.atLeast(4);
    expect(told(stream)).toEqual([...expected, ['4.2', '3.2', 'four']]);
    // Without Subscribe, the response ends when everything is sent.
    const headers = { Authorization: `Bearer ${ben.accessToken}` };
    const once = await RawExchange.whole(`${server.url}/api/v1${timeline()}`, {
      headers: { ...headers, Parents: '"3.1"' },
    });
    expect(once.status).toBe(209);
    expect(once.headers.subscribe).toBeUndefined();
    expect(told(once)).toEqual([
      ['4.1', '3.1', 'four'],
      ['4.2', '4.1', 'three, edited'],
    ]);
    // A reader who has everything gets an empty answer at once.
    const nothing = await subscribe(ben, timeline(), { Parents: '"4.2"' });
    expect(nothing.list('Current-Version')).toEqual(['4.2']);
    // Empty Parents ask for everything.
    const everything = await subscribe(ben, timeline(), { Parents: '' });
    await everything.atLeast(5);
    expect(told(everything).map(([, , body]) => body)).toEqual([
      'edited',
      'two',
      'three, edited',
      'four',
      undefined,
    ]);
    await ada.call('DELETE', `${timeline()}/${second.id}`);
    await nothing.atLeast(1);
    expect(told(nothing)).toEqual([['4.3', '4.2', null]]);
    for (const opened of [stream, nothing, everything]) opened.close();
  });

  it('rejects versions that it does not keep, and outsiders', async () => {
    await ada.send(conversationId, 'one');
    const [outsider] = (await signUpAll(server.url, 1)) as [Person];
    const subscribing = { subscribe: 'true' };
    for (const [person, headers, query, status] of [
      [ben, { ...subscribing, parents: '"2.0"' }, '', 432],
      [ben, { ...subscribing, parents: '"1.0.2"' }, '', 432],
      [ben, { ...subscribing, parents: '"nothing"' }, '', 432],
      [ben, { ...subscribing, version: '"1.0"' }, '', 400],
      [ben, { parents: '"0.0"', version: '"1.0"' }, '', 400],
      [ben, { ...subscribing, heartbeats: 'often' }, '', 400],
      [ben, { ...subscribing, 'merge-type': 'aww' }, '', 400],
      [ben, subscribing, '?before=1', 400],
      [ben, subscribing, '?limit=201', 400],
      [ben, { version: '"0.0"' }, '', 432],
      [ben, { version: '"1.0"' }, '', 200],
      [outsider, subscribing, '', 404],
      [outsider, { ...subscribing, parents: '"1.0"' }, '', 404],
      [outsider, { version: '"1.0"' }, '', 404],
    ] as const) {
      const answer = await person.call('GET', `${timeline()}${query}`, undefined, { headers });
      expect([headers, query, answer.status]).toEqual([headers, query, status]);
      if (status === 432 && 'parents' in headers) expect(answer.headers.get('parents')).toBe(headers.parents);
    }
    const head = await ben.call('HEAD', timeline(), undefined, { headers: subscribing });
    expect(head).toMatchObject({ status: 209, body: undefined });
    expect(head.headers.get('current-version')).toBe('"1.0"');
  });

  it('sends heartbeats on request', async () => {
    const stream = await subscribe(ben, timeline(), { Heartbeats: '0.5' });
    expect(stream.headers.heartbeats).toBe('0.5s');
    await until('three signs of life', () => stream.parser.blankLines >= 5);
    await ada.send(conversationId, 'one');
    await stream.atLeast(2);
    const silent = await subscribe(ben, timeline());
    expect(silent.headers.heartbeats).toBeUndefined();
    for (const opened of [stream, silent]) opened.close();
  });

  // Tests G6.
  it('ends when the reader loses access, and not for others', async () => {
    const [cora, dan] = (await signUpAll(server.url, 2)) as [Person, Person];
    const group = await ada.group(ben, cora, dan);
    const direct = await ada.direct(dan);
    const old = await ada.send(group, 'before');
    const path = `/conversations/${group}/messages`;
    const benAgain = await ben.signInAgain();
    const streams = {
      removed: await subscribe(cora, path),
      message: await subscribe(cora, `${path}/${old.id}`),
      signedOut: await subscribe(benAgain, path),
      stays: await subscribe(ben, path),
      blocked: await subscribe(dan, `/conversations/${direct}/messages`),
      blocking: await subscribe(ada, `/conversations/${direct}/messages`),
    };
    await ada.call('DELETE', `/conversations/${group}/participants/${cora.id}`);
    await benAgain.call('POST', '/auth/logout');
    await ada.call('PUT', `/users/me/blocks/${dan.id}`);
    const sent = await ada.send(group, 'after');
    const updates = await streams.stays.atLeast(3);
    expect(JSON.parse(updates.at(-1)!.patches![0]!.content)).toEqual(sent);
    // The reader who stayed longer has received the removal.
    const expected = { removed: 1, message: 1, signedOut: 2, blocked: 1, blocking: 1 };
    for (const [name, count] of Object.entries(expected) as [keyof typeof expected, number][]) {
      await streams[name].closed();
      expect([name, streams[name].hasEnded, streams[name].updates.length]).toEqual([name, true, count]);
    }
    expect((await cora.call('GET', path, undefined, { headers: { subscribe: 'true' } })).status).toBe(404);
    const conversation = await subscribe(dan, path);
    await ada.call('DELETE', `/conversations/${group}`);
    await conversation.closed();
    await streams.stays.closed();
  });

  it('sends each conversation as its own line, also when the reader joins or leaves it', async () => {
    const one = await ada.send(conversationId, 'one');
    const stream = await subscribe(ben, '/users/me/timeline');
    const [snapshot] = await stream.atLeast(1);
    expect(snapshot!.version).toContain(`${conversationId}.1.0`);
    expect(JSON.parse(snapshot!.body!).conversations[conversationId]).toEqual({
      messages: { [one.id]: one },
    });
    const other = await ada.group(ben);
    await stream.atLeast(2);
    const two = await ada.send(other, 'two');
    const three = await ada.send(conversationId, 'three');
    await stream.atLeast(4);
    await ada.call('DELETE', `/conversations/${other}/participants/${ben.id}`);
    const updates = await stream.atLeast(5);
    expect(
      updates.slice(1).map(({ version, parents, patches }) => {
        const { range, content } = patches![0]!;
        return [version, parents, range, JSON.parse(content)];
      }),
    ).toEqual([
      [[`${other}.0.0`], undefined, `.conversations["${other}"]`, { messages: {} }],
      [[`${other}.1.0`], [`${other}.0.0`], `.conversations["${other}"].messages["${two.id}"]`, two],
      [
        [`${conversationId}.2.0`],
        [`${conversationId}.1.0`],
        `.conversations["${conversationId}"].messages["${three.id}"]`,
        three,
      ],
      [undefined, undefined, `.conversations["${other}"]`, null],
    ]);
    stream.close();
    const missed = await ada.send(conversationId, 'missed');
    const parents = [`${conversationId}.2.0`, `${other}.1.0`].map((id) => JSON.stringify(id)).join(', ');
    const resumed = await subscribe(ben, '/users/me/timeline', { Parents: parents });
    await resumed.atLeast(2);
    expect(
      resumed.updates.slice(0, 2).map(({ version, patches }) => [version, JSON.parse(patches![0]!.content)]),
    ).toEqual([
      [[`${conversationId}.3.0`], missed],
      [undefined, null],
    ]);
    resumed.close();
    const state = await ben.call('GET', '/users/me/timeline?limit=1');
    expect(state.body.conversations[conversationId]).toEqual({ messages: { [missed.id]: missed } });
  });

  it('sends the versions of one message', async () => {
    const sent = await ada.send(conversationId, 'one');
    const path = `${timeline()}/${sent.id}`;
    const stream = await subscribe(ben, path);
    const own = await subscribe(ada, path, { Peer: '"mine"' });
    const put = async (version: string, headers: Record<string, string> = {}): Promise<void> => {
      const answer = await ada.call('PUT', path, { body: version, version }, { headers });
      expect(answer.status).toBe(200);
    };
    await put('v2', { Peer: 'mine' });
    await put('v3');
    const bodies = (exchange: RawExchange) =>
      exchange.updates.map(({ version, parents, body }) => [version, parents, JSON.parse(body!).body]);
    const lines = [
      [[sent.id], undefined, 'one'],
      [['v2'], [sent.id], 'v2'],
      [['v3'], ['v2'], 'v3'],
    ];
    await stream.atLeast(3);
    expect(bodies(stream)).toEqual(lines);
    // A program does not receive its own changes.
    await own.atLeast(2);
    expect(bodies(own)).toEqual([lines[0], lines[2]]);
    const resumed = await subscribe(ben, path, { Parents: '"v2"' });
    const fromStart = await subscribe(ben, path, { Parents: '' });
    await fromStart.atLeast(3);
    expect(bodies(fromStart)).toEqual(lines);
    await ada.call('DELETE', path);
    const [, deletion] = await resumed.atLeast(2);
    expect(JSON.parse(deletion!.body!)).toMatchObject({ body: null, deletedAt: expect.any(String) });
    expect(deletion!.parents).toEqual(['v3']);
    const between = await RawExchange.whole(`${server.url}/api/v1${path}`, {
      headers: {
        Authorization: `Bearer ${ben.accessToken}`,
        Parents: `"${sent.id}"`,
        Version: '"v2"',
      },
    });
    expect(between.updates.map(({ version }) => version)).toEqual([['v2']]);
    const unknown = await ben.call('GET', path, undefined, { headers: { subscribe: '', parents: '"x"' } });
    expect(unknown.status).toBe(432);
    for (const opened of [stream, own, resumed, fromStart]) opened.close();
  });
});
