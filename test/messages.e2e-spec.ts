import { randomUUID } from 'node:crypto';
import type { Answer } from './support/api';
import { signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';

describe('messages', () => {
  let server: TestServer;
  let ada: Person;
  let ben: Person;
  let outsider: Person;

  beforeAll(async () => {
    server = await startTestServer();
    [ada, ben, outsider] = (await signUpAll(server.url, 3)) as [Person, Person, Person];
  });
  afterAll(() => server.close());

  const post = (person: Person, conversationId: string, body: object): Promise<Answer> =>
    person.call('POST', `/conversations/${conversationId}/messages`, body);
  const headOf = async (conversationId: string): Promise<{ seq: number; rev: number }> =>
    (await ada.call('GET', `/conversations/${conversationId}/messages`)).body.head;

  // Tests G5.
  it('arrive live as stored, on all devices of both people, and can be read', async () => {
    const conversationId = await ada.direct(ben);
    const sockets = [
      await ben.connect(),
      await ada.connect(),
      await ada.connect({ transports: ['polling'] }),
    ];
    const stored = await ada.send(conversationId, 'hello');
    expect(stored).toMatchObject({
      conversationId,
      seq: 1,
      rev: 0,
      senderId: ada.id,
      type: 'text',
      body: 'hello',
      replyToId: null,
      attachments: [],
      mentions: [],
      mentionsAll: false,
      reactions: [],
      version: stored.id,
      parents: [],
      pinnedAt: null,
      editedAt: null,
      deletedAt: null,
    });
    for (const socket of sockets) expect(await socket.next('message:created')).toEqual(stored);
    const page = await ben.call('GET', `/conversations/${conversationId}/messages`);
    expect(page.body).toEqual({
      items: [stored],
      head: { seq: 1, rev: 0 },
      hasMoreBefore: false,
      hasMoreAfter: false,
    });
    expect((await ben.call('GET', `/conversations/${conversationId}/messages/${stored.id}`)).body).toEqual(
      stored,
    );
    sockets.forEach((socket) => socket.close());
  });

  describe('sent again with the same id', () => {
    interface Outcome {
      /** The HTTP status, or its equivalent for an acknowledgement, which does not distinguish new from repeated messages. */
      readonly status: number | 'ok';
      readonly body: any; // eslint-disable-line @typescript-eslint/no-explicit-any -- a message or a problem
    }
    type Way = (person: Person, conversationId: string, id: string, fields: object) => Promise<Outcome>;
    const put =
      (extra: object, headers?: Record<string, string>): Way =>
      (person, conversationId, id, fields) =>
        person.call(
          'PUT',
          `/conversations/${conversationId}/messages/${id}`,
          { ...extra, ...fields },
          { headers },
        );
    const bySocket: Way = async (person, conversationId, id, fields) => {
      const socket = await person.connect();
      const answer = await socket.command('message:send', { conversationId, id, ...fields });
      socket.close();
      return answer.ok
        ? { status: 'ok', body: answer.data }
        : { status: answer.problem.status, body: answer.problem };
    };
    /** Sends the same command over each transport. */
    const ways: [string, Way][] = [
      ['POST', (person, conversationId, id, fields) => post(person, conversationId, { id, ...fields })],
      ['PUT with no parents', put({ parents: [] })],
      ['PUT with If-None-Match', put({}, { 'if-none-match': '*' })],
      ['message:send', bySocket],
    ];
    const all = ways.map(([, way]) => way);
    const conflict = { status: 409, body: { code: 'message-id-conflict' } };

    // Tests G2.
    it.each(ways)(
      'return the stored message by %s, without a new number or a broadcast',
      async (_name, way) => {
        const conversationId = await ada.group(ben);
        const socket = await ben.connect();
        const id = randomUUID();
        const first = await way(ada, conversationId, id, { body: 'once' });
        expect(first).toMatchObject({
          status: way === bySocket ? 'ok' : 201,
          body: { id, seq: 1, body: 'once' },
        });
        for (const again of all) {
          expect(await again(ada, conversationId, id, { body: 'once' })).toMatchObject({
            status: again === bySocket ? 'ok' : 200,
            body: first.body,
          });
        }
        const fence = await ada.send(conversationId, 'fence');
        expect(fence.seq).toBe(2);
        await socket.next('message:created', (message) => message.id === fence.id);
        expect(socket.payloads('message:created')).toEqual([first.body, fence]);
        socket.close();
      },
    );

    // Tests G2.
    it('are stored and broadcast once when they arrive over all transports at the same time', async () => {
      const conversationId = await ada.group(ben);
      const socket = await ben.connect();
      const id = randomUUID();
      const answers = await Promise.all(
        Array.from({ length: 24 }, (_, n) =>
          all[n % all.length]!(ada, conversationId, id, { body: 'once', type: 'text' }),
        ),
      );
      expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
      expect(answers.filter(({ status }) => status === 201).length).toBeLessThanOrEqual(1);
      expect(answers.filter(({ status }) => ![200, 201, 'ok'].includes(status))).toEqual([]);
      const fence = await ada.send(conversationId, 'fence');
      expect(fence.seq).toBe(2);
      await socket.next('message:created', (message) => message.id === fence.id);
      expect(socket.payloads('message:created')).toEqual([answers[0]!.body, fence]);
      socket.close();
    });

    // Tests G2.
    it.each(ways)('are rejected by %s if anything else differs, and change nothing', async (_name, way) => {
      const [conversationId, elsewhere, foreign] = [
        await ada.group(ben),
        await ada.group(ben),
        await outsider.group(),
      ];
      const socket = await ben.connect();
      const target = await ada.send(conversationId, 'target');
      const content = { body: 'content', replyToId: target.id };
      const { id } = await ada.send(conversationId, 'content', { id: randomUUID(), ...content });
      const path = `/conversations/${conversationId}/messages/${id}`;
      const before = (await ada.call('GET', path)).body;
      for (const [person, place, fields] of [
        [ada, conversationId, { ...content, body: 'content ' }],
        [ada, conversationId, { ...content, type: 'file' }],
        [ada, conversationId, { body: 'content' }],
        [ada, conversationId, { ...content, replyToId: id }],
        [ben, conversationId, content],
        [ada, elsewhere, { body: 'content' }],
        [outsider, foreign, { body: 'content' }],
      ] as const) {
        expect(await way(person, place, id, fields)).toMatchObject(conflict);
      }
      expect(await way(ada, conversationId, id, { body: 'content', type: 'system' })).toMatchObject({
        status: 400,
      });
      expect((await ada.call('GET', path)).body).toEqual(before);
      expect(await headOf(conversationId)).toEqual({ seq: 2, rev: 0 });
      expect(await headOf(elsewhere)).toEqual({ seq: 0, rev: 0 });
      const fence = await ada.send(conversationId, 'fence');
      await socket.next('message:created', (message) => message.id === fence.id);
      expect(socket.payloads('message:created').map((message) => message.seq)).toEqual([1, 2, 3]);
      socket.close();
    });

    // Tests G2.
    it('are compared with the first body despite later edits, and return the tombstone after deletion', async () => {
      const conversationId = await ada.group(ben);
      const socket = await ben.connect();
      const { id } = await ada.send(conversationId, 'first', { type: 'image' });
      const path = `/conversations/${conversationId}/messages/${id}`;
      await ada.call('PUT', path, { body: 'second', parents: [id] });
      const { body: edited } = await ada.call('PUT', path, { body: 'third' });
      for (const way of all) {
        const answer = await way(ada, conversationId, id, { body: 'first', type: 'image' });
        expect(answer).toEqual({ ...answer, status: way === bySocket ? 'ok' : 200, body: edited });
        for (const body of ['second', 'third']) {
          expect(await way(ada, conversationId, id, { body, type: 'image' })).toMatchObject(conflict);
        }
        expect(await way(ada, conversationId, id, { body: 'first' })).toMatchObject(conflict);
      }
      const { body: tombstone } = await ada.call('DELETE', path);
      for (const way of all) {
        const answer = await way(ada, conversationId, id, { body: 'anything', type: 'file' });
        expect(answer).toEqual({ ...answer, status: way === bySocket ? 'ok' : 200, body: tombstone });
        expect(await way(ben, conversationId, id, { body: 'first', type: 'image' })).toMatchObject(conflict);
      }
      expect(await headOf(conversationId)).toEqual({ seq: 1, rev: 3 });
      const fence = await ada.send(conversationId, 'fence');
      await socket.next('message:created', (message) => message.id === fence.id);
      expect(socket.payloads('message:created').map((message) => message.seq)).toEqual([1, 2]);
      socket.close();
    });

    // Tests G2.
    it.each(ways)(
      'are answered with 404 by %s for users who no longer participate, for any id',
      async (_name, way) => {
        const conversationId = await ada.group(ben);
        const [own, other] = [
          await ben.send(conversationId, 'was here'),
          await ada.send(conversationId, 'still here'),
        ];
        await ada.call('DELETE', `/conversations/${conversationId}/participants/${ben.id}`);
        const gone = { status: 404, body: { code: 'conversation-not-found' } };
        expect(await way(ben, conversationId, own.id, { body: 'was here' })).toMatchObject(gone);
        expect(await way(ben, conversationId, other.id, { body: 'was here' })).toMatchObject(gone);
        expect(await way(ben, conversationId, randomUUID(), { body: 'new' })).toMatchObject(gone);
        await ada.call('PUT', `/conversations/${conversationId}/participants/${ben.id}`, {});
        expect((await way(ben, conversationId, own.id, { body: 'was here' })).body).toEqual(own);
      },
    );

    it('return the stored message also after a block, which rejects new messages', async () => {
      const [cora, dan] = (await signUpAll(server.url, 2)) as [Person, Person];
      const conversationId = await cora.direct(dan);
      const sent = await cora.send(conversationId, 'before');
      await dan.call('PUT', `/users/me/blocks/${cora.id}`);
      for (const way of all) {
        expect((await way(cora, conversationId, sent.id, { body: 'before' })).body).toEqual(sent);
        for (const person of [cora, dan]) {
          expect(await way(person, conversationId, randomUUID(), { body: 'after' })).toMatchObject({
            status: 403,
            body: { code: 'forbidden' },
          });
        }
      }
    });
  });

  it.each([
    ['plain', 'hello'],
    ['emoji, flags and joined ones', '👩‍👩‍👧‍👦 🇩🇪 e\u0301 ﷽'],
    ['right to left', 'שלום \u200f עולם'],
    ['line ends, tabs and spaces', ' a\r\nb\n\tc \u2028\u2029\u00a0'],
    ['spaces around a letter', '  a '],
    ['composed and decomposed', '\u00e9 e\u0301 \ufb01'],
    ['byte order mark and non-characters', '\ufeff\ufffe\uffff\u{1ffff}\u0001\u007fa'],
    ['what looks like an array or null', '{"a",NULL,\\}'],
    ['the word null', 'NULL'],
    ['markup', '<b>&amp;</b> \' " \\ %s $1 --'],
    ['4,000 astral characters', '😀'.repeat(4_000)],
  ])('keep their text byte for byte: %s', async (_what, body) => {
    const conversationId = await ada.group(ben);
    const socket = await ben.connect();
    const stored = await ada.send(conversationId, body);
    expect(stored.body).toBe(body);
    expect((await socket.next('message:created')).body).toBe(body);
    expect((await ben.call('GET', `/conversations/${conversationId}/messages`)).body.items[0].body).toBe(
      body,
    );
    const again = await socket.ok('message:send', { conversationId, id: randomUUID(), body });
    expect(again.body).toBe(body);
    const path = `/conversations/${conversationId}/messages/${stored.id}`;
    await ada.call('PUT', path, { body: `${body.slice(2)}.` });
    expect((await ben.call('GET', path)).body.body).toBe(`${body.slice(2)}.`);
    expect((await ben.call('GET', `${path}/versions`)).body.items[0].body).toBe(body);
    expect((await post(ada, conversationId, { id: stored.id, body })).status).toBe(200);
    socket.close();
  });

  it.each<[what: string, fields: object, status: number, code: string]>([
    ['nothing', {}, 400, 'validation-failed'],
    ['an empty body', { body: '' }, 400, 'validation-failed'],
    ['U+0000', { body: 'a\0b' }, 400, 'validation-failed'],
    ['a lone surrogate', { body: 'lone \ud800 surrogate' }, 400, 'validation-failed'],
    ['a list', { body: ['a'] }, 400, 'validation-failed'],
    ['an object', { body: { toString: 'a' } }, 400, 'validation-failed'],
    ['4,001 characters', { body: 'x'.repeat(4_001) }, 422, 'message-too-long'],
    ['4,001 astral characters', { body: '😀'.repeat(4_001) }, 422, 'message-too-long'],
    ['the type of imported ones', { body: 'a', type: 'system' }, 400, 'validation-failed'],
    ['an id that is none', { body: 'a', id: 'not-a-uuid' }, 400, 'validation-failed'],
    ['another sender', { body: 'a', senderId: randomUUID() }, 400, 'validation-failed'],
    ['a position', { body: 'a', seq: 7 }, 400, 'validation-failed'],
    ['an answer to nothing', { body: 'a', replyToId: randomUUID() }, 404, 'message-not-found'],
    ['an unknown attachment', { body: 'a', attachmentIds: [randomUUID()] }, 400, 'validation-failed'],
  ])('are rejected and not stored with %s', async (_what, fields, status, code) => {
    const conversationId = await ada.group(ben);
    const answer = await post(ada, conversationId, fields);
    expect(answer).toMatchObject({ status, body: { code, status } });
    const socket = await ada.connect();
    const acknowledgement = await socket.command('message:send', { conversationId, ...fields });
    expect(acknowledgement).toMatchObject({ ok: false, problem: { code, status } });
    expect(await headOf(conversationId)).toEqual({ seq: 0, rev: 0 });
    socket.close();
  });

  it('can only reply to a message of the same conversation', async () => {
    const [here, there] = [await ada.group(ben), await ada.group(ben)];
    const first = await ada.send(here, 'first');
    expect((await ben.send(here, 'answer', { replyToId: first.id })).replyToId).toBe(first.id);
    expect(await post(ben, there, { body: 'x', replyToId: first.id })).toMatchObject({ status: 404 });
  });

  // Tests G6.
  it('are received and read by participants only', async () => {
    const conversationId = await ada.direct(ben);
    const socket = await outsider.connect();
    const { id } = await ada.send(conversationId, 'secret');
    const absent = randomUUID();
    for (const [method, path, body] of [
      ['GET', '', undefined],
      ['POST', '', { body: 'x' }],
      ['GET', `/${id}`, undefined],
      ['PUT', `/${id}`, { body: 'x' }],
      ['DELETE', `/${id}`, undefined],
      ['GET', `/${id}/versions`, undefined],
    ] as const) {
      const refused = await outsider.call(method, `/conversations/${conversationId}/messages${path}`, body);
      const missing = await outsider.call(method, `/conversations/${absent}/messages${path}`, body);
      expect(refused).toMatchObject({ status: 404, body: { code: 'conversation-not-found' } });
      expect({ ...refused.body, instance: '', requestId: '' }).toEqual({
        ...missing.body,
        instance: '',
        requestId: '',
      });
    }
    const own = await outsider.group();
    await outsider.send(own, 'fence');
    await socket.next('message:created');
    expect(socket.payloads('message:created')).toMatchObject([{ body: 'fence' }]);
    socket.close();
  });

  it('are paged from every position, with every limit, in both directions', async () => {
    const conversationId = await ada.group(ben);
    const total = 30;
    for (let seq = 1; seq <= total; seq++) await ada.send(conversationId, `${seq}`);
    const everything = Array.from({ length: total }, (_, index) => index + 1);
    const page = async (query: string) => {
      const { body } = await ben.call('GET', `/conversations/${conversationId}/messages?${query}`);
      expect(body.head).toEqual({ seq: total, rev: 0 });
      return { ...body, items: body.items.map((message: { seq: number }) => message.seq) as number[] };
    };
    for (const limit of [1, 2, 7, 200]) {
      for (let position = 0; position <= total + 2; position++) {
        const below = everything.filter((seq) => seq < position);
        const above = everything.filter((seq) => seq > position);
        const flags = (first: number, last: number) => ({
          hasMoreBefore: first > 1,
          hasMoreAfter: last < total,
        });
        const older = below.slice(-limit);
        expect(await page(`before=${position}&limit=${limit}`)).toMatchObject({
          items: older,
          ...flags(older[0] ?? 1, older.at(-1) ?? 0),
        });
        const newer = above.slice(0, limit);
        expect(await page(`after=${position}&limit=${limit}`)).toMatchObject({
          items: newer,
          ...flags(newer[0] ?? total + 1, newer.at(-1) ?? total),
        });
        const around = await page(`around=${position}&limit=${limit}`);
        const first = around.items[0]!;
        const last = around.items.at(-1)!;
        expect(around).toMatchObject({
          items: everything.slice(first - 1, first - 1 + Math.min(limit, total)),
          ...flags(first, last),
        });
        expect(around.items).toContain(Math.min(Math.max(position, 1), total));
        // The message is in the middle as far as both sides have enough messages.
        const [before, after] = [position - first, last - position];
        if (first > 1 && last < total) expect(Math.abs(before - after)).toBeLessThanOrEqual(1);
      }
      expect(await page(`limit=${limit}`)).toMatchObject({ items: everything.slice(-limit) });
    }
    expect((await page('')).items).toHaveLength(total);

    const empty = await ada.group();
    for (const query of ['', '?before=1', '?after=0', '?after=9', '?around=0', '?around=9&limit=1']) {
      expect((await ada.call('GET', `/conversations/${empty}/messages${query}`)).body).toEqual({
        items: [],
        head: { seq: 0, rev: 0 },
        hasMoreBefore: false,
        hasMoreAfter: false,
      });
    }
  });

  it.each([
    'limit=0',
    'limit=201',
    'limit=1e2',
    'limit=5.5',
    'before=-1',
    'before=a',
    'before=1&after=2',
    'around=1&around=2',
    'page=2',
  ])('are not paged by %s', async (query) => {
    const conversationId = await ada.group();
    expect(await ada.call('GET', `/conversations/${conversationId}/messages?${query}`)).toMatchObject({
      status: 400,
      body: { code: 'validation-failed' },
    });
  });
});
