import { Injectable, Optional } from '@nestjs/common';
import { Configuration } from '../configuration/configuration';
import { TokenBuckets, type Allowance } from './token-buckets';

/** Refusals for want of a budget that a client may cause before it is suspended: a slip of a program stays below. */
const REFUSALS: Allowance = { burst: 2_000, perSecond: 50 };
const SUSPENSION_MS = 30_000;
/** As many keys are remembered; beyond, the oldest suspension ends early. */
const MAX_SUSPENDED = 10_000;

/**
 * Clients that continued after rejections. While suspended, they are rejected before the server does anything else for
 * them. Keys are user ids and the budget keys of addresses, which never look alike. Per process, in memory.
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
   * Counts one refusal for want of a budget.
   * @returns whether the client is suspended from now on
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

  /** Seconds until the client is heard again; 0 when it is not suspended. */
  remaining(key: string): number {
    const until = this.suspendedUntil.get(key);
    if (until === undefined) return 0;
    const milliseconds = until - this.now();
    if (milliseconds > 0) return Math.ceil(milliseconds / 1_000);
    this.suspendedUntil.delete(key);
    return 0;
  }
}
