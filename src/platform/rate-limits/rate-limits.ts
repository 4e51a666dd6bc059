import { Injectable } from '@nestjs/common';
import { Configuration } from '../configuration/configuration';
import { RATE_LIMITED } from '../problems/general-problems';
import { Problem } from '../problems/problem';
import { TokenBuckets, type Allowance } from './token-buckets';

/** What a person or a network may do, by each process. Wrong passwords have budgets of their own (`PasswordBudgets`). */
const ALLOWANCES = {
  /** HTTP requests, handshakes and socket commands of one user. */
  command: { burst: 600, perSecond: 60 },
  /** Creating accounts, by network. */
  registration: { burst: 300, perSecond: 1 },
  /** Requests without a valid token, by network. */
  anonymous: { burst: 600, perSecond: 30 },
  /** Access tokens by address; taken before a token is verified and given back when its signature is good. */
  verification: { burst: 600, perSecond: 50 },
  /** Looking a session up in the database, by session; given back when the session lives. */
  session: { burst: 300, perSecond: 1 },
  /** Refreshing, by session: many tabs and lost replies stay below. */
  refresh: { burst: 60, perSecond: 0.2 },
  /** Opening a socket, by address; given back when the socket has authenticated. */
  opening: { burst: 1_000, perSecond: 100 },
  /** Files and preflights, by address: cheap, and a whole office loads them after a release. */
  page: { burst: 1_000, perSecond: 100 },
  /** The documents of the interface, by address: each costs milliseconds, and few people read them. */
  document: { burst: 100, perSecond: 2 },
  /** Health probes, by address; beyond it they are answered from memory. */
  probe: { burst: 60, perSecond: 10 },
} as const satisfies Record<string, Allowance>;

export type RateLimitName = keyof typeof ALLOWANCES;

@Injectable()
export class RateLimits {
  /** `RATE_LIMITS`; off: nothing is counted or refused. */
  readonly isOn: boolean;
  private readonly buckets: Record<RateLimitName, TokenBuckets>;

  constructor(configuration: Configuration) {
    this.isOn = configuration.RATE_LIMITS === 'on';
    this.buckets = Object.fromEntries(
      Object.entries(ALLOWANCES).map(([name, allowance]) => [name, new TokenBuckets(allowance)]),
    ) as Record<RateLimitName, TokenBuckets>;
  }

  /** @throws Problem `rate-limited` */
  take(name: RateLimitName, key: string): void {
    this.enforce(name, this.isOn ? this.buckets[name].take(key) : 0);
  }

  /** Takes if something is left; says whether it did. */
  tryTake(name: RateLimitName, key: string): boolean {
    return !this.isOn || this.buckets[name].take(key) === 0;
  }

  /** Returns what `take` took, once it turned out that nothing was to be counted. */
  giveBack(name: RateLimitName, key: string): void {
    if (this.isOn) this.buckets[name].giveBack(key);
  }

  private enforce(name: RateLimitName, retryAfter: number): void {
    if (retryAfter <= 0) return;
    const { burst, perSecond } = ALLOWANCES[name];
    const policy = { quota: burst, windowSeconds: Math.ceil(burst / perSecond) };
    throw new Problem(RATE_LIMITED, { retryAfter, policy });
  }
}
