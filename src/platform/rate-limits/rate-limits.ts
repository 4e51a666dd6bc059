import { Injectable } from '@nestjs/common';
import { Configuration } from '../configuration/configuration';
import { RATE_LIMITED } from '../problems/general-problems';
import { Problem } from '../problems/problem';
import { SharedCounts } from './shared-counts';
import { TokenBuckets, type Allowance } from './token-buckets';

/**
 * Counts what a person or a network does, and refuses what is more than they may. Each process decides by its own buckets,
 * at once. With Redis it compares them with those of the other servers afterwards (`SharedCounts`). An allowance is a constant
 * of the module that takes from it (`allowances.ts`); wrong passwords have budgets of their own.
 */
@Injectable()
export class RateLimits {
  /** `RATE_LIMITS`; off: nothing is counted or refused. */
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

  /** Takes if something is left; says whether it did. */
  tryTake(allowance: Allowance, key: string): boolean {
    return !this.isOn || this.charge(allowance, key) === 0;
  }

  /** Returns what `take` took, once it turned out that nothing was to be counted. */
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
