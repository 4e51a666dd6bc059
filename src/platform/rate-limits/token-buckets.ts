/** `burst` at once, then `perSecond`. */
export interface Allowance {
  readonly burst: number;
  readonly perSecond: number;
}

interface Bucket {
  tokens: number;
  at: number;
}

const MAX_KEYS = 100_000;

/** Token buckets by key, in memory. Full buckets are forgotten, so memory is bounded by what is in use. */
export class TokenBuckets {
  private readonly buckets = new Map<string, Bucket>();

  constructor(
    private readonly allowance: Allowance,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** @returns 0 when taken, otherwise the seconds (at least 1) after which another try makes sense */
  take(key: string): number {
    const wait = this.peek(key);
    if (wait === 0) this.bucketOf(key).tokens -= 1;
    return wait;
  }

  /** Returns a token that was taken for something that turned out to need none. */
  giveBack(key: string): void {
    const bucket = this.bucketOf(key);
    bucket.tokens = Math.min(this.allowance.burst, bucket.tokens + 1);
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
      bucket = { tokens: burst, at: now };
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
    // Everybody is busy at once: the oldest give way, rather than the memory.
    for (const key of this.buckets.keys()) {
      if (this.buckets.size < MAX_KEYS) break;
      this.buckets.delete(key);
    }
  }
}
