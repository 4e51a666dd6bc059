import { randomUUID } from 'node:crypto';
import { conversationRoom } from '../src/features/membership/conversation-room';
import { HostedRooms } from '../src/platform/servers/hosted-rooms';
import { Signals } from '../src/platform/servers/signals';
import { EventRelay } from '../src/platform/servers/event-relay';
import { createTestDatabase, withClient, type TestDatabase } from './support/databases';
import { signUpAll } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import { until } from './support/until';

interface Numbered {
  readonly number: number;
}

/** Servers exchange signals by notifications of PostgreSQL, without storing them. */
describe('signals', () => {
  let database: TestDatabase;
  let one: TestServer;
  let two: TestServer;
  let three: TestServer;

  beforeAll(async () => {
    database = await createTestDatabase();
    const environment = { AUTH_SECRET: 'the-servers-of-a-test-share-this-secret-0123456789' };
    [one, two, three] = (await Promise.all(
      [1, 2, 3].map(() => startTestServer({ database, environment })),
    )) as [TestServer, TestServer, TestServer];
  });
  afterAll(async () => {
    await Promise.all([one, two, three].map((server) => server.close()));
    await database.drop();
  });
  // A server whose event loop was blocked for 2 s loses its lease for a moment, and sends nothing then.
  beforeEach(() =>
    until('all servers to be live', () =>
      [one, two, three].every((server) => server.application.get(EventRelay).isLive),
    ),
  );
  afterEach(() => jest.restoreAllMocks());

  /** The received signals of a kind of the test, for each server. */
  function listen(): { kind: string; received: Map<TestServer, number[]> } {
    const kind = `test-${randomUUID()}`;
    const received = new Map([one, two, three].map((server) => [server, [] as number[]]));
    for (const [server, numbers] of received)
      server.application.get(Signals).on<Numbered>(kind, ({ number }) => numbers.push(number));
    return { kind, received };
  }
  const host = (server: TestServer, room: string): void => server.application.get(HostedRooms).open(room);
  const publish = (server: TestServer, kind: string, room: string, number: number): void =>
    server.application.get(Signals).publish(kind, room, { number });

  it('reach only the servers that host the room, in order', async () => {
    const { kind, received } = listen();
    const [room, marker] = [`test:${randomUUID()}`, `test:${randomUUID()}`];
    host(one, room);
    host(two, room);
    host(three, marker);
    for (let number = 0; number < 500; number++) publish(one, kind, room, number);
    publish(one, kind, marker, 500);
    const all = Array.from({ length: 500 }, (_, number) => number);
    expect(received.get(one)).toEqual(all);
    await until('the marker', () => received.get(three)!.length > 0);
    await until('the last one', () => received.get(two)!.length === 500);
    expect(received.get(two)).toEqual(all);
    expect(received.get(three)).toEqual([500]);
  });

  it('need few statements for many signals, and none while no other server exists', async () => {
    const relay = one.application.get(EventRelay);
    const notify = jest.spyOn(relay, 'notifySignals');
    const { kind, received } = listen();
    const room = `test:${randomUUID()}`;
    host(two, room);
    for (let number = 0; number < 300; number++) publish(one, kind, room, number);
    await until('the last one', () => received.get(two)!.length === 300);
    expect(notify.mock.calls.length).toBe(1);
    expect(notify.mock.calls[0]![0].length).toBeGreaterThan(1);
    jest.spyOn(relay, 'hasPeers', 'get').mockReturnValue(false);
    publish(one, kind, room, 300);
    jest.restoreAllMocks();
    publish(one, kind, room, 301);
    await until('the next one', () => received.get(two)!.length === 301);
    expect(received.get(two)!.at(-1)).toBe(301);
  });

  it('are dropped beyond a limit, and the next ones arrive', async () => {
    const { kind, received } = listen();
    const room = `test:${randomUUID()}`;
    host(two, room);
    for (let number = 0; number < 5_000; number++) publish(one, kind, room, number);
    await until('the first ones', () => received.get(two)!.length > 0);
    await until('later ones', () => {
      publish(one, kind, room, 9_999);
      return received.get(two)!.at(-1) === 9_999;
    });
    expect(received.get(two)!.length).toBeLessThan(5_000);
    const metrics = await (await fetch(`${one.url}/metrics`)).text();
    expect(Number(/^xfchat_signals_dropped_total (\d+)/m.exec(metrics)![1])).toBeGreaterThan(0);
  });

  it('are rejected when they are too large for a notification', () => {
    expect(() => one.application.get(Signals).publish('test', 'test:a', { text: 'x'.repeat(2_000) })).toThrow(
      RangeError,
    );
  });

  // Tests G6.
  it('are neither sent nor received by a server without a lease', async () => {
    const { kind, received } = listen();
    const room = `test:${randomUUID()}`;
    host(one, room);
    host(two, room);
    host(three, room);
    const isLive = jest.spyOn(two.application.get(EventRelay), 'isLive', 'get').mockReturnValue(false);
    const heard = jest.spyOn(two.application.get(Signals), 'receive');
    publish(one, kind, room, 1);
    publish(two, kind, room, 2);
    await until('the third', () => received.get(three)!.length === 1);
    await until('the second to be told', () => heard.mock.calls.some(([text]) => text.includes(kind)));
    isLive.mockRestore();
    publish(one, kind, room, 3);
    await until('the second', () => received.get(two)!.length === 1);
    expect([...received.values()]).toEqual([[1, 3], [3], [1, 3]]);
  });

  it('reach rooms with a socket or a stream', async () => {
    const [ada, ben] = await signUpAll(one.url, 2);
    const group = await ada!.group(ben!);
    const room = conversationRoom(group);
    const hosted = two.application.get(HostedRooms);
    expect(hosted.has(room)).toBe(false);
    const socket = await ben!.at(two.url).connect();
    expect(hosted.has(room)).toBe(true);
    const stop = new AbortController();
    const stream = await fetch(`${two.url}/api/v1/conversations/${group}/messages`, {
      headers: { authorization: `Bearer ${ben!.accessToken}`, subscribe: 'true' },
      signal: stop.signal,
    });
    expect(stream.status).toBe(209);
    socket.close();
    await until('the socket to be gone', async () => !hosted.has(`user:${ben!.id}`));
    expect(hosted.has(room)).toBe(true);
    stop.abort();
    await until('the stream to be gone', () => !hosted.has(room));
  });

  it('arrive again after the session of the relay was ended', async () => {
    const { kind, received } = listen();
    const room = `test:${randomUUID()}`;
    host(two, room);
    await withClient(database.url, (client) =>
      client.query(`select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'xfchat-relay' and datname = current_database()`),
    );
    await until('a signal', () => {
      publish(one, kind, room, 1);
      return received.get(two)!.length > 0;
    });
  });
});
