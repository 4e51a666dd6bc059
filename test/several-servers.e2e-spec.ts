import { createTestDatabase, withClient, type TestDatabase } from './support/databases';
import { PASSWORD, signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import type { TestSocket } from './support/test-socket';
import { until } from './support/until';

const COUNT = 3;

/** The servers share only a database. A user receives the same on each of them. */
describe('several servers on one database', () => {
  let database: TestDatabase;
  let servers: TestServer[];
  let ada: Person;
  let ben: Person;
  let cyd: Person;
  let group: string;
  const sockets: TestSocket[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    servers = [];
    for (let index = 0; index < COUNT; index++)
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
  beforeEach(async () => {
    [ada, ben, cyd] = (await signUpAll(servers[0]!.url, 3)) as [Person, Person, Person];
    group = await ada.group(ben, cyd);
  });
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.close();
  });

  const at = (person: Person, index: number): Person => person.at(servers[index]!.url);
  async function connect(person: Person, index: number): Promise<TestSocket> {
    const socket = await at(person, index).connect();
    sockets.push(socket);
    return socket;
  }
  const query = <Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> =>
    withClient(database.url, async (client) => (await client.query<Row>(text, values)).rows);
  const seqs = (socket: TestSocket, conversationId = group): number[] =>
    socket
      .payloads('message:created')
      .filter((message) => message.conversationId === conversationId)
      .map((message) => message.seq);
  const numbersTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

  // Tests G3 and G5.
  it('send everybody every message once and in order, while four people send on each', async () => {
    const listeners = await Promise.all([connect(ada, 0), connect(ben, 1), connect(cyd, 2)]);
    const senders = [ada, ben, cyd].flatMap((person, index) => [at(person, index), at(person, index)]);
    const each = 25;
    await Promise.all(
      senders
        .flatMap((sender) => [sender, sender])
        .map(async (sender, place) => {
          for (let number = 0; number < each; number++) await sender.send(group, `${place} ${number}`);
        }),
    );
    const total = senders.length * 2 * each;
    for (const listener of listeners) {
      await until('the last message', () => seqs(listener).includes(total));
      expect(seqs(listener)).toEqual(numbersTo(total));
    }
  });

  // Tests G2.
  it('store and send a message once that all of them get at once with the same id', async () => {
    const listeners = await Promise.all([connect(ada, 0), connect(ben, 1), connect(cyd, 2)]);
    const id = '0195a000-0000-7000-8000-000000000001';
    const stored = await Promise.all(
      numbersTo(9).map((number) =>
        at(ada, number % COUNT).call('POST', `/conversations/${group}/messages`, { id, body: 'once' }),
      ),
    );
    expect(new Set(stored.map(({ body }) => body.seq))).toEqual(new Set([1]));
    await ada.send(group, 'marker');
    for (const listener of listeners) {
      await until('the marker', () => seqs(listener).includes(2));
      expect(seqs(listener)).toEqual([1, 2]);
    }
  });

  it('send every other event that one of them emits', async () => {
    const [onSecond, onThird] = [await connect(ben, 1), await connect(cyd, 2)];
    const message = await ada.send(group, 'a first version');
    await ada.call('PUT', `/conversations/${group}/messages/${message.id}`, { body: 'a second version' });
    await ada.call('PUT', `/conversations/${group}/messages/${message.id}/pin`);
    await at(cyd, 2).call('PUT', `/conversations/${group}/messages/${message.id}/reactions/%F0%9F%91%8D`);
    await ada.call('PATCH', `/conversations/${group}`, { title: 'another title' });
    await ada.call('PUT', `/conversations/${group}/participants/${ben.id}`, { role: 'admin' });
    await at(cyd, 2).call('PUT', `/conversations/${group}/read`, { seq: 1 });
    await ada.call('DELETE', `/conversations/${group}/messages/${message.id}`);
    const request = await ada.call('POST', '/friend-requests', { recipientId: ben.id });
    await at(ben, 1).call('POST', `/friend-requests/${request.body.id}/accept`);
    const other = await ada.group(ben);
    await ben.call('PATCH', '/users/me', { displayName: 'Benjamin' });
    await ada.send(other, 'in the new group');
    for (const socket of [onSecond, onThird]) {
      // A late event shows the message in its current form.
      const updates = (): number => socket.payloads('message:updated').length;
      await until('the edit, the pin and the reaction', () => updates() === 3);
      await socket.next('conversation:updated', ({ conversation }) => conversation.title === 'another title');
      await socket.next('participant:updated', ({ participant }) => participant.role === 'admin');
      await socket.next('conversation:read', ({ userId, seq }) => userId === cyd.id && seq === 1);
      await socket.next('message:deleted', ({ id }) => id === message.id);
    }
    await onSecond.next('friend-request:created');
    await onSecond.next('friend-request:accepted');
    await onSecond.next('conversation:created', ({ conversationId }) => conversationId === other);
    await onSecond.next('message:created', ({ body }) => body === 'in the new group');
    await onSecond.next('user:updated', ({ displayName }) => displayName === 'Benjamin');
    expect(onThird.payloads('message:created').map(({ body }) => body)).not.toContain('in the new group');
  });

  describe('with an acknowledgement', () => {
    const CASES: [string, (other: Person) => Promise<{ status: number }>][] = [
      ['a removal', () => ada.call('DELETE', `/conversations/${group}/participants/${ben.id}`)],
      ['leaving', () => ben.call('DELETE', `/conversations/${group}/participants/${ben.id}`)],
      ['a sign-out', () => ben.call('POST', '/auth/logout')],
      [
        'a session that is ended from elsewhere',
        (other) => other.call('DELETE', `/auth/sessions/${ben.sessionId}`),
      ],
      [
        'a new password',
        (other) =>
          other.call('PUT', '/auth/password', {
            currentPassword: PASSWORD,
            newPassword: 'another quite long password',
          }),
      ],
      ['an erasure', () => ben.call('DELETE', '/users/me', { password: PASSWORD, messages: 'keep' })],
      ['a deleted group', () => ada.call('DELETE', `/conversations/${group}`)],
    ];
    // Tests G6.
    it.each(CASES)('stop events on the other servers after %s', async (_, end) => {
      const other = await ben.signInAgain();
      const [first, second, witness] = [await connect(ben, 1), await connect(ben, 2), await connect(cyd, 1)];
      await ada.send(group, 'before');
      for (const socket of [first, second, witness]) await socket.next('message:created');
      const ended = await end(other);
      expect(ended.status).toBeLessThan(300);
      // Every server sends in the event-loop turn of the acknowledgement.
      const sent = await Promise.all(
        servers.map((_server, index) =>
          at(ada, index).call('POST', `/conversations/${group}/messages`, { body: `secret ${index}` }),
        ),
      );
      const gone = { ok: false };
      const storedAsGone: { ok: boolean }[] = [];
      for (const socket of [first, second]) {
        const isOpen = socket.socket.connected;
        const said = { conversationId: group, body: 'said afterwards' };
        storedAsGone.push(isOpen ? await socket.command('message:send', said).catch(() => gone) : gone);
      }
      if (sent.every(({ status }) => status === 201))
        await until('the witness', () => seqs(witness).length === 1 + COUNT);
      for (const socket of [first, second]) expect(seqs(socket)).toEqual([1]);
      expect(storedAsGone).toEqual([
        expect.objectContaining({ ok: false }),
        expect.objectContaining({ ok: false }),
      ]);
    });

    // Tests G6.
    it('hide the direct conversation after a block', async () => {
      const direct = await ada.direct(ben);
      const [bens, adas] = [await connect(ben, 1), await connect(ada, 2)];
      await ada.send(direct, 'before');
      await Promise.all([bens, adas].map((socket) => socket.next('message:created')));
      expect((await ada.call('PUT', `/users/me/blocks/${ben.id}`)).status).toBeLessThan(300);
      const mine = (await ada.call('GET', `/conversations/${direct}/messages`)).body.items[0];
      await ada.call('DELETE', `/conversations/${direct}/messages/${mine.id}`);
      await adas.next('message:deleted');
      expect(bens.payloads('message:deleted')).toEqual([]);
    });

    // Tests G6.
    it('end the stream of a reader over plain HTTP', async () => {
      const stop = new AbortController();
      const stream = await fetch(`${servers[1]!.url}/api/v1/conversations/${group}/messages`, {
        headers: { authorization: `Bearer ${ben.accessToken}`, subscribe: 'true' },
        signal: stop.signal,
      });
      let told = '';
      let isOver = false;
      const reading = (async () => {
        for await (const chunk of stream.body as unknown as AsyncIterable<Uint8Array>)
          told += Buffer.from(chunk).toString();
        isOver = true;
      })().catch(() => undefined);
      await ada.send(group, 'before');
      await until('the stream', () => told.includes('before'));
      await ada.call('DELETE', `/conversations/${group}/participants/${ben.id}`);
      await ada.send(group, 'secret');
      await until('the end of the stream', () => isOver);
      await reading;
      expect(told).not.toContain('secret');
      stop.abort();
    });
  });

  it('leave an empty log when all of them have read it', async () => {
    await connect(ben, 1);
    await ada.send(group, 'something');
    const count = async () =>
      (await query<{ count: number }>('select count(*)::int as count from server_events'))[0]!.count;
    expect(await count()).toBeGreaterThan(0);
    await until('an empty log', async () => (await count()) === 0);
  });
});
