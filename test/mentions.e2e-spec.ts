import { randomUUID } from 'node:crypto';
import type { Answer } from './support/api';
import { createTestDatabase, type TestDatabase } from './support/databases';
import { PASSWORD, signUp, signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import { until } from './support/until';

describe('mentions', () => {
  let server: TestServer;
  let ada: Person;
  let ben: Person;
  let cleo: Person;
  let outsider: Person;

  beforeAll(async () => {
    server = await startTestServer();
    [ada, ben, cleo, outsider] = (await signUpAll(server.url, 4)) as [Person, Person, Person, Person];
  });
  afterAll(() => server.close());

  const messages = (group: string): string => `/conversations/${group}/messages`;
  const put = (person: Person, { conversationId, id }: Placed, body: string): Promise<Answer> =>
    person.call('PUT', `${messages(conversationId)}/${id}`, { body });
  const mentionCount = async (person: Person, id: string): Promise<number> =>
    (await person.call('GET', `/conversations/${id}`)).body.mentionCount as number;
  const at = (...people: Person[]): string => people.map(({ username }) => `@${username}`).join(' ');
  interface Placed {
    readonly id: string;
    readonly conversationId: string;
  }

  // Tests G4, G5.
  it('are in every answer and event that has the message, over either transport', async () => {
    const group = await ada.group(ben, cleo);
    const [socket, bens] = [await cleo.connect(), await ben.connect()];
    const first = await ada.send(group, `${at(cleo, ben)}, and ${at(cleo)} again`);
    expect(first).toMatchObject({ mentions: [cleo.id, ben.id], mentionsAll: false });
    const second = await bens.ok('message:send', { conversationId: group, body: `hello ${at(ada)}!` });
    expect(second).toMatchObject({ mentions: [ada.id] });
    for (const stored of [first, second])
      expect(await socket.next('message:created', ({ id }) => id === stored.id)).toEqual(stored);

    const { body: page } = await cleo.call('GET', messages(group));
    expect(page.items).toEqual([first, second]);
    expect((await cleo.call('GET', `${messages(group)}/${first.id}`)).body).toEqual(first);
    const { body: changes } = await cleo.call('GET', `/conversations/${group}/changes`);
    expect(changes).toMatchObject({ messages: [first, second], conversation: { lastMessage: second } });
    const { body: found } = await until('the search entry', async () => {
      const answer = await cleo.call('GET', '/search/messages?q=hello');
      return answer.body.items.length > 0 && answer;
    });
    expect(found.items[0].message).toEqual(second);
    const { body: pinned } = await ada.call('PUT', `${messages(group)}/${first.id}/pin`);
    expect(pinned.mentions).toEqual(first.mentions);
    expect((await cleo.call('GET', `/conversations/${group}/pins`)).body.items).toEqual([pinned]);
    const braid = await cleo.call('GET', `${messages(group)}/${first.id}`, undefined, {
      headers: { Version: `"${first.id}"` },
    });
    expect(braid.body).toEqual(pinned);
    [socket, bens].forEach((one) => one.close());
  });

  it('are returned with a message that is sent again, and stored once', async () => {
    const group = await ada.group(ben);
    const fields = { id: randomUUID(), body: `hello ${at(ben)}` };
    const first = await ada.call('POST', messages(group), fields);
    const [again, other] = await Promise.all([
      ada.call('POST', messages(group), fields),
      ada.call('POST', messages(group), { body: `and ${at(ben)}` }),
    ]);
    expect(again).toMatchObject({ status: 200, body: first.body });
    expect(other).toMatchObject({ status: 201, body: { mentions: [ben.id] } });
    expect(await mentionCount(ben, group)).toBe(2);
  });

  it('stay with the first text when two commands use one id at the same moment', async () => {
    const group = await ada.group(ben, cleo);
    const id = randomUUID();
    const answers = await Promise.all(
      [ben, cleo].map((person) => ada.call('POST', messages(group), { id, body: at(person) })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
    const stored = answers.find(({ status }) => status === 201)!.body;
    expect(stored.mentions).toEqual([stored.body === at(ben) ? ben.id : cleo.id]);
    expect((await ada.call('GET', `${messages(group)}/${id}`)).body).toEqual(stored);
  });

  it('come with attachments too', async () => {
    const group = await ada.group(ben);
    const form = new FormData();
    form.set('file', new Blob(['some text']), 'note.txt');
    const uploaded = await fetch(`${server.url}/api/v1/attachments`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ada.accessToken}` },
      body: form,
    });
    const { id } = (await uploaded.json()) as { id: string };
    const stored = await ada.send(group, at(ben), { attachmentIds: [id], type: 'file' });
    expect(stored).toMatchObject({ mentions: [ben.id], attachments: [{ id }] });
    expect((await ada.call('GET', `${messages(group)}/${stored.id}`)).body).toEqual(stored);
  });

  // Tests G6.
  it('give the same for somebody outside as for a name that nobody has', async () => {
    const group = await ada.group(ben, cleo);
    const left = cleo;
    await left.call('DELETE', `/conversations/${group}/participants/${left.id}`);
    const rows = (): Promise<unknown> =>
      server.dataSource.query('select * from message_mentions where conversation_id = $1', [group]);
    for (const name of [outsider.username, left.username, 'nobody-has-this-name']) {
      const stored = await ada.send(group, `hello @${name}`);
      expect(stored).toMatchObject({ body: `hello @${name}`, mentions: [], mentionsAll: false });
      const { body: edited } = await put(ada, stored, `good bye @${name}`);
      expect(edited).toMatchObject({ body: `good bye @${name}`, mentions: [] });
    }
    expect(await rows()).toEqual([]);
  });

  it('run the same statements for somebody outside as for a name that nobody has', async () => {
    const group = await ada.group(ben);
    const query = jest.spyOn(server.dataSource.manager, 'query');
    const statements = async (name: string): Promise<unknown[]> => {
      query.mockClear();
      await ada.send(group, `hello @${name}`);
      return query.mock.calls.map(([text]) => text);
    };
    const ofOutsider = await statements(outsider.username);
    expect(ofOutsider).toEqual(await statements('nobody-has-this-name'));
    expect(ofOutsider.filter((text) => String(text).includes('store_mentions'))).toHaveLength(1);
    query.mockRestore();
  });

  describe('with usernames of every form', () => {
    let ada: Person;
    let group: string;
    const ids = new Map<string, string>();
    beforeAll(async () => {
      ada = await signUp(server.url, { username: 'ada' });
      const others = [];
      for (const username of ['ben', 'ben.', 'dr.who_-x', 'all.in', 'a'.repeat(32)])
        others.push(await signUp(server.url, { username }));
      for (const person of others) ids.set(person.username, person.id);
      group = await ada.group(...others);
    });

    it.each<[string, string[]]>([
      ['@ben', ['ben']],
      ['@BEN, hello', ['ben']],
      ['hello @ben!', ['ben']],
      ['That was @ben.', ['ben.']],
      ['That was @ben...', ['ben.']],
      ['That was @dr.who_-x.', ['dr.who_-x']],
      ['(@ben)', ['ben']],
      ['*@ben* and _@dr.who_-x_', ['ben', 'dr.who_-x']],
      ['谢谢@ben你好', ['ben']],
      ['👍@ben👍', ['ben']],
      [`@${'a'.repeat(32)}`, ['a'.repeat(32)]],
      ['@all.in', ['all.in']],
      ['mail ben@ben.example', []],
      ['x@ben', []],
      ['x_@ben', []],
      ['@ben@example.org', []],
      ['@@ben', []],
      ['@benä', []],
      ['@bent', []],
      ['@ ben', []],
      ['\\@ben', []],
      ['https://example.org/@ben', []],
      ['https://example.org/?to=@ben', []],
      ['`@ben`', []],
      ['``a ` @ben``', []],
      ['```\n@ben\n```', []],
      ['> ~~~\n> @ben\n> ~~~', []],
      ['\\`@ben\\`', ['ben']],
      ['`open @ben', ['ben']],
      [`@${'a'.repeat(33)}`, []],
    ])('%j names %j', async (body, names) => {
      const { mentions } = await ada.send(group, body);
      expect(mentions).toEqual(names.map((name) => ids.get(name)));
    });
  });

  it('are at most 50 different names of a text', async () => {
    const group = await ada.group(ben, cleo);
    const others = Array.from({ length: 49 }, (_, n) => `@nobody-${n}`).join(' ');
    const { mentions } = await ada.send(group, `${others} ${others} ${at(ben, cleo)}`);
    expect(mentions).toEqual([ben.id]);
  });

  it('follow the text through edits, among the participants of that time', async () => {
    const group = await ada.group(ben, cleo);
    const socket = await ben.connect();
    const message = await ada.send(group, `hello ${at(ben)}`);
    expect([await mentionCount(ben, group), await mentionCount(cleo, group)]).toEqual([1, 0]);
    const { body: edited } = await put(ada, message, `hello ${at(cleo)}`);
    expect(edited).toMatchObject({ mentions: [cleo.id], rev: 1 });
    expect(await socket.next('message:updated')).toEqual(edited);
    expect([await mentionCount(ben, group), await mentionCount(cleo, group)]).toEqual([0, 1]);
    await cleo.call('DELETE', `/conversations/${group}/participants/${cleo.id}`);
    const { body: same } = await put(ada, message, `hello ${at(cleo, ben)}`);
    expect(same.mentions).toEqual([ben.id]);
    const edit = { conversationId: group, messageId: message.id, body: 'hello' };
    const adas = await ada.connect();
    expect(await adas.ok('message:edit', edit)).toMatchObject({ mentions: [] });
    expect(await mentionCount(ben, group)).toBe(0);
    [socket, adas].forEach((one) => one.close());
  });

  it('are gone with a deleted message, and count no more', async () => {
    const group = await ada.group(ben);
    const message = await ada.send(group, at(ben));
    const { body: tombstone } = await ada.call('DELETE', `${messages(group)}/${message.id}`);
    expect(tombstone).toMatchObject({ body: null, mentions: [], mentionsAll: false });
    expect(await mentionCount(ben, group)).toBe(0);
    const rows = await server.dataSource.query('select from message_mentions where conversation_id = $1', [
      group,
    ]);
    expect(rows).toEqual([]);
  });

  it('stay in old messages when somebody leaves, and count nothing after a return', async () => {
    const group = await ada.group(ben, cleo);
    const message = await ada.send(group, at(ben));
    await ben.call('DELETE', `/conversations/${group}/participants/${ben.id}`);
    const { body } = await cleo.call('GET', `${messages(group)}/${message.id}`);
    expect(body.mentions).toEqual([ben.id]);
    await ada.call('PUT', `/conversations/${group}/participants/${ben.id}`);
    expect(await mentionCount(ben, group)).toBe(0);
  });

  it('stay the same when somebody is renamed', async () => {
    const dora = await signUp(server.url);
    const group = await ada.group(dora);
    const message = await ada.send(group, at(dora));
    await dora.call('PATCH', '/users/me', { displayName: 'Another name' });
    await server.dataSource.query(`update users set username = $2 where id = $1`, [
      dora.id,
      `renamed-${dora.username.slice(5)}`,
    ]);
    expect((await ada.call('GET', `${messages(group)}/${message.id}`)).body).toEqual(message);
    expect(await mentionCount(dora, group)).toBe(1);
  });

  // Tests G4.
  it('lose an erased user, with one rev for each message', async () => {
    const dora = await signUp(server.url);
    const group = await ada.group(dora, ben);
    const sent = [
      await ada.send(group, at(dora, ben)),
      await ada.send(group, `just ${at(dora)}`),
      await ada.send(group, 'nobody'),
    ];
    const socket = await ben.connect();
    const head = async (): Promise<number> =>
      (await ada.call('GET', messages(group))).body.head.rev as number;
    const before = await head();
    await dora.call('DELETE', '/users/me', { password: PASSWORD, messages: 'keep' });
    // The revs of the participant and of two messages.
    await until('the mentions are gone', async () => (await head()) === before + 3);
    const { body } = await ada.call('GET', messages(group));
    expect(body.items.map(({ mentions }: { mentions: string[] }) => mentions)).toEqual([[ben.id], [], []]);
    await until('an event for each', () => socket.payloads('message:updated').length === 2);
    const told = socket.payloads('message:updated').map(({ id, rev }) => ({ id, rev: rev - before }));
    expect(told).toEqual([
      { id: sent[0].id, rev: 2 },
      { id: sent[1].id, rev: 3 },
    ]);
    const { body: changes } = await ben.call('GET', `/conversations/${group}/changes?seq=3&rev=${before}`);
    expect(changes.messages).toEqual(body.items.slice(0, 2));
    socket.close();
  });

  it('are gone with the messages of an erased user who had them removed', async () => {
    const dora = await signUp(server.url);
    const group = await ada.group(dora, ben);
    const message = await dora.send(group, at(ben));
    await dora.call('DELETE', '/users/me', { password: PASSWORD, messages: 'remove' });
    const now = () => ada.call('GET', `${messages(group)}/${message.id}`);
    await until('the tombstone', async () => (await now()).body.deletedAt !== null);
    expect((await now()).body).toMatchObject({ senderId: null, mentions: [] });
    expect(await mentionCount(ben, group)).toBe(0);
  });

  describe('of all', () => {
    it('count for everybody else, by the owner or an admin of a group', async () => {
      const group = await ada.group(ben, cleo);
      await ada.call('PUT', `/conversations/${group}/participants/${ben.id}`, { role: 'admin' });
      const first = await ada.send(group, `@all, and ${at(cleo)}`);
      expect(first).toMatchObject({ mentions: [cleo.id], mentionsAll: true });
      const socket = await ben.connect();
      const second = await socket.ok('message:send', { conversationId: group, body: 'hello @ALL!' });
      expect(second).toMatchObject({ mentions: [], mentionsAll: true });
      socket.close();
      const counts = await Promise.all([ada, ben, cleo].map((person) => mentionCount(person, group)));
      expect(counts).toEqual([1, 0, 2]);
      await ben.call('PUT', `/conversations/${group}/read`, { seq: 0, unread: true });
      expect(await mentionCount(ben, group)).toBe(1);
    });

    it('are plain text from members, after an admin lost the role, and in direct conversations', async () => {
      const group = await ada.group(ben, cleo);
      const participant = `/conversations/${group}/participants/${ben.id}`;
      await ada.call('PUT', participant, { role: 'admin' });
      await ada.call('PUT', participant, { role: 'member' });
      expect(await ben.send(group, '@all')).toMatchObject({ mentions: [], mentionsAll: false });
      const direct = await ada.direct(ben);
      expect(await ada.send(direct, '@all')).toMatchObject({ mentions: [], mentionsAll: false });
      expect([await mentionCount(cleo, group), await mentionCount(ben, direct)]).toEqual([0, 0]);
    });

    it('come and go with edits', async () => {
      const group = await ada.group(ben);
      const message = await ada.send(group, 'hello');
      expect((await put(ada, message, 'hello @all')).body).toMatchObject({ mentionsAll: true });
      expect(await mentionCount(ben, group)).toBe(1);
      expect((await put(ada, message, 'hello `@all`')).body).toMatchObject({ mentionsAll: false });
      expect(await mentionCount(ben, group)).toBe(0);
    });

    it('are limited for the people whose messages mention everybody', async () => {
      const limited = await startTestServer({ environment: { RATE_LIMITS: 'on' } });
      try {
        const [dora, emil, fred] = (await signUpAll(limited.url, 3)) as [Person, Person, Person];
        const group = await dora.group(emil, fred);
        const message = await dora.send(group, 'hello');
        const id = randomUUID();
        for (let sent = 1; sent <= 10; sent++)
          expect(await dora.send(group, '@all', sent === 1 ? { id } : {})).toMatchObject({
            mentionsAll: true,
          });
        const refused = await dora.call('POST', messages(group), { body: '@all' });
        expect(refused).toMatchObject({ status: 429, body: { code: 'rate-limited' } });
        expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
        const socket = await dora.connect();
        const input = { conversationId: group, body: '@all' };
        expect(await socket.command('message:send', input)).toMatchObject({
          problem: { code: 'rate-limited' },
        });
        expect(await put(dora, message, '@all')).toMatchObject({ status: 429 });
        expect(await put(dora, message, 'hello again')).toMatchObject({ status: 200 });
        expect(await dora.send(group, at(emil))).toMatchObject({ mentions: [emil.id] });
        // Plain text costs nothing: neither that of a member nor a retry.
        for (let sent = 1; sent <= 12; sent++) await emil.send(group, '@all');
        await dora.call('PUT', `/conversations/${group}/participants/${fred.id}`, { role: 'admin' });
        const again = { id: randomUUID(), body: '@all' };
        for (let sent = 1; sent <= 12; sent++) await fred.call('POST', messages(group), again);
        expect(await fred.send(group, '@all')).toMatchObject({ mentionsAll: true });
        socket.close();
      } finally {
        await limited.close();
      }
    });
  });

  it('keep the order in which one client sends them', async () => {
    const group = await ada.group(ben);
    const socket = await ada.connect();
    const bodies = ['@all one', 'two', `${at(ben)} three`, 'four', '@all five'];
    const sent = await Promise.all(
      bodies.map((body) => socket.ok('message:send', { conversationId: group, body })),
    );
    expect(sent.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
    socket.close();
  });
});

/** The second server reads the messages of the first one from the database or its event log. */
describe('mentions on several servers', () => {
  let database: TestDatabase;
  let servers: TestServer[];
  beforeAll(async () => {
    database = await createTestDatabase();
    servers = [];
    for (let index = 0; index < 2; index++)
      servers.push(
        await startTestServer({
          database,
          environment: { AUTH_SECRET: 'the-servers-of-a-test-share-this-secret-0123456789' },
        }),
      );
  });
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.close()));
    await database.drop();
  });

  // Tests G5.
  it('are broadcast as stored on each of them', async () => {
    const [ada, ben] = (await signUpAll(servers[0]!.url, 2)) as [Person, Person];
    const group = await ada.group(ben);
    const socket = await ben.at(servers[1]!.url).connect();
    for (const body of [`hello @${ben.username}`, '@all', 'nobody']) {
      const stored = await ada.send(group, body);
      expect(await socket.next('message:created', ({ id }) => id === stored.id)).toEqual(stored);
    }
    socket.close();
  });
});
