import { uploaded } from './support/attachments';
import { withClient } from './support/databases';
import { signUp, signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import { until } from './support/until';

describe('a search for messages', () => {
  let server: TestServer;
  let ada: Person;
  let ben: Person;
  let eve: Person;

  beforeAll(async () => {
    server = await startTestServer({ environment: { CONTACT_POLICY: 'open' } });
    [ada, ben, eve] = (await signUpAll(server.url, 3)) as [Person, Person, Person];
  });
  afterAll(() => server.close());

  const query = (fields: Record<string, string | number>): string =>
    new URLSearchParams(fields as Record<string, string>).toString();
  const search = (person: Person, fields: Record<string, string | number>) =>
    person.call('GET', `/search/messages?${query(fields)}`);
  const bodies = async (person: Person, fields: Record<string, string | number>): Promise<string[]> =>
    (await search(person, fields)).body.items.map((item: { message: { body: string } }) => item.message.body);

  const indexed = (): Promise<unknown> =>
    withClient(server.database.url, (client) =>
      until('everything to be indexed', async () => {
        const { rows } = await client.query(
          `select from conversations c left join search_positions p on p.conversation_id = c.id
           where c.deleted_at is null and c.last_seq > coalesce(p.indexed_seq, 0)
           union all select from search_entries where not is_current`,
        );
        return rows.length === 0;
      }),
    );

  it('finds a new message with the positions of its matches, and finds the same once it is indexed', async () => {
    const conversationId = await ada.group(ben);
    const message = await ada.send(conversationId, 'Let us have lunch in the Café Zurück');
    const expected = {
      status: 200,
      body: { items: [{ message, highlights: [{ start: 25, end: 29 }] }], nextCursor: null },
    };
    expect(await search(ben, { q: 'cafe' })).toMatchObject(expected);
    await indexed();
    expect(await search(ben, { q: 'cafe' })).toMatchObject(expected);
    expect(await bodies(ben, { q: 'LUNCHES zuru' })).toEqual([message.body]);
    expect(await bodies(ben, { q: 'cafe dinner' })).toEqual([]);
  });

  it('finds nothing for outsiders and former participants', async () => {
    const conversationId = await ada.group(ben, eve);
    await ada.send(conversationId, 'the password is swordfish');
    await indexed();
    expect(await bodies(eve, { q: 'swordfish' })).toHaveLength(1);
    await eve.call('DELETE', `/conversations/${conversationId}/participants/${eve.id}`);
    expect(await bodies(eve, { q: 'swordfish' })).toEqual([]);
    expect(await search(eve, { q: 'swordfish', conversationId })).toMatchObject({
      status: 404,
      body: { code: 'conversation-not-found' },
    });
    const stranger = await signUp(server.url);
    expect(await bodies(stranger, { q: 'swordfish' })).toEqual([]);
    await ada.call('DELETE', `/conversations/${conversationId}`);
    expect(await bodies(ada, { q: 'swordfish' })).toEqual([]);
  });

  it.each([
    ['Wir gehen in die Häuser', 'haus', 'another form of the word'],
    ['the running man', 'runs', 'another form of the word'],
    ['我们明天去北京吃饭', '北京', 'a word without spaces around it'],
    ['東京都', '京', 'one character of them'],
    [`${'ภาษาไทยไม่เว้นวรรค'.repeat(5)}เชียงใหม่`, 'เชียงใหม่', 'a word at the end of a long run'],
    ['please restart postgresql', 'gres', 'a part of a word'],
    ['an incomprehensible sentence', 'incomprehensable', 'a word with a mistake'],
    ['see https://example.org/path?x=1', 'example.org', 'an address'],
    ['party 🎉 time', '🎉', 'a picture'],
    ["it's O'Brien \\ 'quoted'", "o'brien", 'quotes and backslashes'],
  ])('finds %j by %s (%s), before and after it is indexed', async (body, q) => {
    const conversationId = await ada.group(ben);
    await ada.send(conversationId, body);
    await ada.send(conversationId, 'something else altogether');
    expect(await bodies(ben, { q, conversationId })).toEqual([body]);
    await indexed();
    expect(await bodies(ben, { q, conversationId })).toEqual([body]);
  });

  it('prefers whole words, and looks for parts of words only when no message has the words', async () => {
    const conversationId = await ada.group(ben);
    await ada.send(conversationId, 'a database');
    expect(await bodies(ada, { q: 'base', conversationId })).toEqual(['a database']);
    await ada.send(conversationId, 'the base');
    expect(await bodies(ada, { q: 'base', conversationId })).toEqual(['the base']);
  });

  it('no longer finds an edited or deleted text once the change is acknowledged', async () => {
    const conversationId = await ada.group(ben);
    const message = await ada.send(conversationId, 'the old wording');
    await indexed();
    const edited = await ada.call('PUT', `/conversations/${conversationId}/messages/${message.id}`, {
      body: 'the new phrasing',
      parents: [message.version],
    });
    expect(edited.status).toBe(200);
    const words = (): Promise<string[]> =>
      withClient(server.database.url, async (client) => {
        const { rows } = await client.query<{ words: string[] }>(
          `select tsvector_to_array(words) as words from search_entries where message_id = $1`,
          [message.id],
        );
        return rows[0]!.words;
      });
    expect(await words()).not.toContain('wording');
    expect(await bodies(ben, { q: 'wording', conversationId })).toEqual([]);
    expect(await bodies(ben, { q: 'phrasing', conversationId })).toEqual(['the new phrasing']);
    await until('the new text to be indexed', async () => (await words()).includes('phrasing'));
    expect(await bodies(ben, { q: 'phrasing', conversationId })).toEqual(['the new phrasing']);
    await ada.call('DELETE', `/conversations/${conversationId}/messages/${message.id}`);
    expect(await words()).toEqual([]);
    expect(await bodies(ben, { q: 'phrasing', conversationId })).toEqual([]);
  });

  it('pages newest first, without omissions or duplicates while people write', async () => {
    const conversationId = await ada.group(ben);
    for (let n = 1; n <= 7; n++) await ada.send(conversationId, `report number ${n}`);
    await indexed();
    for (let n = 8; n <= 9; n++) await ada.send(conversationId, `report number ${n}`);
    const seen: string[] = [];
    let cursor: string | undefined;
    let sent = 9;
    do {
      const fields = { q: 'report', conversationId, limit: 2, ...(cursor && { cursor }) };
      const { body } = await search(ben, fields);
      seen.push(...body.items.map((item: { message: { body: string } }) => item.message.body));
      cursor = body.nextCursor ?? undefined;
      await ada.send(conversationId, `report number ${++sent}`);
      if (sent === 11) await indexed();
    } while (cursor);
    expect(seen).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1].map((n) => `report number ${n}`));
  });

  it('respects every filter of the request', async () => {
    const conversationId = await ada.group(ben);
    const first = await ada.send(conversationId, 'plan https://example.org/a');
    await ben.send(conversationId, 'plan without it');
    for (const wait of [false, true]) {
      if (wait) await indexed();
      expect(await bodies(ada, { q: 'plan', conversationId, senderId: ben.id })).toEqual(['plan without it']);
      expect(await bodies(ada, { q: 'plan', conversationId, has: 'link' })).toEqual([first.body]);
      expect(await bodies(ada, { q: 'plan', conversationId, has: 'file' })).toEqual([]);
      expect(await bodies(ada, { q: 'plan', conversationId, since: '2000-01-01T00:00:00Z' })).toHaveLength(2);
      expect(await bodies(ada, { q: 'plan', conversationId, until: '2000-01-01T00:00:00Z' })).toEqual([]);
    }
  });

  it('finds messages with files of any type', async () => {
    const conversationId = await ada.group(ben);
    const file = await uploaded(ada);
    const body = 'the plan of the house';
    await ada.send(conversationId, 'the plan without a file');
    await ada.send(conversationId, body, { attachmentIds: [file.id] });
    expect(await bodies(ben, { q: 'plan', conversationId, has: 'file' })).toEqual([body]);
    await indexed();
    expect(await bodies(ben, { q: 'plan', conversationId, has: 'file' })).toEqual([body]);
    const { items } = (await search(ben, { q: 'house', conversationId })).body;
    expect(items[0].message.attachments).toMatchObject([{ id: file.id }]);
  });

  it('accepts times with any UTC offset', async () => {
    expect((await search(ada, { q: 'a', until: '2026-02-28T12:00:00+23:59' })).status).toBe(200);
  });

  it('ends a page early when it has read much text, and continues on the next page', async () => {
    const conversationId = await ada.group(ben);
    for (let place = 0; place < 120; place++) await ada.send(conversationId, `long ${'word '.repeat(798)}`);
    const first = (await search(ada, { q: 'long', conversationId, limit: 200 })).body;
    expect(first.items.length).toBeGreaterThan(50);
    expect(first.items.length).toBeLessThan(120);
    const cursor = first.nextCursor as string;
    const rest = (await search(ada, { q: 'long', conversationId, limit: 200, cursor })).body;
    expect(first.items.length + rest.items.length).toBe(120);
    expect(rest.nextCursor).toBeNull();
    await indexed();
    expect((await search(ada, { q: 'long', conversationId, limit: 200 })).body).toEqual(first);
  });

  it.each([
    [{}, '/query/q'],
    [{ q: '' }, '/query/q'],
    [{ q: '…!' }, '/query/q'],
    [{ q: 'x'.repeat(201) }, '/query/q'],
    [{ q: 'a', cursor: 'nonsense' }, '/query/cursor'],
    [{ q: 'a', has: 'money' }, '/query/has'],
    [{ q: 'a', since: 'yesterday' }, '/query/since'],
    [{ q: 'a', since: '2026-02-31T12:00:00Z' }, '/query/since'],
    [{ q: 'a', since: '0001-01-01T00:00:00+01:00' }, '/query/since'],
    [{ q: 'a', until: '9999-12-31T23:59:59-01:00' }, '/query/until'],
    [{ q: 'a', limit: 0 }, '/query/limit'],
  ] as [Record<string, string | number>, string][])('rejects %j', async (fields, pointer) => {
    expect(await search(ada, fields)).toMatchObject({
      status: 400,
      body: { code: 'validation-failed', errors: [{ pointer }] },
    });
  });
});

describe('a user who searches too often', () => {
  it('is rejected for a while', async () => {
    const server = await startTestServer({ environment: { RATE_LIMITS: 'on' } });
    const ada = await signUp(server.url);
    const answers = await Promise.all(
      Array.from({ length: 60 }, () => ada.call('GET', '/search/messages?q=anything')),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses).toContain(200);
    expect(statuses).toContain(429);
    await server.close();
  });
});
