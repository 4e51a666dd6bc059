import { HideAcrossBlocks1764000000086 } from '../src/migrations/hide-across-blocks';
import { PASSWORD, signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import type { TestSocket } from './support/test-socket';

/** A block hides activity in the direct conversation of two people; lifting it shows the activity again. */
describe('a block in a direct conversation', () => {
  let server: TestServer;
  let ada: Person;
  let ben: Person;
  let id: string;
  let group: string;
  let own: { id: string; seq: number };
  let bens: { id: string; seq: number };
  let sockets: TestSocket[];

  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  beforeEach(async () => {
    [ada, ben] = (await signUpAll(server.url, 2)) as [Person, Person];
    id = await ada.direct(ben);
    group = await ada.group(ben);
    own = await ada.send(id, 'of ada');
    bens = await ben.send(id, 'of ben');
    await read(ada, 2);
    await read(ben, 1, true);
    sockets = [await ada.connect(), await ada.connect(), await ben.connect(), await ben.connect()];
  });
  afterEach(() => sockets.forEach((socket) => socket.close()));

  const path = (rest = ''): string => `/conversations/${id}${rest}`;
  const read = (person: Person, seq: number, unread = false) =>
    person.call('PUT', path('/read'), { seq, ...(unread && { unread }) });
  const block = (from: Person, to: Person) => from.call('PUT', `/users/me/blocks/${to.id}`);
  const unblock = (from: Person, to: Person) => from.call('DELETE', `/users/me/blocks/${to.id}`);
  const changes = async (person: Person, seq: number, rev: number) =>
    (await person.call('GET', path(`/changes?seq=${seq}&rev=${rev}`))).body;

  /** The events of a person in the direct conversation that a socket has received since the last call. */
  const heardOf = (socket: TestSocket, person: Person): string[] =>
    socket.events
      .filter(({ payload }) => payload.conversationId === id)
      .filter(({ payload }) => (payload.userId ?? payload.senderId) === person.id)
      .map(({ event }) => event);
  /** Waits until everything that was sent before has arrived. */
  const settle = async (): Promise<void> => {
    const { id: marker } = await ada.send(group, 'marker');
    for (const socket of sockets) await socket.next('message:created', (message) => message.id === marker);
  };
  const forget = async (): Promise<void> => {
    await settle();
    for (const socket of sockets) socket.events.length = 0;
  };
  /** All read positions of the other person that a viewer can read. */
  const placeOf = async (person: Person, viewer: Person): Promise<number[]> => {
    const ofPerson = (items: { userId: string; readSeq: number }[]): number =>
      items.find(({ userId }) => userId === person.id)!.readSeq;
    const listed = (await viewer.call('GET', '/conversations')).body.items as {
      id: string;
      participants: [];
    }[];
    const socket = sockets[viewer === ada ? 0 : 2]!;
    const synced = await socket.ok('conversation:sync', {
      cursors: [{ conversationId: id, seq: 0, rev: 0 }],
    });
    return [
      ofPerson((await viewer.call('GET', path('/participants'))).body.items),
      ofPerson((await viewer.call('GET', path())).body.participants),
      ofPerson(listed.find((conversation) => conversation.id === id)!.participants),
      ofPerson((await changes(viewer, 0, 0)).participants),
      ofPerson(synced.changes[0].participants),
    ];
  };

  it.each([
    ['the one who blocks', true],
    ['the one who is blocked', false],
  ])(
    'hides reads and deletions of %s from the other person, and not from the own devices',
    async (_who, isBlocker) => {
      await block(...(isBlocker ? ([ada, ben] as const) : ([ben, ada] as const)));
      const before = await placeOf(ada, ben);
      await forget();
      expect((await read(ada, 1, true)).status).toBe(200);
      expect((await ada.call('DELETE', path(`/messages/${own.id}`))).status).toBe(200);
      await settle();
      const [adas1, adas2, bens1, bens2] = sockets as [TestSocket, TestSocket, TestSocket, TestSocket];
      for (const socket of [adas1, adas2])
        expect(heardOf(socket, ada)).toEqual(['conversation:read', 'message:deleted']);
      for (const socket of [bens1, bens2]) expect(heardOf(socket, ada)).toEqual([]);
      expect(await placeOf(ada, ben)).toEqual(before);
      expect(new Set(await placeOf(ada, ada))).toEqual(new Set([1]));
      // The rev of the deletion is passed over without a hole, and without the change.
      expect(await changes(ben, 2, 0)).toMatchObject({
        messages: [],
        cursor: { seq: 2, rev: 1 },
        complete: true,
      });
      expect((await changes(ada, 2, 0)).messages).toMatchObject([{ id: own.id, body: null }]);
      const late = await ben.connect();
      sockets.push(late);
      await read(ada, 2);
      await settle();
      expect(heardOf(late, ada)).toEqual([]);
    },
  );

  it('hides the actions of the blocked person as well', async () => {
    await block(ada, ben);
    const before = await placeOf(ben, ada);
    await forget();
    await read(ben, 2);
    await ben.call('DELETE', path(`/messages/${bens.id}`));
    await settle();
    for (const socket of sockets.slice(0, 2)) expect(heardOf(socket, ben)).toEqual([]);
    for (const socket of sockets.slice(2)) expect(heardOf(socket, ben)).toHaveLength(2);
    expect(await placeOf(ben, ada)).toEqual(before);
  });

  it('sends no event if there was no friendship', async () => {
    await forget();
    await Promise.all(Array.from({ length: 5 }, () => block(ada, ben)));
    await Promise.all(Array.from({ length: 5 }, () => unblock(ada, ben)));
    await settle();
    const told = sockets.map((socket) => socket.events.filter(({ event }) => /^(user|friend):/.test(event)));
    expect(told).toEqual([[], [], [], []]);
  });

  it('shows everything hidden once both blocks are lifted', async () => {
    await block(ada, ben);
    await ada.call('DELETE', path(`/messages/${own.id}`));
    await block(ben, ada);
    await ben.call('DELETE', path(`/messages/${bens.id}`));
    await read(ada, 1, true);
    const [ofAda, ofBen] = [(await changes(ada, 2, 0)).cursor, (await changes(ben, 2, 0)).cursor];
    expect([ofAda, ofBen]).toEqual(Array(2).fill({ seq: 2, rev: 2 }));
    const before = await placeOf(ada, ben);
    expect((await unblock(ada, ben)).status).toBe(204);
    expect(await placeOf(ada, ben)).toEqual(before);
    expect((await changes(ben, 2, 2)).messages).toEqual([]);
    await forget();
    expect((await unblock(ben, ada)).status).toBe(204);
    await settle();
    expect(new Set(await placeOf(ada, ben))).toEqual(new Set([1]));
    for (const person of [ada, ben])
      expect(await changes(person, 2, 2)).toMatchObject({
        messages: [
          { id: own.id, body: null, rev: 3 },
          { id: bens.id, body: null, rev: 4 },
        ],
        cursor: { seq: 2, rev: 4 },
      });
    expect(heardOf(sockets[2]!, ada)).toEqual(['message:deleted', 'conversation:read']);
    await forget();
    await ben.send(id, 'again');
    await read(ada, 3);
    await settle();
    expect(heardOf(sockets[0]!, ben)).toEqual(['message:created']);
    expect(heardOf(sockets[2]!, ada)).toEqual(['conversation:read']);
  });

  it('hides from the data migration on if it is older than the columns for it', async () => {
    const other = (await signUpAll(server.url, 1))[0]!;
    const open = await ada.direct(other);
    await block(ada, ben);
    const run = (text: string): Promise<unknown> => server.dataSource.query(text, [[id, open]]);
    await run(`update conversations set blocked_rev = null where id = any ($1)`);
    await run(`update conversation_participants set shown_read_seq = null where conversation_id = any ($1)`);
    const runner = server.dataSource.createQueryRunner();
    let cursor: string | null = null;
    do ({ cursor } = await HideAcrossBlocks1764000000086.step(runner, cursor, 1));
    while (cursor !== null);
    await runner.release();
    const before = await placeOf(ada, ben);
    await read(ada, 1, true);
    expect(await placeOf(ada, ben)).toEqual(before);
    expect(
      await server.dataSource.query(
        `select id from conversations where blocked_rev is not null and id = any ($1)`,
        [[id, open]],
      ),
    ).toEqual([{ id }]);
  });

  it('hides nothing in groups', async () => {
    await block(ada, ben);
    await forget();
    const { id: messageId } = await ada.send(group, 'for all');
    await ben.call('PUT', `/conversations/${group}/read`, { seq: 1 });
    await ada.call('DELETE', `/conversations/${group}/messages/${messageId}`);
    await sockets[2]!.next('message:deleted', (message) => message.id === messageId);
    await sockets[0]!.next(
      'conversation:read',
      (event) => event.conversationId === group && event.userId === ben.id,
    );
  });

  it('ends when the other person is erased, and the hidden changes are sent', async () => {
    await block(ada, ben);
    await read(ben, 2);
    await ben.call('DELETE', path(`/messages/${bens.id}`));
    const { cursor } = await changes(ada, 2, 0);
    const { status } = await ben.call('DELETE', '/users/me', { password: PASSWORD, messages: 'keep' });
    expect(status).toBe(202);
    // The group of both tells of it as well, before or after.
    await sockets[0]!.next('participant:left', ({ conversationId }) => conversationId === id);
    const told = await sockets[0]!.next('message:updated', (message) => message.id === bens.id);
    expect(told).toMatchObject({ senderId: null, body: null });
    expect((await changes(ada, cursor.seq, cursor.rev)).messages).toMatchObject([
      { id: bens.id, body: null },
    ]);
  });

  it('shows the blocker to the blocked person as to any stranger', async () => {
    const cem = (await signUpAll(server.url, 1))[0]!;
    await block(ada, ben);
    for (const address of [`/users/${ada.id}`, `/users?query=${ada.username}`]) {
      const [blocked, stranger] = [await ben.call('GET', address), await cem.call('GET', address)];
      expect([blocked.status, blocked.body]).toEqual([stranger.status, stranger.body]);
    }
    expect((await ben.call('GET', `/users?query=${ada.username}`)).body.items).toHaveLength(1);
    expect((await ada.call('GET', `/users?query=${ben.username}`)).body.items).toEqual([]);
  });
});

describe('if only friends may have conversations', () => {
  it('rejects the blocked person like any stranger', async () => {
    const server = await startTestServer({ environment: { CONTACT_POLICY: 'friends' } });
    const [ada, ben, cem] = (await signUpAll(server.url, 3)) as [Person, Person, Person];
    await ada.call('PUT', `/users/me/blocks/${ben.id}`);
    for (const type of ['direct', 'group']) {
      const body = { type, participantIds: [ada.id], ...(type === 'group' && { title: 'g' }) };
      const [blocked, stranger] = [
        await ben.call('POST', '/conversations', body),
        await cem.call('POST', '/conversations', body),
      ];
      const said = ({ status, body: { requestId, ...problem } }: typeof blocked) => [
        status,
        requestId !== '',
        problem,
      ];
      expect(said(blocked)).toEqual(said(stranger));
    }
    await server.close();
  });
});
