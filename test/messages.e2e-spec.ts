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

  it('arrive live as they were stored, at all devices of both, and are there to be read', async () => {
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
    /** The same command over each way there is; each gives the stored message or a problem. */
    const ways: [
      string,
      (person: Person, conversationId: string, id: string, fields: object) => Promise<unknown>,
    ][] = [
      [
        'POST',
        async (person, conversationId, id, fields) =>
          (await post(person, conversationId, { id, ...fields })).body,
      ],
      [
        'PUT with no parents',
        async (person, conversationId, id, fields) =>
          (
            await person.call('PUT', `/conversations/${conversationId}/messages/${id}`, {
              parents: [],
              ...fields,
            })
          ).body,
      ],
      [
        'PUT with If-None-Match',
        async (person, conversationId, id, fields) =>
          (
            await person.call('PUT', `/conversations/${conversationId}/messages/${id}`, fields, {
              headers: { 'if-none-match': '*' },
            })
          ).body,
      ],
      [
        'message:send',
        async (person, conversationId, id, fields) => {
          const socket = await person.connect();
          const answer = await socket.command('message:send', { conversationId, id, ...fields });
          socket.close();
          return answer.ok ? answer.data : answer.problem;
        },
      ],
    ];

    it.each(ways)('by %s are the stored message, without a number or a broadcast', async (_way, again) => {
      const conversationId = await ada.group(ben);
      const socket = await ben.connect();
      const id = randomUUID();
      const first = await again(ada, conversationId, id, { body: 'once' });
      expect(first).toMatchObject({ id, seq: 1, body: 'once' });
      for (const [, way] of ways) expect(await way(ada, conversationId, id, { body: 'once' })).toEqual(first);
      const fence = await ada.send(conversationId, 'fence');
      expect(fence.seq).toBe(2);
      await socket.next('message:created', (message) => message.id === fence.id);
      expect(socket.payloads('message:created')).toEqual([first, fence]);
      socket.close();
    });

    it.each(ways)('by %s with other content are refused and change nothing', async (_way, again) => {
      const conversationId = await ada.group(ben);
      const elsewhere = await ada.group(ben);
      const target = await ada.send(conversationId, 'target');
      const stored = await ada.send(conversationId, 'content', { id: randomUUID() });
      const conflict = { code: 'message-id-conflict', status: 409 };
      expect(await again(ada, conversationId, stored.id, { body: 'other' })).toMatchObject(conflict);
      expect(await again(ada, conversationId, stored.id, { body: 'content', type: 'file' })).toMatchObject(
        conflict,
      );
      expect(
        await again(ada, conversationId, stored.id, { body: 'content', replyToId: target.id }),
      ).toMatchObject(conflict);
      expect(await again(ben, conversationId, stored.id, { body: 'content' })).toMatchObject(conflict);
      expect(await again(ada, elsewhere, stored.id, { body: 'content' })).toMatchObject(conflict);
      expect(await headOf(conversationId)).toEqual({ seq: 2, rev: 0 });
      expect(await headOf(elsewhere)).toEqual({ seq: 0, rev: 0 });
    });

    it('compare with what was first sent, however often it was edited, and give the tombstone after deletion', async () => {
      const conversationId = await ada.group(ben);
      const { id } = await ada.send(conversationId, 'first');
      const path = `/conversations/${conversationId}/messages/${id}`;
      const edited = await ada.call('PUT', path, { body: 'second', parents: [id] });
      for (const [, way] of ways) {
        expect(await way(ada, conversationId, id, { body: 'first' })).toEqual(edited.body);
        expect(await way(ada, conversationId, id, { body: 'second' })).toMatchObject({
          code: 'message-id-conflict',
        });
      }
      const tombstone = (await ada.call('DELETE', path)).body;
      for (const [, way] of ways) {
        expect(await way(ada, conversationId, id, { body: 'anything' })).toEqual(tombstone);
        expect(await way(ben, conversationId, id, { body: 'first' })).toMatchObject({
          code: 'message-id-conflict',
        });
      }
    });

    it('are 404 for who no longer participates', async () => {
      const conversationId = await ada.group(ben);
      const { id } = await ben.send(conversationId, 'was here');
      await ada.call('DELETE', `/conversations/${conversationId}/participants/${ben.id}`);
      expect(await post(ben, conversationId, { id, body: 'was here' })).toMatchObject({
        status: 404,
        body: { code: 'conversation-not-found' },
      });
    });
  });

  it.each([
    ['plain', 'hello'],
    ['emoji, flags and joined ones', '👩‍👩‍👧‍👦 🇩🇪 e\u0301 ﷽'],
    ['right to left', 'שלום \u200f עולם'],
    ['line ends and tabs', 'a\r\nb\n\tc '],
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
    socket.close();
  });

  it.each([
    [{}, 400, 'validation-failed'],
    [{ body: '' }, 400, 'validation-failed'],
    [{ body: 'a\0b' }, 400, 'validation-failed'],
    [{ body: 'lone \ud800 surrogate' }, 400, 'validation-failed'],
    [{ body: ['a'] }, 400, 'validation-failed'],
    [{ body: { toString: 'a' } }, 400, 'validation-failed'],
    [{ body: 'x'.repeat(4_001) }, 422, 'message-too-long'],
    [{ body: '😀'.repeat(4_001) }, 422, 'message-too-long'],
    [{ body: 'a', type: 'system' }, 400, 'validation-failed'],
    [{ body: 'a', id: 'not-a-uuid' }, 400, 'validation-failed'],
    [{ body: 'a', senderId: randomUUID() }, 400, 'validation-failed'],
    [{ body: 'a', seq: 7 }, 400, 'validation-failed'],
    [{ body: 'a', replyToId: randomUUID() }, 404, 'message-not-found'],
    [{ body: 'a', attachmentIds: [randomUUID()] }, 400, 'validation-failed'],
  ])('are refused and not stored: %j', async (fields, status, code) => {
    const conversationId = await ada.group(ben);
    const answer = await post(ada, conversationId, fields);
    expect(answer).toMatchObject({ status, body: { code, status } });
    const socket = await ada.connect();
    const acknowledgement = await socket.command('message:send', { conversationId, ...fields });
    expect(acknowledgement).toMatchObject({ ok: false, problem: { code, status } });
    expect(await headOf(conversationId)).toEqual({ seq: 0, rev: 0 });
    socket.close();
  });

  it('may answer a message of the same conversation only', async () => {
    const [here, there] = [await ada.group(ben), await ada.group(ben)];
    const first = await ada.send(here, 'first');
    expect((await ben.send(here, 'answer', { replyToId: first.id })).replyToId).toBe(first.id);
    expect(await post(ben, there, { body: 'x', replyToId: first.id })).toMatchObject({ status: 404 });
  });

  it('are heard and seen by participants only', async () => {
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

  it('come in pages: every position, limit and direction', async () => {
    const conversationId = await ada.group(ben);
    const total = 23;
    for (let seq = 1; seq <= total; seq++) await ada.send(conversationId, `${seq}`);
    const all = Array.from({ length: total }, (_, index) => index + 1);
    const page = async (query: string) =>
      (await ben.call('GET', `/conversations/${conversationId}/messages?${query}`)).body;
    for (const limit of [1, 4, 50]) {
      for (const position of [0, 1, 2, 11, 22, 23, 24, 1_000]) {
        for (const [direction, fits] of [
          ['before', all.filter((seq) => seq < position).slice(-limit)],
          ['after', all.filter((seq) => seq > position).slice(0, limit)],
        ] as const) {
          const body = await page(`${direction}=${position}&limit=${limit}`);
          expect(body.items.map((message: { seq: number }) => message.seq)).toEqual(fits);
          expect(body.head).toEqual({ seq: total, rev: 0 });
          if (fits.length > 0) {
            expect(body).toMatchObject({ hasMoreBefore: fits[0]! > 1, hasMoreAfter: fits.at(-1)! < total });
          }
        }
        const around = (await page(`around=${position}&limit=${limit}`)).items.map(
          (message: { seq: number }) => message.seq,
        );
        expect(around.length).toBeLessThanOrEqual(limit);
        if (position >= 1 && position <= total) expect(around).toContain(position);
      }
    }
    expect((await page('limit=5')).items.map((message: { seq: number }) => message.seq)).toEqual(
      all.slice(-5),
    );
    for (const wrong of [
      'limit=0',
      'limit=201',
      'limit=1e2',
      'before=-1',
      'before=a',
      'before=1&after=2',
      'around=1&around=2',
    ]) {
      const answer = await ben.call('GET', `/conversations/${conversationId}/messages?${wrong}`);
      expect({ wrong, status: answer.status }).toEqual({ wrong, status: 400 });
    }
  });

  it('cannot be confused by the PUT that creates or edits', async () => {
    const conversationId = await ada.group(ben);
    const put = (
      person: Person,
      id: string,
      body: object,
      headers?: Record<string, string>,
    ): Promise<Answer> =>
      person.call('PUT', `/conversations/${conversationId}/messages/${id}`, body, { headers });
    const id = randomUUID();
    expect(await put(ada, id, { body: 'a', parents: ['x'] })).toMatchObject({
      status: 404,
      body: { code: 'message-not-found' },
    });
    expect(await put(ada, id, { body: 'a', version: 'v1' })).toMatchObject({ status: 404 });
    expect(await put(ada, id, { body: 'a', parents: [], version: 'v1' })).toMatchObject({ status: 400 });
    expect(await put(ada, id, { body: 'a', parents: ['x'] }, { 'if-none-match': '*' })).toMatchObject({
      status: 400,
    });
    expect(await put(ada, id, { body: 'a', id: randomUUID() })).toMatchObject({ status: 400 });
    expect(await put(ada, id, { body: 'a', id, parents: [], version: id })).toMatchObject({
      status: 201,
      body: { id },
    });
    expect(await put(ada, id, { body: 'a', parents: [] })).toMatchObject({
      status: 200,
      body: { seq: 1, rev: 0 },
    });
    expect(await put(ada, id, { body: 'b' })).toMatchObject({ status: 200, body: { body: 'b', rev: 1 } });
    expect(await put(ben, id, { body: 'c' })).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    const other = randomUUID();
    expect(await put(ada, other, { body: 'new', type: 'file', replyToId: id })).toMatchObject({
      status: 201,
      body: { type: 'file', replyToId: id, seq: 2 },
    });
    expect(await headOf(conversationId)).toEqual({ seq: 2, rev: 1 });
  });
});
