import { Injectable } from '@nestjs/common';
import { Configuration } from '../configuration/configuration';
import { RATE_LIMITED } from '../problems/general-problems';
import { Problem } from '../problems/problem';
import { SharedCounts } from './shared-counts';
import { TokenBuckets, type Allowance } from './token-buckets';

/**
 * Counts the requests and commands of a person or network, and rejects those above the limit. Each process decides
 * at once, by its own buckets. With Redis, `SharedCounts` later adjusts them to those of the other servers. An
 * allowance is a constant in the module that charges it (see `allowances.ts`). Wrong passwords have budgets of
 * their own.
 */
@Injectable()
export class RateLimits {
  /** `RATE_LIMITS`; when off, nothing is counted or rejected. */
  readonly isOn: boolean;
  private readonly buckets = new Map<Allowance, TokenBuckets>();

  constructor(
    configuration: Configuration,
    private readonly shared: SharedCounts,
  ) {
    this.isOn = configuration.RATE_LIMITS === 'on';
  }

  /** @throws Problem `rate-limited` */
  take(allowance: Allowance, key: string): void {
    const retryAfter = this.isOn ? this.charge(allowance, key) : 0;
    if (retryAfter <= 0) return;
    const { burst, perSecond } = allowance;
    const policy = { quota: burst, windowSeconds: Math.ceil(burst / perSecond) };
    throw new Problem(RATE_LIMITED, { retryAfter, policy });
  }

  /**
   * Charges the bucket unless it is empty.
   * @returns whether it was charged
   */
  tryTake(allowance: Allowance, key: string): boolean {
    return !this.isOn || this.charge(allowance, key) === 0;
  }

  /** Returns a charge of `take` that should not count. */
  giveBack(allowance: Allowance, key: string): void {
    if (this.isOn) this.bucketsOf(allowance).giveBack(key);
  }

  /** @returns as `TokenBuckets.take` */
  private charge(allowance: Allowance, key: string): number {
    const buckets = this.bucketsOf(allowance);
    const wait = buckets.take(key);
    if (wait === 0) this.shared.note(allowance, buckets, key);
    return wait;
  }

  private bucketsOf(allowance: Allowance): TokenBuckets {
    let buckets = this.buckets.get(allowance);
    if (!buckets) this.buckets.set(allowance, (buckets = new TokenBuckets(allowance)));
    return buckets;
  }
}
