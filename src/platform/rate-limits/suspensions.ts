import { Injectable, Optional } from '@nestjs/common';
import { Configuration } from '../configuration/configuration';
import { TokenBuckets, type Allowance } from './token-buckets';

/**
 * The rejections by rate limits that a client may cause before it is suspended. A single mistake in a program stays
 * below this.
 */
const REFUSALS: Allowance = { burst: 2_000, perSecond: 50 };
const SUSPENSION_MS = 30_000;
/** The most suspended keys; beyond that, the oldest suspension ends early. */
const MAX_SUSPENDED = 10_000;

/**
 * Suspends clients that continue after rejections. While suspended, they are rejected before the server does any
 * other work for them. Keys are user ids and the budget keys of addresses, which cannot be equal. Per process, in
 * memory.
 */
@Injectable()
export class Suspensions {
  private readonly isOn: boolean;
  private readonly refusals: TokenBuckets;
  private readonly suspendedUntil = new Map<string, number>();

  constructor(
    configuration: Configuration,
    @Optional() private readonly now: () => number = () => performance.now(),
  ) {
    this.isOn = configuration.RATE_LIMITS === 'on';
    this.refusals = new TokenBuckets(REFUSALS, now);
  }

  /**
   * Counts one rejection by a rate limit.
   * @returns whether the client is suspended now
   */
  noteRefusal(key: string): boolean {
    if (!this.isOn || this.refusals.take(key) === 0) return false;
    if (this.suspendedUntil.size >= MAX_SUSPENDED)
      for (const oldest of this.suspendedUntil.keys()) {
        this.suspendedUntil.delete(oldest);
        break;
      }
    this.suspendedUntil.set(key, this.now() + SUSPENSION_MS);
    return true;
  }

  /** Seconds until the suspension ends; 0 when the client is not suspended. */
  remaining(key: string): number {
    const until = this.suspendedUntil.get(key);
    if (until === undefined) return 0;
    const milliseconds = until - this.now();
    if (milliseconds > 0) return Math.ceil(milliseconds / 1_000);
    this.suspendedUntil.delete(key);
    return 0;
  }
}
