import { loadConfiguration } from '../../src/platform/configuration/load-configuration';
import { checkRedis } from '../../src/operations/preflight/redis-check';
import { AttemptStore } from '../../src/platform/rate-limits/attempt-store';
import { RateLimits } from '../../src/platform/rate-limits/rate-limits';
import { RedisLink } from '../../src/platform/redis/redis-link';
import { EventRelay } from '../../src/platform/servers/event-relay';
import { createTestDatabase, type TestDatabase } from '../support/databases';
import { FaultProxy, type FaultMode } from '../support/fault-proxy';
import { signUpAll, type Person } from '../support/people';
import { describeWithRedis, RedisProcess } from '../support/redis';
import { RedisClusterProcesses } from '../support/redis-cluster';
import { startTestServer, type TestServer } from '../support/test-server';
import { until } from '../support/until';

const AUTH_SECRET = 'the-servers-of-a-test-share-this-secret-0123456789';

class Pair {
  private constructor(
    readonly database: TestDatabase,
    readonly servers: readonly [TestServer, TestServer],
    readonly ada: Person,
    readonly ben: Person,
    readonly group: string,
  ) {}

  static async start(urls: readonly [string, string]): Promise<Pair> {
    const database = await createTestDatabase();
    const start = (REDIS_URL: string): Promise<TestServer> =>
      startTestServer({ database, environment: { AUTH_SECRET, REDIS_URL, RATE_LIMITS: 'on' } });
    const servers = [await start(urls[0]), await start(urls[1])] as const;
    const [ada, ben] = (await signUpAll(servers[0].url, 2)) as [Person, Person];
    return new Pair(database, servers, ada, ben.at(servers[1].url), await ada.group(ben));
  }

  link(index: 0 | 1): RedisLink {
    return this.servers[index].application.get(RedisLink);
  }

  onRedis(): Promise<boolean> {
    return until('both on Redis', () =>
      this.servers.every(({ application }) => application.get(EventRelay).sharedCarrier !== undefined),
    );
  }

  /** Sends messages one after the other, each of which must be received before the next. @returns the longest wait */
  async crossingMs(count: number): Promise<number> {
    const socket = await this.ben.connect();
    let most = 0;
    for (let number = 0; number < count; number++) {
      const sentAt = performance.now();
      const { id } = await this.ada.send(this.group, `number ${number}`);
      await socket.next('message:created', (message) => message.id === id);
      most = Math.max(most, performance.now() - sentAt);
    }
    socket.close();
    return most;
  }

  async close(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.close()));
    await this.database.drop();
  }
}

describeWithRedis('a server whose connection to Redis', () => {
  let redis: RedisProcess;
  let proxy: FaultProxy;
  let pair: Pair;

  beforeAll(async () => {
    redis = await RedisProcess.start();
    proxy = await FaultProxy.inFrontOf(redis.url);
    pair = await Pair.start([redis.url, proxy.url]);
  });
  afterAll(async () => {
    await pair.close();
    await proxy.close();
    await redis.stop();
  });

  // Tests G7.
  it.each<[string, FaultMode]>([
    ['falls silent', 'blackhole'],
    ['refuses', 'refuse'],
    ['loses all answers (half open)', 'swallow-replies'],
  ])(
    '%s receives within 2 s the messages that others store, and reconnects when possible',
    async (_, mode) => {
      await pair.onRedis();
      proxy.set(mode);
      expect(await pair.crossingMs(5)).toBeLessThan(2_000);
      await until('it to be noticed', () => !pair.link(1).isUp);
      await until('the other one to know', () => !pair.servers[0].application.get(EventRelay).sharedCarrier);
      expect(await pair.crossingMs(5)).toBeLessThan(2_000);
      proxy.set('pass');
      proxy.resetAll();
      await pair.onRedis();
    },
  );

  it('is slower than a notification does not use it', async () => {
    await pair.onRedis();
    proxy.set('delay');
    await until('it to be noticed', () => !pair.link(1).isUp);
    await until('the other one to know', () => !pair.servers[0].application.get(EventRelay).sharedCarrier);
    expect(pair.link(0).isUp).toBe(true);
    expect(await pair.crossingMs(5)).toBeLessThan(2_000);
    proxy.set('pass');
    await pair.onRedis();
  });

  it('is unavailable stays ready, and reports that', async () => {
    await pair.onRedis();
    proxy.set('refuse');
    await until('it to be noticed', () => !pair.link(1).isUp);
    const answer = await fetch(`${pair.servers[1].url}/health/ready`);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ details: { redis: { status: 'up', reason: 'down' } } });
    proxy.set('pass');
    await pair.onRedis();
    const later = await fetch(`${pair.servers[1].url}/health/ready`);
    expect(await later.json()).toMatchObject({ details: { redis: { status: 'up', reason: 'ok' } } });
  });
});

