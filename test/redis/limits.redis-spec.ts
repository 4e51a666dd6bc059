import { randomUUID } from 'node:crypto';
import { AttemptStore, MemoryAttemptStore, type Budget } from '../../src/platform/rate-limits/attempt-store';
import { COMMAND } from '../../src/platform/rate-limits/allowances';
import { RateLimits } from '../../src/platform/rate-limits/rate-limits';
import type { Allowance } from '../../src/platform/rate-limits/token-buckets';
import { RedisLink } from '../../src/platform/redis/redis-link';
import { call } from '../support/api';
import { createTestDatabase, type TestDatabase } from '../support/databases';
import { signUp } from '../support/people';
import { describeWithRedis, RedisProcess } from '../support/redis';
import { startTestServer, type TestServer } from '../support/test-server';
import { until } from '../support/until';

describeWithRedis('limits of two servers with Redis', () => {
  let database: TestDatabase;
  let redis: RedisProcess;
  let servers: TestServer[];

  beforeAll(async () => {
    database = await createTestDatabase();
    redis = await RedisProcess.start();
    const environment = {
      AUTH_SECRET: 'the-servers-of-a-test-share-this-secret-0123456789',
      REDIS_URL: redis.url,
      RATE_LIMITS: 'on',
    };
    servers = [
      await startTestServer({ database, environment }),
      await startTestServer({ database, environment }),
    ];
  });
  afterAll(async () => {
    redis.resume();
    await Promise.all(servers.map((server) => server.close()));
    await redis.stop();
    await database.drop();
  });
  beforeEach(async () => {
    await until('Redis', () => servers.every(({ application }) => application.get(RedisLink).isUp));
  });

  /** It refills too slowly to matter in a test. */
  const allowance = (burst: number): Allowance => ({
    burst,
    perSecond: 0.01,
    sharedAs: `test-${randomUUID()}`,
  });
  const take = (index: number, from: Allowance, key = 'somebody'): boolean =>
    servers[index]!.application.get(RateLimits).tryTake(from, key);
  const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));
  /** Takes some tokens from both in turn until none are left. */
  async function takeAll(from: Allowance): Promise<number> {
    let taken = 0;
    for (let rejected = 0; rejected < 50;) {
      const passed = [0, 1].filter((index) => take(index, from)).length;
      taken += passed;
      rejected = passed > 0 ? 0 : rejected + 1;
      await turn();
    }
    return taken;
  }

  // Tests G31.
  it('are one shared limit, exact to a tenth of the burst for each further server', async () => {
    const taken = await takeAll(allowance(200));
    expect(taken).toBeGreaterThanOrEqual(200);
    expect(taken).toBeLessThanOrEqual(200 + 20 + 10);
  });

  it('are known at once to the next server of a user who has used them up', async () => {
    const from = allowance(200);
    while (take(0, from));
    await until(
      'the report',
      async () => (await redis.ask<string[]>('KEYS', `*${from.sharedAs}*`)).length > 0,
    );
    let taken = 0;
    for (let tries = 0; tries < 50; tries++) {
      if (take(1, from)) taken++;
      await turn();
    }
    expect(taken).toBeLessThanOrEqual(10);
  });

  it('are counted by each server while Redis is frozen, without waiting for it', async () => {
    const from = allowance(100);
    redis.freeze();
    let longest = 0;
    let taken = 0;
    for (let number = 0; number < 300; number++)
      for (const index of [0, 1]) {
        const before = performance.now();
        if (take(index, from)) taken++;
        longest = Math.max(longest, performance.now() - before);
      }
    expect(taken).toBe(200);
    expect(longest).toBeLessThan(50);
    redis.resume();
    await until('Redis', () => servers.every(({ application }) => application.get(RedisLink).isUp));
    for (const index of [0, 1]) expect(take(index, from)).toBe(false);
  });

  it('do not grant a second burst when Redis has lost its data', async () => {
    const from = allowance(50);
    await takeAll(from);
    await redis.ask('FLUSHALL');
    await turn();
    expect([0, 1].map((index) => take(index, from))).toEqual([false, false]);
  });

  it('are stored in Redis under digests, and expire', async () => {
    const from: Allowance = { burst: 10, perSecond: 100, sharedAs: `test-${randomUUID()}` };
    take(0, from, 'ada@example.org');
    const keys = () => redis.ask<string[]>('KEYS', `*${from.sharedAs}*`);
    await until('the key', async () => (await keys()).length === 1);
    expect((await keys()).join()).not.toContain('ada');
    await until('its end', async () => (await keys()).length === 0);
  });

  // Tests G31.
  it('reject requests on one server after a user has used up the limit on the other', async () => {
    const ada = await signUp(servers[0]!.url);
    const useUp = (): void => {
      while (take(0, COMMAND, ada.id));
    };
    // The allowance grows while a request is on its way, and on a slow machine by more than a request.
    const usingUp = setInterval(useUp, 1);
    const statuses = new Set<number>();
    for (let asked = 0; asked < 100 && !statuses.has(429); asked++)
      statuses.add((await ada.at(servers[1]!.url).call('GET', '/users/me')).status);
    clearInterval(usingUp);
    expect(statuses).toContain(429);
  });

  describe('of attempts', () => {
    const rule = { free: 3, firstMs: 60_000, maxMs: 60_000, forgetMs: 600_000 };
    const budget = (): Budget => ({ name: 'test', rule, key: randomUUID() });
    const stores = (): AttemptStore[] => servers.map(({ application }) => application.get(AttemptStore));

    it('are shared by both, and charge all or none of several', async () => {
      const [own, common] = [budget(), budget()];
      for (const store of [stores()[0]!, stores()[1]!, stores()[0]!])
        expect(await store.take([common])).toEqual([expect.objectContaining({ budget: common })]);
      for (const store of stores()) {
        expect(await store.take([own, common])).toBeGreaterThan(50);
        expect(await store.take([own])).toHaveLength(1);
      }
    });

    it('let no more than the free attempts pass when many are made at once', async () => {
      const common = budget();
      const taken = await Promise.all(
        Array.from({ length: 100 }, (_, index) => stores()[index % 2]!.take([common])),
      );
      expect(taken.filter((charges) => typeof charges !== 'number')).toHaveLength(3);
    });

    it('are refunded and forgotten on both', async () => {
      const common = budget();
      for (let number = 0; number < 10; number++) {
        const store = stores()[number % 2]!;
        const charges = await store.take([common]);
        expect(charges).toHaveLength(1);
        if (typeof charges !== 'number') await store.giveBack(charges);
      }
      for (let number = 0; number < 3; number++) await stores()[0]!.take([common]);
      expect(await stores()[1]!.take([common])).toBeGreaterThan(50);
      await stores()[0]!.forget(common);
      expect(await stores()[1]!.take([common])).toHaveLength(1);
    });

    it('decide like the limits in memory', async () => {
      const [memory, shared] = [new MemoryAttemptStore(), stores()[0]!];
      const [one, other] = [budget(), budget()];
      for (let number = 0; number < 5; number++) {
        const [expected, actual] = [await memory.take([one]), await shared.take([other])];
        expect(typeof actual).toBe(typeof expected);
      }
    });

    it('are decided by each server while Redis is frozen', async () => {
      const common = budget();
      redis.freeze();
      const before = performance.now();
      for (const store of stores()) expect(await store.take([common])).toHaveLength(1);
      expect(performance.now() - before).toBeLessThan(1_000);
      redis.resume();
    });
  });

  it('reject a wrong password on one server after those on the other', async () => {
    const ada = await signUp(servers[0]!.url);
    const statuses: number[] = [];
    for (let number = 0; number < 12; number++) {
      const { url } = servers[number % 2]!;
      const body = { login: ada.username, password: 'not the password at all' };
      statuses.push((await call(url, 'POST', '/api/v1/auth/login', { body })).status);
    }
    expect(statuses.filter((status) => status === 401)).toHaveLength(10);
    expect(statuses.filter((status) => status === 429)).toHaveLength(2);
  });
});
