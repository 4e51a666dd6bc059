import { randomUUID } from 'node:crypto';
import { PresenceDirectory } from '../src/features/presence/presence-directory';
import { EventRelay } from '../src/platform/servers/event-relay';
import { createTestDatabase, withClient, type TestDatabase } from './support/databases';
import { PASSWORD, signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import type { TestSocket } from './support/test-socket';
import { until } from './support/until';

interface Presence {
  readonly userId: string;
  readonly status: string;
  readonly lastSeenAt: string | null;
}

/** Two servers on one database report who is connected. */
describe('presence', () => {
  let database: TestDatabase;
  let one: TestServer;
  let two: TestServer;
  let ada: Person;
  let ben: Person;
  let cyd: Person;
  const sockets: TestSocket[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    const environment = { AUTH_SECRET: 'the-servers-of-a-test-share-this-secret-0123456789' };
    [one, two] = (await Promise.all([1, 2].map(() => startTestServer({ database, environment })))) as [
      TestServer,
      TestServer,
    ];
  });
  afterAll(async () => {
    await Promise.all([one.close(), two.close()]);
    await database.drop();
  });
  beforeEach(async () => {
    [ada, ben, cyd] = (await signUpAll(one.url, 3)) as [Person, Person, Person];
  });
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.close();
  });

  async function connect(person: Person, { url }: TestServer = one): Promise<TestSocket> {
    const socket = await person.at(url).connect();
    sockets.push(socket);
    return socket;
  }
  async function befriend(a: Person, b: Person): Promise<void> {
    await a.call('POST', '/friend-requests', { recipientId: b.id });
    await b.call('POST', '/friend-requests', { recipientId: a.id });
  }
  async function watch(socket: TestSocket, ...people: Person[]): Promise<Presence[]> {
    const { presences } = await socket.ok('presence:watch', { userIds: people.map(({ id }) => id) });
    return presences as Presence[];
  }
  const told = (socket: TestSocket, person: Person): Presence[] =>
    (socket.payloads('presence') as unknown as Presence[]).filter(({ userId }) => userId === person.id);
  const statuses = (socket: TestSocket, person: Person): string[] =>
    told(socket, person).map(({ status }) => status);
  /** Waits until one server has told the other that a user is connected to it, so that the next report is a change there. */
  const hasTold = ({ application }: TestServer, other: TestServer, { id }: Person): Promise<true> =>
    until('the other server to know', () => {
      const { serverId } = application.get(EventRelay);
      return other.application.get(PresenceDirectory).saidBy(serverId, id) === 'online';
    });
  const becomes = (socket: TestSocket, person: Person, status: string): Promise<unknown> =>
    until(`${status}`, () => statuses(socket, person).at(-1) === status);
  const last = (socket: TestSocket, person: Person): Presence =>
    socket.payloads('presence').findLast(({ userId }) => userId === person.id) as Presence;
  const never = ({ id: userId }: Person): Presence => ({ userId, status: 'offline', lastSeenAt: null });
  /** Waits until all earlier events have arrived: a new friend of the watcher connects, and their event is the last. */
  async function marker(socket: TestSocket, watcher: Person, watched: Person[]): Promise<void> {
    const [friend] = (await signUpAll(one.url, 1)) as [Person];
    await befriend(watcher, friend);
    socket.events.splice(0);
    await watch(socket, ...watched, friend);
    await connect(friend, two);
    await becomes(socket, friend, 'online');
  }

  it('shows when a friend connects, is away and disconnects, on the same server and on another one', async () => {
    await befriend(ada, ben);
    const watchers = [await connect(ada), await connect(ada, two)];
    for (const socket of watchers) expect(await watch(socket, ben)).toEqual([never(ben)]);
    const bens = await connect(ben);
    for (const socket of watchers) await becomes(socket, ben, 'online');
    expect(await bens.ok('presence:set', { status: 'away' })).toEqual({ status: 'away' });
    for (const socket of watchers) await becomes(socket, ben, 'away');
    await bens.ok('presence:set', { status: 'online' });
    for (const socket of watchers) await becomes(socket, ben, 'online');
    const before = Date.now();
    bens.close();
    for (const socket of watchers) {
      await becomes(socket, ben, 'offline');
      const { lastSeenAt } = last(socket, ben);
      expect(Math.abs(Date.parse(lastSeenAt!) - before)).toBeLessThan(5_000);
      expect(await watch(socket, ben)).toEqual([{ userId: ben.id, status: 'offline', lastSeenAt }]);
      expect(statuses(socket, ben)).toEqual(['online', 'away', 'online', 'offline']);
    }
  });

  it('combines all sockets of a user over all servers', async () => {
    await befriend(ada, ben);
    const adas = await connect(ada);
    const [first, second] = [await connect(ben), await connect(ben, two)];
    await Promise.all([hasTold(one, one, ben), hasTold(two, one, ben)]);
    expect((await watch(adas, ben))[0]!.status).toBe('online');
    await first.ok('presence:set', { status: 'away' });
    first.close();
    await second.ok('presence:set', { status: 'away' });
    await becomes(adas, ben, 'away');
    expect(statuses(adas, ben)).toEqual(['away']);
    const third = await connect(ben);
    await becomes(adas, ben, 'online');
    third.close();
    await becomes(adas, ben, 'away');
    second.close();
    await becomes(adas, ben, 'offline');
  });

  it('does not change for a user who reconnects at once', async () => {
    await befriend(ada, ben);
    const adas = await connect(ada);
    const bens = await connect(ben);
    expect((await watch(adas, ben))[0]!.status).toBe('online');
    bens.close();
    await connect(ben);
    await marker(adas, ada, [ben]);
    expect(statuses(adas, ben)).toEqual([]);
  });

  it('is seen by people who share a conversation, and by nobody else', async () => {
    const group = await ada.group(ben);
    const [adas, cyds] = [await connect(ada, two), await connect(cyd)];
    await connect(ben);
    await until('ben', async () => (await watch(adas, ben))[0]!.status === 'online');
    const unknown = randomUUID();
    const asked = { userIds: [ben.id, unknown, ben.id.toUpperCase()] };
    expect((await cyds.ok('presence:watch', asked)).presences).toEqual([
      never(ben),
      { userId: unknown, status: 'offline', lastSeenAt: null },
    ]);
    await ada.call('PUT', `/conversations/${group}/participants/${cyd.id}`, {});
    await becomes(cyds, ben, 'online');
  });

  // Tests G6.
  it.each(['is removed', 'leaves', 'sees the group deleted'])('ends for a watcher who %s', async (how) => {
    const group = await ada.group(ben, cyd);
    const bens = await connect(ben, two);
    await connect(cyd);
    await until('cyd', async () => (await watch(bens, cyd))[0]!.status === 'online');
    const path = how === 'sees the group deleted' ? '' : `/participants/${ben.id}`;
    const actor = how === 'leaves' ? ben : ada;
    expect((await actor.call('DELETE', `/conversations/${group}${path}`)).status).toBe(204);
    await becomes(bens, cyd, 'offline');
    expect(last(bens, cyd)).toEqual(never(cyd));
    expect(await watch(bens, cyd)).toEqual([never(cyd)]);
  });

  // Tests G6.
  it('is hidden by a block either way, and shown again after it', async () => {
    await ada.group(ben);
    const [adas, bens] = [await connect(ada), await connect(ben, two)];
    await until('ben', async () => (await watch(adas, ben))[0]!.status === 'online');
    await until('ada', async () => (await watch(bens, ada))[0]!.status === 'online');
    await ben.call('PUT', `/users/me/blocks/${ada.id}`);
    const [seenByAda, seenByBen] = [adas.events.length, bens.events.length];
    await Promise.all([becomes(adas, ben, 'offline'), becomes(bens, ada, 'offline')]);
    expect([last(adas, ben), last(bens, ada)]).toEqual([never(ben), never(ada)]);
    await bens.ok('presence:set', { status: 'away' });
    await marker(adas, ada, [ben]);
    expect(statuses(adas, ben)).toEqual([]);
    expect([seenByAda, seenByBen].every((count) => count > 0)).toBe(true);
    await ben.call('DELETE', `/users/me/blocks/${ada.id}`);
    await Promise.all([becomes(adas, ben, 'away'), becomes(bens, ada, 'online')]);
  });

  it('continues for former friends while they share a conversation', async () => {
    await befriend(ada, ben);
    const adas = await connect(ada);
    await connect(ben);
    expect((await watch(adas, ben))[0]!.status).toBe('online');
    expect((await ada.call('DELETE', `/friends/${ben.id}`)).status).toBe(204);
    await marker(adas, ada, [ben]);
    expect((await watch(adas, ben))[0]!.status).toBe('online');
  });

  it('shows an invisible user as one who has just disconnected, on all devices', async () => {
    await befriend(ada, ben);
    const adas = await connect(ada, two);
    const [bens, other] = [await connect(ben), await connect(ben, two)];
    await Promise.all([hasTold(one, two, ben), hasTold(two, two, ben)]);
    expect((await watch(adas, ben))[0]!.status).toBe('online');
    const settings = { invisible: true, lastSeen: 'contacts' };
    const changed = await ben.call('PATCH', '/users/me/presence', { invisible: true });
    expect([changed.status, changed.body]).toEqual([200, settings]);
    for (const socket of [bens, other])
      expect(await socket.next('presence-settings:updated')).toEqual(settings);
    await becomes(adas, ben, 'offline');
    const { lastSeenAt } = last(adas, ben);
    expect(lastSeenAt).not.toBeNull();
    // The actions of an invisible user change nothing, and the user still sees others.
    await bens.ok('presence:set', { status: 'away' });
    await connect(ben, two);
    expect((await watch(bens, ada))[0]!.status).toBe('online');
    await marker(adas, ada, [ben]);
    expect(told(adas, ben)).toEqual([]);
    expect((await watch(adas, ben))[0]).toEqual({ userId: ben.id, status: 'offline', lastSeenAt });
    await ben.call('PATCH', '/users/me/presence', { invisible: false });
    await becomes(adas, ben, 'online');
    expect((await ben.call('GET', '/users/me/presence')).body).toEqual({
      invisible: false,
      lastSeen: 'contacts',
    });
  });

  it('has no times for a user who hides their own, in both directions', async () => {
    await befriend(ada, ben);
    await befriend(ada, cyd);
    const adas = await connect(ada);
    const bens = await connect(ben, two);
    const cyds = await connect(cyd);
    await until('ben', async () => (await watch(adas, ben, cyd))[0]!.status === 'online');
    await ada.call('PATCH', '/users/me/presence', { lastSeen: 'nobody' });
    bens.close();
    await becomes(adas, ben, 'offline');
    expect(last(adas, ben).lastSeenAt).toBeNull();
    await ada.call('PATCH', '/users/me/presence', { lastSeen: 'contacts' });
    await until('the time', () => last(adas, ben).lastSeenAt !== null);
    await cyd.call('PATCH', '/users/me/presence', { lastSeen: 'nobody' });
    cyds.close();
    await becomes(adas, cyd, 'offline');
    expect(last(adas, cyd).lastSeenAt).toBeNull();
    await cyd.call('PATCH', '/users/me/presence', { lastSeen: 'contacts' });
    await until('the time', () => last(adas, cyd).lastSeenAt !== null);
  });

  it('is sent for the current list only', async () => {
    await befriend(ada, ben);
    const adas = await connect(ada);
    await watch(adas, ben);
    expect(await watch(adas)).toEqual([]);
    await connect(ben);
    await marker(adas, ada, []);
    expect(statuses(adas, ben)).toEqual([]);
  });

  it('forgets an erased user', async () => {
    await befriend(ada, ben);
    const adas = await connect(ada);
    const bens = await connect(ben);
    await watch(adas, ben);
    bens.close();
    await becomes(adas, ben, 'offline');
    const rows = (): Promise<unknown[]> =>
      withClient(database.url, async (client) => {
        const { rows } = await client.query('select from user_presence where user_id = $1', [ben.id]);
        return rows;
      });
    expect(await rows()).toHaveLength(1);
    expect((await ben.call('DELETE', '/users/me', { password: PASSWORD, messages: 'keep' })).status).toBe(
      202,
    );
    expect(await rows()).toEqual([]);
    await until('that ben was never there', () => last(adas, ben).lastSeenAt === null);
    expect(await watch(adas, ben)).toEqual([never(ben)]);
  });

  it('rejects lists that are too long, and unknown states', async () => {
    const adas = await connect(ada);
    const refused = async (event: string, payload: object): Promise<string> =>
      ((await adas.command(event, payload)) as { problem: { code: string } }).problem.code;
    const many = Array.from({ length: 501 }, () => randomUUID());
    expect(await refused('presence:watch', { userIds: many })).toBe('validation-failed');
    expect(await refused('presence:watch', { userIds: ['nobody'] })).toBe('validation-failed');
    expect(await refused('presence:set', { status: 'offline' })).toBe('validation-failed');
    for (const body of [
      { lastSeen: 'friends' },
      { lastSeen: null },
      { invisible: 'yes' },
      { status: 'away' },
    ])
      expect((await ada.call('PATCH', '/users/me/presence', body)).status).toBe(400);
    expect((await watch(adas, ...[])).length).toBe(0);
    expect((await adas.ok('presence:watch', { userIds: many.slice(0, 500) })).presences).toHaveLength(500);
  });

  it('limits how often a user changes the list and the own state', async () => {
    const limited = await startTestServer({ environment: { RATE_LIMITS: 'on' } });
    try {
      const [dan] = (await signUpAll(limited.url, 1)) as [Person];
      const socket = await dan.connect();
      for (const [event, payload] of [
        ['presence:watch', { userIds: [] }],
        ['presence:set', { status: 'away' }],
      ] as const) {
        const answers = await Promise.all(Array.from({ length: 100 }, () => socket.command(event, payload)));
        const refused = answers.flatMap((answer) => (answer.ok ? [] : [answer.problem.code]));
        expect(new Set(refused)).toEqual(new Set(['rate-limited']));
        expect(refused.length).toBeGreaterThan(20);
      }
      socket.close();
    } finally {
      await limited.close();
    }
  });
});
