import { redisScript, type RedisScript } from '../redis/redis-connection';
import type { RedisLink } from '../redis/redis-link';
import { AttemptStore, type Budget, type Charges } from './attempt-store';
import { digest } from './shared-counts';

/** How long to wait for Redis: less than the hashing of a password takes. */
const PATIENCE_MS = 100;

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/**
 * Like `GrowingDelays`, for several budgets: charges all of them or none. KEYS: budgets. ARGV, four for each: its
 * rule. Returns the milliseconds to wait; if that is 0, also a receipt for each budget.
 */
const TAKE = redisScript(`${NOW}
local wait = 0
for _, key in ipairs(KEYS) do
  wait = math.max(wait, (tonumber(redis.call('HGET', key, 'blocked')) or 0) - now)
end
if wait > 0 then return {tostring(wait)} end
local answer = {'0'}
for i, key in ipairs(KEYS) do
  local free, first, most, forget = unpack(ARGV, 4 * i - 3, 4 * i)
  local stored = redis.call('HMGET', key, 'level', 'at')
  local level, at = tonumber(stored[1]) or 0, tonumber(stored[2]) or now
  level = math.max(0, level - math.max(0, now - at) / forget) + 1
  local excess = math.floor(level + 0.5) - free
  local blocked = 0
  if excess >= 0 then blocked = now + math.min(most, first * 2 ^ excess) end
  redis.call('HSET', key, 'level', tostring(level), 'at', now, 'blocked', blocked)
  redis.call('PEXPIRE', key, math.ceil(math.max(level * forget, blocked - now)) + 1)
  answer[i + 1] = tostring(blocked)
end
return answer`);

/** KEYS: budgets. ARGV: the receipts that they were charged with. */
const GIVE_BACK = redisScript(`
for i, key in ipairs(KEYS) do
  local stored = redis.call('HMGET', key, 'level', 'blocked')
  if stored[1] then
    redis.call('HSET', key, 'level', tostring(math.max(0, stored[1] - 1)))
    if tonumber(stored[2]) == tonumber(ARGV[i]) then redis.call('HSET', key, 'blocked', 0) end
  end
end`);

const FORGET = redisScript(`return redis.call('DEL', KEYS[1])`);

/**
 * Counts attempts of all servers together, in one round trip. This server also counts for itself, and decides alone
 * when Redis does not answer.
 */
export class RedisAttemptStore extends AttemptStore {
  /** @param own the counts of this server */
  constructor(
    private readonly link: RedisLink,
    private readonly own: AttemptStore,
  ) {
    super();
  }

  async take(budgets: readonly Budget[]): Promise<Charges | number> {
    const charges = await this.own.take(budgets);
    if (typeof charges === 'number' || budgets.length === 0) return charges;
    const rules = budgets.flatMap(({ rule }) =>
      [rule.free, rule.firstMs, rule.maxMs, rule.forgetMs].map(String),
    );
    const answer = (await this.ask(TAKE, budgets, rules)) as string[] | undefined;
    if (!answer) return charges;
    const waitMs = Number(answer[0]);
    if (waitMs === 0)
      return charges.map((charge, index) => ({ ...charge, sharedReceipt: answer[index + 1]! }));
    await this.own.giveBack(charges);
    return Math.max(1, Math.ceil(waitMs / 1_000));
  }

  async giveBack(charges: Charges): Promise<void> {
    await this.own.giveBack(charges);
    const shared = charges.filter(({ sharedReceipt }) => sharedReceipt !== undefined);
    if (shared.length === 0) return;
    const budgets = shared.map(({ budget }) => budget);
    const receipts = shared.map(({ sharedReceipt }) => sharedReceipt!);
    await this.ask(GIVE_BACK, budgets, receipts);
  }

  async forget(budget: Budget): Promise<void> {
    await this.own.forget(budget);
    await this.ask(FORGET, [budget], []);
  }

  /**
   * Undefined when Redis does not answer. All budgets are in one slot of a cluster, which is enough because people
   * sign in rarely.
   */
  private async ask(
    script: RedisScript,
    budgets: readonly Budget[],
    values: readonly string[],
  ): Promise<unknown> {
    if (!this.link.isUp) return undefined;
    const keys = budgets.map(({ name, key }) => `${this.link.namespace}:attempts:{0}:${name}:${digest(key)}`);
    return this.link.evaluate(script, keys, values, PATIENCE_MS).catch(() => undefined);
  }
}
