import { createHash } from 'node:crypto';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { redisScript } from '../redis/redis-connection';
import { RedisLink } from '../redis/redis-link';
import type { Allowance, TokenBuckets } from './token-buckets';

/** A server reports its charges at the latest when they are this part of the burst … */
const REPORTED_PART = 0.1;
/** … or after this time. It reports at once if its last report is older than that. */
const REPORT_MS = 1_000;
/** The least time between two reports. */
const GAP_MS = 10;
const PATIENCE_MS = 250;
/** Buckets of one shard are in one slot of a cluster, so that one script takes from many of them. */
const SHARDS = 16;
const MAX_BUCKETS = 500;

/**
 * Charges buckets that servers share. KEYS: buckets. ARGV, three for each: tokens taken, burst, tokens per second.
 * Returns the rest of each bucket, which is negative if the servers together allowed more than it had. A full
 * bucket expires.
 */
const TAKE = redisScript(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local left = {}
for i, key in ipairs(KEYS) do
  local taken, burst = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1])
  local per_ms = ARGV[3 * i] / 1000
  local stored = redis.call('HMGET', key, 'tokens', 'at')
  local tokens = tonumber(stored[1]) or burst
  local elapsed = math.max(0, now - (tonumber(stored[2]) or now))
  tokens = math.min(burst, math.min(burst, tokens + elapsed * per_ms) - taken)
  redis.call('HSET', key, 'tokens', tostring(tokens), 'at', now)
  redis.call('PEXPIRE', key, math.ceil((burst - tokens) / per_ms) + 1)
  left[i] = tostring(tokens)
end
return left`);

interface Report {
  readonly allowance: Allowance;
  readonly buckets: TokenBuckets;
  readonly key: string;
}

/**
 * Lets servers count together, so that a client of several servers gets no more than on one. No request waits for
 * this. Each server decides by its own buckets, reports its charges in the background, and gets the overall rest.
 * While Redis is down, each server counts for itself.
 *
 * In t seconds, N servers allow at most burst + t × perSecond. Each further server adds a tenth of the burst, and
 * its charges during one round trip to Redis. These are paid back, because the shared bucket goes below zero.
 */
@Injectable()
export class SharedCounts implements OnModuleDestroy {
  /** By name and key. */
  private readonly noted = new Map<string, Report>();
  private readonly urgent = new Map<string, Report>();
  private isReporting = false;
  private readonly timer: NodeJS.Timeout | undefined;

  constructor(private readonly link: RedisLink) {
    if (link.isConfigured) this.timer = setInterval(() => this.reportAll(), REPORT_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /** A token was taken from a bucket of this server. */
  note(allowance: Allowance, buckets: TokenBuckets, key: string): void {
    if (allowance.sharedAs === undefined || !this.link.isUp) return;
    const name = `${allowance.sharedAs}:${key}`;
    const { taken, sinceMs } = buckets.unreported(key);
    const report = { allowance, buckets, key };
    if (taken < allowance.burst * REPORTED_PART && sinceMs < REPORT_MS) this.noted.set(name, report);
    else {
      this.urgent.set(name, report);
      if (!this.isReporting) void this.reportUrgent();
    }
  }

  private reportAll(): void {
    for (const [name, report] of this.noted) this.urgent.set(name, report);
    this.noted.clear();
    if (!this.isReporting) void this.reportUrgent();
  }

  /** Charges of the same turn are reported together. */
  private async reportUrgent(): Promise<void> {
    this.isReporting = true;
    await new Promise((resolve) => setImmediate(resolve));
    while (this.urgent.size > 0) {
      const reports = [...this.urgent];
      this.urgent.clear();
      for (const [name] of reports) this.noted.delete(name);
      await Promise.all(inShards(reports).map(([shard, ofShard]) => this.report(shard, ofShard)));
      await new Promise((resolve) => setTimeout(resolve, GAP_MS));
    }
    this.isReporting = false;
  }

  /** A failed report is not retried, because it would be older than the current counts. */
  private async report(shard: string, reports: readonly Report[]): Promise<void> {
    const prefix = `${this.link.namespace}:limits:{${shard}}`;
    const keys = reports.map(({ allowance, key }) => `${prefix}:${allowance.sharedAs}:${digest(key)}`);
    const values = reports.flatMap(({ allowance: { burst, perSecond }, buckets, key }) => [
      String(Math.min(burst, buckets.report(key))),
      String(burst),
      String(perSecond),
    ]);
    try {
      const left = (await this.link.evaluate(TAKE, keys, values, PATIENCE_MS)) as string[];
      for (const [index, { buckets, key }] of reports.entries()) buckets.learn(key, Number(left[index]));
    } catch {
      // The link finds out by itself that Redis is away.
    }
  }
}

/** Redis stores no names and addresses of people. */
export const digest = (key: string): string =>
  createHash('sha256').update(key).digest('base64url').slice(0, 22);

function inShards(reports: readonly [string, Report][]): [string, Report[]][] {
  const shards = new Map<string, Report[]>();
  for (const [name, report] of reports) {
    let hash = 0;
    for (let index = 0; index < name.length; index++) hash = (hash * 31 + name.charCodeAt(index)) % 65_521;
    const shard = String(hash % SHARDS);
    const ofShard = shards.get(shard);
    if (ofShard) ofShard.push(report);
    else shards.set(shard, [report]);
  }
  return [...shards].flatMap(([shard, ofShard]) =>
    Array.from({ length: Math.ceil(ofShard.length / MAX_BUCKETS) }, (_, part): [string, Report[]] => [
      shard,
      ofShard.slice(part * MAX_BUCKETS, (part + 1) * MAX_BUCKETS),
    ]),
  );
}