describeWithRedis('servers with a Redis Cluster', () => {
  let cluster: RedisClusterProcesses;
  let pair: Pair;

  beforeAll(async () => {
    cluster = await RedisClusterProcesses.start();
    const [first, ...others] = cluster.nodes;
    // One server detects the cluster by itself; the other has the names of all nodes.
    pair = await Pair.start([first!.url, [first, ...others].map((node) => node!.url).join()]);
  });
  afterAll(async () => {
    await pair.close();
    await cluster.stop();
  });

  // Tests G3 and G5.
  it('receive everything over channels that are spread over its nodes', async () => {
    await pair.onRedis();
    const groups = [];
    for (let number = 0; number < 12; number++) groups.push(await pair.ada.group(pair.ben));
    const socket = await pair.ben.connect();
    await Promise.all(
      groups.map(async (group) => {
        for (let number = 1; number <= 20; number++) await pair.ada.send(group, String(number));
      }),
    );
    await until('everything', () => socket.payloads('message:created').length === 240);
    for (const group of groups) {
      const seqs = socket
        .payloads('message:created')
        .filter(({ conversationId }) => conversationId === group);
      expect(seqs.map(({ seq }) => seq)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    }
    const channels = await cluster.channels();
    for (const ofNode of channels) expect(ofNode.length).toBeGreaterThan(0);
    for (const group of groups) expect(channels.flat()).toContain(`conversation:${group}`);
    const metrics = await (await fetch(`${pair.servers[1].url}/metrics`)).text();
    expect(Number(/^xfchat_relay_messages_total\{from="redis"\} (\d+)/m.exec(metrics)?.[1])).toBeGreaterThan(
      0,
    );
    socket.close();
  });

  it('share each count, on whichever node it is', async () => {
    await pair.onRedis();
    const [first, second] = pair.servers.map(({ application }) => application.get(RateLimits));
    const allowance = { burst: 100, perSecond: 0.01, sharedAs: 'test' };
    for (let person = 0; person < 30; person++) while (first!.tryTake(allowance, `person ${person}`));
    for (let person = 0; person < 30; person++) {
      let passed = 0;
      await until('a rejection', () => !second!.tryTake(allowance, `person ${person}`) || !++passed);
      expect(passed).toBeLessThan(20);
    }
    const rule = { free: 1, firstMs: 60_000, maxMs: 60_000, forgetMs: 60_000 };
    const budgets = ['one', 'other'].map((key) => ({ name: 'test', rule, key }));
    const [own, other] = pair.servers.map(({ application }) => application.get(AttemptStore));
    expect(await own!.take(budgets)).toHaveLength(2);
    expect(await other!.take(budgets)).toBeGreaterThan(50);
  });

  // Tests G7.
  it('continue over PostgreSQL while a node is dead, and use Redis again when it returns', async () => {
    await pair.onRedis();
    await cluster.nodes[1]!.kill();
    expect(await pair.crossingMs(10)).toBeLessThan(2_000);
    await until('it to be noticed', () => !pair.link(0).isUp && !pair.link(1).isUp);
    expect(await pair.crossingMs(10)).toBeLessThan(2_000);
    await cluster.nodes[1]!.start();
    await cluster.isWell();
    await pair.onRedis();
    expect(await pair.crossingMs(10)).toBeLessThan(2_000);
  });
});

describeWithRedis('the check of Redis before a deployment', () => {
  const check = (REDIS_URL?: string) => checkRedis({ configuration: loadConfiguration({ REDIS_URL }) });

  it('is green when Redis delivers published messages, and when none is configured', async () => {
    const redis = await RedisProcess.start();
    expect(await check(redis.url)).toEqual({
      status: 'green',
      evidence: expect.stringContaining('Redis delivers a published message'),
    });
    await redis.stop();
    expect(await check()).toMatchObject({ status: 'green' });
  });

  it('is red when Redis is unavailable or rejects the password', async () => {
    const redis = await RedisProcess.start();
    await redis.ask('CONFIG', 'SET', 'requirepass', 'a-password');
    expect(await check(redis.url)).toMatchObject({ status: 'red' });
    expect(await check(redis.url.replace('://', '://:a-password@'))).toMatchObject({ status: 'green' });
    await redis.stop();
    expect(await check(redis.url)).toEqual({
      status: 'red',
      evidence: expect.stringContaining('ECONNREFUSED'),
    });
  });
});
