import type { Allowance } from './token-buckets';

/** One token bucket, for an object such as a connection. */
export class TokenBucket {
  private tokens: number;
  private at: number;

  constructor(
    private readonly allowance: Allowance,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.tokens = allowance.burst;
    this.at = now();
  }

  /** @returns whether a token was left */
  take(): boolean {
    const now = this.now();
    const { burst, perSecond } = this.allowance;
    this.tokens = Math.min(burst, this.tokens + ((now - this.at) / 1_000) * perSecond);
    this.at = now;
    if (this.tokens < 1) return false;
    this.tokens -= 1;
    return true;
  }
}
