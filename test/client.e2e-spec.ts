import { EditConflict, MemoryStorage, XFChatClient, type Conversation } from '../client/src/index';
import { createTestDatabase } from './support/databases';
import { FaultProxy } from './support/fault-proxy';
import { PASSWORD, signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import { until } from './support/until';

const BACKOFF = { initialMs: 50, maxMs: 500 };

describe('the reference client', () => {
  let server: TestServer;
  /** The network between the server and the clients. */
  let link: FaultProxy;
  let ada: Person;
  let ben: Person;
  let group: string;
  /** Stored sessions by person, because signing in is slow. */
  const sessions = new Map<Person, unknown>();
  const clients: XFChatClient[] = [];

  beforeAll(async () => {
    server = await startTestServer();
    link = await FaultProxy.inFrontOf(server.url);
    [ada, ben] = (await signUpAll(server.url, 2)) as [Person, Person];
    for (const person of [ada, ben]) {
      const storage = new MemoryStorage();
      const client = new XFChatClient({ url: server.url, storage });
      await client.signIn({ login: person.username, password: PASSWORD });
      await client.stop();
      sessions.set(person, await storage.get('session'));
    }
  });
  afterAll(async () => {
    await link.close();
    await server.close();
  });
  beforeEach(async () => {
    group = await ada.group(ben);
  });
  afterEach(async () => {
    link.set('pass');
    await Promise.all(clients.splice(0).map((client) => client.stop()));
  });

  interface Options {
    storage?: MemoryStorage;
    maxCatchUp?: number;
    url?: string;
  }

  function create(options: Options): XFChatClient {
    const client = new XFChatClient({ url: link.url, backoff: BACKOFF, timeoutMs: 5_000, ...options });
    clients.push(client);
    return client;
  }

  /** A complete client on a device of a person. */
  async function device(person: Person, options: Options = {}): Promise<XFChatClient> {
    const storage = options.storage ?? new MemoryStorage();
    await storage.set('session', sessions.get(person));
    return resumed(create({ ...options, storage }));
  }

  async function resumed(client: XFChatClient): Promise<XFChatClient> {
    await client.resume();
    await client.untilComplete();
    return client;
  }

  const inGroup = (client: XFChatClient): Conversation => client.conversation(group)!;
  const bodies = (client: XFChatClient): (string | null)[] =>
    client.conversation(group)?.messages.map(({ body }) => body) ?? [];
  const holds = (client: XFChatClient, ...expected: (string | null)[]) =>
    until(`the client to hold ${expected.join(', ')}`, () => {
      const isHeld = JSON.stringify(bodies(client).slice(-expected.length)) === JSON.stringify(expected);
      return isHeld && client.status === 'complete';
    });

  /** Asserts that the client holds the whole conversation as the server has it. */
  async function expectHistory(client: XFChatClient): Promise<void> {
    await client.untilComplete();
    while (inGroup(client).hasOlder) await inGroup(client).older(2);
    const { body } = await ada.call('GET', `/conversations/${group}/messages?after=0&limit=200`);
    expect({ messages: inGroup(client).messages, position: inGroup(client).position }).toEqual({
      messages: body.items,
      position: body.head,
    });
  }

  it('sends and receives messages, counts unread ones, and creates conversations', async () => {
    const [adas, bens] = [await device(ada), await device(ben)];
    const statuses: string[] = [];
    adas.on('outgoing', ({ status }) => statuses.push(status));
    await inGroup(adas).send('one');
    await inGroup(adas).send('two');
    await holds(bens, 'one', 'two');
    expect(inGroup(bens).unreadCount).toBe(2);
    await inGroup(bens).markRead(1);
    await until('the read position', () => inGroup(bens).unreadCount === 1);
    await until('both to be settled', () => inGroup(adas).outgoing.length === 0);
    expect(statuses).toEqual(['pending', 'pending', 'sent', 'sent']);

    const direct = await bens.createConversation({ type: 'direct', participantIds: [ada.id] });
    await direct.send('three');
    const heard = await until('the new conversation', () => adas.conversation(direct.id));
    await until('its message', () => heard.messages[0]?.body === 'three');
    expect(adas.conversations.slice(0, 2).map(({ id }) => id)).toEqual([direct.id, group]);
    await expect(adas.open(ada.id)).rejects.toMatchObject({ code: 'conversation-not-found' });
  });

  it('sends retried messages once, in the order of writing', async () => {
    const [adas, bens] = [await device(ada), await device(ben, { url: server.url })];
    const heard: string[] = [];
    bens.on('event', ({ name, payload }) => {
      if (name === 'message:created') heard.push((payload as { body: string }).body);
    });
    link.set('swallow-replies');
    for (const body of ['one', 'two', 'three']) await inGroup(adas).send(body);
    await holds(bens, 'one');
    link.set('refuse'); // its acknowledgement is lost
    await until('the loss to be noticed', () => !adas.isOnline);
    expect(inGroup(adas).outgoing.map(({ status }) => status)).toEqual(['pending', 'pending', 'pending']);
    expect(inGroup(adas).status).toBe('catching-up');
    link.set('pass');
    await holds(adas, 'one', 'two', 'three');
    await holds(bens, 'one', 'two', 'three');
    expect(heard).toEqual(['one', 'two', 'three']);
    await until('all to be settled', () => inGroup(adas).outgoing.length === 0);
  });

  it('reacts to messages and pins them, and other devices see both, live or after an absence', async () => {
    const [adas, bens] = [await device(ada), await device(ben)];
    await ada.send(group, 'hello');
    await holds(bens, 'hello');
    await holds(adas, 'hello');
    const storage = new MemoryStorage();
    const away = await device(ada, { storage });
    await holds(away, 'hello');
    await away.stop();

    const message = (client: XFChatClient) => inGroup(client).messages.at(-1)!;
    expect((await inGroup(bens).react(message(bens), '\u2764')).reactions).toEqual([
      { emoji: '\u2764\uFE0F', count: 1, userIds: [ben.id] },
    ]);
    await inGroup(bens).react(message(bens), '👍');
    await inGroup(bens).unreact(message(bens), '\u2764\uFE0F');
    const pinned = await inGroup(adas).pin(message(adas));
    expect(await inGroup(bens).pinned()).toEqual([pinned]);
    const returned = await resumed(create({ storage }));
    for (const client of [adas, bens, returned]) {
      await until('the pin', () => message(client).rev === pinned.rev);
      expect(message(client)).toEqual(pinned);
      expect(message(client).reactions).toEqual([{ emoji: '👍', count: 1, userIds: [ben.id] }]);
    }
    expect((await inGroup(adas).unpin(message(adas))).pinnedAt).toBeNull();
    await expect(inGroup(bens).pin(message(bens))).rejects.toMatchObject({ code: 'forbidden' });
    await expect(inGroup(bens).react(message(bens), 'no')).rejects.toMatchObject({
      code: 'validation-failed',
    });
  });

  it('reports a rejected message, and continues', async () => {
    const adas = await device(ada);
    const { id } = await inGroup(adas).send('x'.repeat(4_001));
    await inGroup(adas).send('short enough');
    await holds(adas, 'short enough');
    expect(inGroup(adas).outgoing).toEqual([
      expect.objectContaining({ id, status: 'failed', problem: expect.objectContaining({ status: 422 }) }),
    ]);
    await adas.discard(id);
    expect(inGroup(adas).outgoing).toEqual([]);

    // The id belongs to another person's message, so the retry uses a new one.
    const taken = await ben.send(group, 'ben says');
    await inGroup(adas).send({ id: taken.id, body: 'ada says' });
    await until('the refusal', () => inGroup(adas).outgoing[0]?.problem?.code === 'message-id-conflict');
    await adas.retry(taken.id);
    await holds(adas, 'ben says', 'ada says');
  });

  it('fills gaps after it missed a message, a change and a participant', async () => {
    const bens = await device(ben);
    const unheard = async (work: () => Promise<unknown>): Promise<void> => {
      const before = link.swallowedReplies;
      link.set('swallow-replies');
      await work();
      await until('an event to be lost', () => link.swallowedReplies > before);
      link.set('pass');
    };
    const one = await ada.send(group, 'one');
    await holds(bens, 'one');
    await unheard(() => ada.send(group, 'two'));
    await ada.send(group, 'three');
    await holds(bens, 'one', 'two', 'three');
    const path = `/conversations/${group}`;
    await unheard(() => ada.call('PUT', `${path}/messages/${one.id}`, { body: 'ONE' }));
    await unheard(() => ada.call('PUT', `${path}/participants/${ben.id}`, { role: 'admin' }));
    await ada.call('PATCH', path, { title: 'another title' });
    await holds(bens, 'ONE', 'two', 'three');
    expect(inGroup(bens)).toMatchObject({ title: 'another title', myRole: 'admin' });
    await expectHistory(bens);
  });

  it('continues after an absence from its stored state, unsent messages included', async () => {
    const storage = new MemoryStorage();
    const before = await device(ben, { storage });
    for (const body of ['one', 'two', 'three']) await ada.send(group, body);
    await holds(before, 'one', 'two', 'three');
    await before.stop();
    await inGroup(before).send('written without a connection');
    await ada.call('DELETE', `/conversations/${group}/messages/${inGroup(before).messages[0]!.id}`);
    await ada.send(group, 'four');
    const other = await ada.group(ben);

    const after = create({ storage });
    expect(await after.resume()).toMatchObject({ id: ben.id });
    expect(bodies(after)).toEqual(['one', 'two', 'three']);
    await holds(after, null, 'two', 'three', 'four', 'written without a connection');
    expect(after.conversation(other)).toBeDefined();
    await expectHistory(after);
    await inGroup(after).loadParticipants();
    expect(
      inGroup(after)
        .participants.map(({ userId }) => userId)
        .sort(),
    ).toEqual([ada.id, ben.id].sort());
  });

  it('restarts a conversation that lacks too much, and drops one from which the user was removed', async () => {
    const storage = new MemoryStorage();
    const before = await device(ben, { storage });
    await ada.send(group, 'one');
    await holds(before, 'one');
    const left = await ada.group(ben);
    await until('the other conversation', () => before.conversation(left));
    await before.stop();
    for (const body of ['two', 'three', 'four']) await ada.send(group, body);
    await ada.call('DELETE', `/conversations/${left}/participants/${ben.id}`);

    const after = create({ storage, maxCatchUp: 2 });
    const removed: string[] = [];
    after.on('removed', ({ conversationId }) => removed.push(conversationId));
    await resumed(after);
    expect(bodies(after)).toEqual(['four']);
    expect(removed).toEqual([left]);
    await expectHistory(after);
    await ada.call('DELETE', `/conversations/${group}/participants/${ben.id}`);
    await until('the removal', () => removed.includes(group));
    expect(after.conversation(group)).toBeUndefined();
  });

  it('shows no mixture when an older state of the database was restored', async () => {
    const [stays, storage] = [await device(ada), new MemoryStorage()];
    const away = await device(ben, { storage });
    for (const body of ['one', 'two', 'three']) await ada.send(group, body);
    await holds(away, 'one', 'two', 'three');
    await holds(stays, 'one', 'two', 'three');
    await away.stop();
    const setBack = `with forgotten as (delete from chat_messages where conversation_id = $1 and seq > 1)
      update conversations set last_seq = 1 where id = $1`;
    await server.dataSource.query(setBack, [group]);
    const cut = new Promise<void>((resolve) => {
      stays.on('connection', (state) => state === 'offline' && resolve());
    });
    await server.dataSource.query('update database_state set epoch = epoch + 1');
    await cut; // the server ends the sockets of another epoch
    const shown: string[] = [];
    stays.on('conversation', () => shown.push(bodies(stays).join(', ')));
    for (const body of ['TWO', 'THREE', 'FOUR', 'FIVE']) await ada.send(group, body);
    const back = await resumed(create({ storage }));
    for (const client of [stays, back]) {
      await holds(client, 'FIVE');
      await expectHistory(client);
      expect(bodies(client)).toEqual(['one', 'TWO', 'THREE', 'FOUR', 'FIVE']);
    }
    expect(shown.filter((texts) => /t/.test(texts) && /[A-Z]/.test(texts))).toEqual([]);
  });

  it('reports an edit conflict with both texts, and edits again based on the other one', async () => {
    const [telephone, laptop] = [await device(ada), await device(ada)];
    const message = await ada.send(group, 'Meet at 5');
    await holds(laptop, 'Meet at 5');
    await inGroup(telephone).edit(message, 'Meet at 6');
    const conflict = await inGroup(laptop)
      .edit(message, 'Meet at 5, bring cake')
      .catch((error: unknown) => error as EditConflict);
    expect(conflict).toBeInstanceOf(EditConflict);
    expect(conflict).toMatchObject({ body: 'Meet at 5, bring cake', current: { body: 'Meet at 6' } });
    await inGroup(laptop).edit((conflict as EditConflict).current, 'Meet at 6, bring cake');
    await holds(telephone, 'Meet at 6, bring cake');
    await inGroup(telephone).delete(message);
    await holds(laptop, null);
    await expectHistory(laptop);
  });

  it('renews a rejected token, and ends when the session is ended elsewhere', async () => {
    const storage = new MemoryStorage();
    const before = create({ storage });
    await before.signIn({ login: ada.username, password: PASSWORD, deviceName: 'to be ended' });
    await before.stop();
    const session = (await storage.get('session')) as object;
    await storage.set('session', { ...session, accessToken: 'not a token' });
    const after = await resumed(create({ storage }));

    const reasons: string[] = [];
    after.on('signed-out', ({ reason }) => reasons.push(reason));
    const { body } = await ada.call('GET', '/auth/sessions');
    for (const { id, deviceName } of body.items)
      if (deviceName === 'to be ended') await ada.call('DELETE', `/auth/sessions/${id}`);
    await until('the end of the session', () => reasons.length > 0);
    expect(reasons).toEqual(['session-revoked']);
    expect(after.user).toBeUndefined();
    expect(await after.resume()).toBeUndefined();

    await after.signIn({ login: ada.username, password: PASSWORD });
    await after.untilComplete();
    await after.signOut();
    expect(reasons).toEqual(['session-revoked', 'signed-out']);
    expect(await storage.keys('')).toEqual([]);
  });
});

describe('the token of a client', () => {
  it('is renewed before it expires, for the socket as well', async () => {
    const server = await startTestServer({ environment: { ACCESS_TOKEN_LIFETIME_MS: '2000' } });
    const [ada] = (await signUpAll(server.url, 1)) as [Person];
    const client = new XFChatClient({ url: server.url, backoff: BACKOFF });
    await client.signIn({ login: ada.username, password: PASSWORD });
    const renewals = /socket_commands_total\{event="session:refresh",outcome="ok"\} [1-9]/;
    await until('the socket to get a new token', async () =>
      renewals.test(await (await fetch(`${server.url}/metrics`)).text()),
    );
    await client.stop();
    await server.close();
  });
});

describe('a client that waits as the server asked', () => {
  it('continues as soon as the server says that the outage is over', async () => {
    const database = await createTestDatabase();
    const link = await FaultProxy.inFrontOf(database.url);
    const server = await startTestServer({ database, connectTo: () => link.url });
    const [ada] = (await signUpAll(server.url, 1)) as [Person];
    const group = await ada.group();
    // The pauses are longer than any test, so the client retries only if something ends a pause.
    const pauses = { initialMs: 600_000, maxMs: 600_000 };
    const client = new XFChatClient({ url: server.url, backoff: pauses });
    const told: string[] = [];
    client.on('event', ({ name, payload }) => {
      if (name === 'server:status') told.push((payload as { status: string }).status);
    });
    await client.signIn({ login: ada.username, password: PASSWORD });
    await client.untilComplete();
    const conversation = client.conversation(group)!;

    link.set('refuse');
    await until('the outage to be told', () => told.at(-1) === 'degraded');
    const checked = client.check();
    await conversation.send('written meanwhile');
    // A later command on the same socket was rejected, so both earlier ones were rejected and wait.
    await expect(client.command('conversation:sync', { cursors: [] })).rejects.toMatchObject({
      problem: { status: 503 },
    });
    expect(client.status).toBe('catching-up');
    expect(conversation.outgoing).toMatchObject([{ status: 'pending' }]);

    link.set('pass');
    await until('it to be sent', () => conversation.messages.at(-1)?.body === 'written meanwhile');
    await checked;
    expect(told).toEqual(['degraded', 'ok']);
    await client.stop();
    await server.close();
    await link.close();
    await database.drop();
  });
});
