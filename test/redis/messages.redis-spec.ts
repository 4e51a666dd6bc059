import { randomUUID } from 'node:crypto';
import { SharedEvents } from '../../src/platform/events/shared';
import { RedisCarrier } from '../../src/platform/redis/redis-carrier';
import { RedisLink } from '../../src/platform/redis/redis-link';
import { EventRelay } from '../../src/platform/servers/event-relay';
import { HostedRooms } from '../../src/platform/servers/hosted-rooms';
import { LogReader } from '../../src/platform/servers/log-reader';
import { Signals } from '../../src/platform/servers/signals';
import { createTestDatabase, type TestDatabase } from '../support/databases';
import { signUpAll, type Person } from '../support/people';
import { describeWithRedis, RedisProcess } from '../support/redis';
import { startTestServer, type TestServer } from '../support/test-server';
import type { TestSocket } from '../support/test-socket';
import { until } from '../support/until';

const COUNT = 3;

/** The servers send each other events through Redis while it is available. */
describeWithRedis('servers with Redis', () => {
  let database: TestDatabase;
  let redis: RedisProcess;
  let servers: TestServer[];
  let ada: Person;
  let ben: Person;
  let cyd: Person;
  let group: string;
  const sockets: TestSocket[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    redis = await RedisProcess.start();
    servers = [];
    for (let index = 0; index < COUNT; index++)
      servers.push(
        await startTestServer({
          database,
          environment: {
            AUTH_SECRET: 'the-servers-of-a-test-share-this-secret-0123456789',
            REDIS_URL: redis.url,
          },
        }),
      );
  });
  afterAll(async () => {
    redis.resume();
    await Promise.all(servers.map((server) => server.close()));
    await redis.stop();
    await database.drop();
  });
  beforeEach(async () => {
    await allOnRedis();
    [ada, ben, cyd] = (await signUpAll(servers[0]!.url, 3)) as [Person, Person, Person];
    group = await ada.group(ben, cyd);
  });
  afterEach(() => {
    jest.restoreAllMocks();
    for (const socket of sockets.splice(0)) socket.close();
  });

  const at = (person: Person, index: number): Person => person.at(servers[index]!.url);
  async function connect(person: Person, index: number): Promise<TestSocket> {
    const socket = await at(person, index).connect();
    sockets.push(socket);
    return socket;
  }
  const relayOf = (index: number): EventRelay => servers[index]!.application.get(EventRelay);
  const linkOf = (index: number): RedisLink => servers[index]!.application.get(RedisLink);
  const allOnRedis = (): Promise<boolean> =>
    until('all servers to be on Redis', () =>
      servers.every((_server, index) => relayOf(index).sharedCarrier !== undefined),
    );
  const seqs = (socket: TestSocket, conversationId = group): number[] =>
    socket
      .payloads('message:created')
      .filter((message) => message.conversationId === conversationId)
      .map((message) => message.seq);
  const numbersTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
  const metric = async (index: number, line: string): Promise<number> => {
    const text = await (await fetch(`${servers[index]!.url}/metrics`)).text();
    const found = text.split('\n').find((candidate) => candidate.startsWith(`${line} `));
    return found === undefined ? 0 : Number(found.split(' ').at(-1));
  };
  /** Four senders on each server, until they are stopped. */
  function sendEverywhere(): () => Promise<number> {
    let isOver = false;
    const senders = [ada, ben, cyd].flatMap((person, index) =>
      Array.from({ length: 4 }, () => at(person, index)),
    );
    const sending = Promise.all(
      senders.map(async (sender, place) => {
        let sent = 0;
        for (; !isOver; sent++) await sender.send(group, `${place} ${sent}`);
        return sent;
      }),
    );
    return async () => {
      isOver = true;
      return (await sending).reduce((sum, count) => sum + count, 0);
    };
  }
  async function expectAll(listeners: TestSocket[], total: number): Promise<void> {
    for (const listener of listeners) {
      await until('the last message', () => seqs(listener).includes(total));
      expect(seqs(listener)).toEqual(numbersTo(total));
    }
  }
  const everywhere = (): Promise<TestSocket[]> =>
    Promise.all([connect(ada, 0), connect(ben, 1), connect(cyd, 2)]);

  // Tests G3 and G5.
  it('send everybody every message once and in order, while four people send on each, without a notification', async () => {
    const listeners = await everywhere();
    const look = jest.spyOn(LogReader.prototype, 'look');
    const stop = sendEverywhere();
    await until('some messages', () => seqs(listeners[0]!).length > 600);
    await expectAll(listeners, await stop());
    expect(look.mock.calls.filter(([notify]) => notify)).toEqual([]);
    const fromRedis = await metric(1, 'xfchat_relay_messages_total{from="redis"}');
    expect(fromRedis).toBeGreaterThan(100);
  });

  it('subscribe only to the rooms that they host', async () => {
    const room = `conversation:${group}`;
    expect(await redis.channels()).not.toContain(room);
    const socket = await connect(ben, 1);
    await until('the subscription', async () => (await redis.channels()).includes(room));
    const publish = jest.spyOn(servers[2]!.application.get(RedisCarrier), 'onMessage');
    await ada.send(group, 'for the second server');
    await socket.next('message:created');
    socket.close();
    await until('the end of the subscription', async () => !(await redis.channels()).includes(room));
    expect(publish.mock.calls.flat().join()).not.toContain('for the second server');
    expect((await redis.channels()).filter((channel) => channel.startsWith('session:'))).toEqual([]);
  });

  it('send every other event as well', async () => {
    const onSecond = await connect(ben, 1);
    const message = await ada.send(group, 'a first version');
    await ada.call('PUT', `/conversations/${group}/messages/${message.id}`, { body: 'a second version' });
    await ada.call('DELETE', `/conversations/${group}/messages/${message.id}`);
    await ada.call('PATCH', `/conversations/${group}`, { title: 'another title' });
    await onSecond.next('message:created', ({ id }) => id === message.id);
    await onSecond.next('message:updated', ({ id }) => id === message.id);
    await onSecond.next('message:deleted', ({ body }) => body === null);
    await onSecond.next('conversation:updated', ({ conversation }) => conversation.title === 'another title');
    const other = await ada.group(ben);
    await ada.send(other, 'in the new group');
    await onSecond.next('message:created', ({ body }) => body === 'in the new group');
  });

  // Tests G6.
  it('emit nothing to a removed user, from the acknowledgement on', async () => {
    const [bens, cyds] = [await connect(ben, 1), await connect(cyd, 1)];
    const stop = sendEverywhereBut(ben);
    await until('some messages', () => seqs(bens).length > 20);
    expect((await ada.call('DELETE', `/conversations/${group}/participants/${ben.id}`)).status).toBe(204);
    const { body } = await ada.send(group, 'a secret');
    await until('the secret', () =>
      cyds.payloads('message:created').some((message) => message.body === body),
    );
    await stop();
    expect(bens.payloads('message:created').map((message) => message.body)).not.toContain(body);
    await ada.send(group, 'the marker');
    await until('the marker', () =>
      cyds.payloads('message:created').some((message) => message.body === 'the marker'),
    );
    const heard = seqs(bens);
    expect(heard).toEqual(numbersTo(heard.length));
    expect(heard.length).toBeLessThan(seqs(cyds).length);
  });
  function sendEverywhereBut(_person: Person): () => Promise<void> {
    let isOver = false;
    const sending = Promise.all(
      [at(ada, 0), at(cyd, 2)].map(async (sender) => {
        for (let number = 0; !isOver; number++) await sender.send(group, `number ${number}`);
      }),
    );
    return async () => {
      isOver = true;
      await sending;
    };
  }

  /** Stops a server from reading the log until it is released. */
  async function hold(index: number): Promise<() => void> {
    let goOn = (): void => undefined;
    const gate = new Promise<void>((resolve) => (goOn = resolve));
    const apply = relayOf(index).apply.bind(relayOf(index));
    const held = jest.spyOn(relayOf(index), 'apply').mockImplementation(async (rows) => {
      await gate;
      return apply(rows);
    });
    relayOf(index).look();
    await until('the server to be held', () => held.mock.calls.length > 0);
    return goOn;
  }

  // Tests G5.
  it('emit no outdated form of a message that was edited or deleted before a server has read its event', async () => {
    const bens = await connect(ben, 1);
    await until('the subscription', async () => (await redis.channels()).includes(`conversation:${group}`));
    const goOn = await hold(1);
    const keep = jest.spyOn(servers[1]!.application.get(SharedEvents), 'keepContent');
    const deleted = await ada.send(group, 'to be deleted');
    const edited = await ada.send(group, 'to be edited');
    await until('both, ahead of the log', () => keep.mock.calls.length === 2);
    await ada.call('DELETE', `/conversations/${group}/messages/${deleted.id}`);
    await ada.call('PUT', `/conversations/${group}/messages/${edited.id}`, { body: 'edited' });
    const last = await ada.send(group, 'the last one');
    goOn();
    await until('the last one', () => seqs(bens).includes(last.seq));
    const bodies = new Map(bens.payloads('message:created').map(({ seq, body }) => [seq, body]));
    expect([...bodies.values()]).toEqual([null, 'edited', 'the last one']);
  });

  // Tests G5 and G6.
  it('read from the database a message that arrives ahead of the log on a server that lags', async () => {
    const bens = await connect(ben, 1);
    await until('the subscription', async () => (await redis.channels()).includes(`conversation:${group}`));
    const before = await metric(1, 'xfchat_relay_messages_total{from="redis"}');
    const goOn = await hold(1);
    await ada.send(group, 'while it is away');
    await until('the lease to run out', () => !relayOf(1).isLive);
    goOn();
    await until('the message', () => seqs(bens).length === 1);
    expect(await metric(1, 'xfchat_relay_messages_total{from="redis"}')).toBe(before);
  });

  it.each([
    ['none', undefined],
    ['another one', () => RedisProcess.start()],
  ])('notify each other while one of them has %s', async (_, startOther) => {
    const other = await startOther?.();
    const environment = {
      AUTH_SECRET: 'the-servers-of-a-test-share-this-secret-0123456789',
      ...(other && { REDIS_URL: other.url }),
    };
    const odd = await startTestServer({ database, environment });
    try {
      await until('the others to know', () => relayOf(0).sharedCarrier === undefined);
      const socket = await ben.at(odd.url).connect();
      sockets.push(socket);
      const look = jest.spyOn(LogReader.prototype, 'look');
      await ada.send(group, 'to everybody');
      await socket.next('message:created');
      expect(look.mock.calls.some(([notify]) => notify)).toBe(true);
    } finally {
      await odd.close();
      await other?.stop();
    }
  });

  it('send signals through Redis to the servers that host the room', async () => {
    const room = `test:${randomUUID()}`;
    const received: number[][] = servers.map(() => []);
    for (const [index, server] of servers.entries())
      server.application
        .get(Signals)
        .on<{ number: number }>('test', ({ number }) => received[index]!.push(number));
    servers[1]!.application.get(HostedRooms).open(room);
    await until('the subscription', async () => (await redis.channels()).includes(room));
    const notify = jest.spyOn(relayOf(0), 'notifySignals');
    for (const number of numbersTo(100))
      servers[0]!.application.get(Signals).publish('test', room, { number });
    await until('the last one', () => received[1]!.length === 100);
    expect(received).toEqual([[], numbersTo(100), []]);
    expect(notify).not.toHaveBeenCalled();
  });

  // Tests G3, G5 and G7.
  it.each([
    ['killed and started again', () => redis.kill(), () => redis.start()],
    ['frozen for 5 s', async () => redis.freeze(), async () => redis.resume()],
  ])('lose nothing while Redis is %s, and continue within 2 s', async (_, hurt, mend) => {
    const listeners = await everywhere();
    const stop = sendEverywhere();
    await until('some messages', () => seqs(listeners[0]!).length > 200);
    const hurtAt = performance.now();
    await hurt();
    const gaps = listeners.map(() => ({ last: performance.now(), most: 0, count: 0 }));
    await until('5 s', () => {
      for (const [index, gap] of gaps.entries()) {
        const count = seqs(listeners[index]!).length;
        const now = performance.now();
        if (count > gap.count) gap.last = now;
        gap.most = Math.max(gap.most, now - gap.last);
        gap.count = count;
      }
      return performance.now() - hurtAt > 5_000;
    });
    expect(linkOf(0).isUp).toBe(false);
    for (const { most } of gaps) expect(most).toBeLessThan(2_000);
    await mend();
    const mendedAt = performance.now();
    await allOnRedis();
    expect(performance.now() - mendedAt).toBeLessThan(5_000);
    const before = await metric(1, 'xfchat_relay_messages_total{from="redis"}');
    await until(
      'messages by Redis',
      async () => (await metric(1, 'xfchat_relay_messages_total{from="redis"}')) > before + 20,
    );
    await expectAll(listeners, await stop());
  });
});
