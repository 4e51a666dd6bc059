/** `burst` at once, then `perSecond`. */
export interface Allowance {
  readonly burst: number;
  readonly perSecond: number;
  /** With Redis, servers count together under this name; without a name each counts by itself. */
  readonly sharedAs?: string;
}

interface Bucket {
  tokens: number;
  at: number;
  /** The tokens taken here since the last report to `SharedCounts`. */
  unreported: number;
  reportedAt: number;
}

const MAX_KEYS = 100_000;

/** Token buckets by key, in memory. Full buckets are dropped, so memory is bounded by the buckets in use. */
export class TokenBuckets {
  private readonly buckets = new Map<string, Bucket>();

  constructor(
    private readonly allowance: Allowance,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** @returns 0 when a token was taken, otherwise the seconds to wait (at least 1) */
  take(key: string): number {
    const wait = this.peek(key);
    if (wait > 0) return wait;
    const bucket = this.bucketOf(key);
    bucket.tokens -= 1;
    bucket.unreported += 1;
    return 0;
  }

  /** Returns a token that should not have been charged. */
  giveBack(key: string): void {
    const bucket = this.bucketOf(key);
    bucket.tokens = Math.min(this.allowance.burst, bucket.tokens + 1);
    bucket.unreported -= 1;
  }

  /** The charges here that were not reported yet, and the milliseconds since the last report. */
  unreported(key: string): { taken: number; sinceMs: number } {
    const bucket = this.buckets.get(key);
    return { taken: bucket?.unreported ?? 0, sinceMs: this.now() - (bucket?.reportedAt ?? this.now()) };
  }

  /** @returns the tokens taken here since the last report */
  report(key: string): number {
    const bucket = this.buckets.get(key);
    if (!bucket) return 0;
    const { unreported } = bucket;
    bucket.unreported = 0;
    bucket.reportedAt = this.now();
    return unreported;
  }

  /**
   * Sets the rest of the shared bucket, which includes the last report. It can only lower the rest of this bucket.
   */
  learn(key: string, left: number): void {
    const bucket = this.buckets.get(key);
    if (bucket) bucket.tokens = Math.min(bucket.tokens, left - bucket.unreported);
  }

  private peek(key: string): number {
    const { tokens } = this.bucketOf(key);
    return tokens >= 1 ? 0 : Math.max(1, Math.ceil((1 - tokens) / this.allowance.perSecond));
  }

  private bucketOf(key: string): Bucket {
    const now = this.now();
    const { burst, perSecond } = this.allowance;
    let bucket = this.buckets.get(key);
    if (!bucket) {
      if (this.buckets.size >= MAX_KEYS) this.forgetFull(now);
      bucket = { tokens: burst, at: now, unreported: 0, reportedAt: -Infinity };
      this.buckets.set(key, bucket);
    }
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) / 1_000) * perSecond);
    bucket.at = now;
    return bucket;
  }

  private forgetFull(now: number): void {
    const { burst, perSecond } = this.allowance;
    for (const [key, bucket] of this.buckets) {
      if (bucket.tokens + ((now - bucket.at) / 1_000) * perSecond >= burst) this.buckets.delete(key);
    }
    // All buckets are in use: the oldest are evicted, to bound the memory.
    for (const key of this.buckets.keys()) {
      if (this.buckets.size < MAX_KEYS) break;
      this.buckets.delete(key);
    }
  }
}
