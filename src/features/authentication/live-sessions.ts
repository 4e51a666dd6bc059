import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, IsNull } from 'typeorm';
import { RATE_LIMITED, SESSION_REVOKED } from '../../platform/problems/general-problems';
import { Problem } from '../../platform/problems/problem';
import type { Allowance } from '../../platform/rate-limits/token-buckets';
import { chargePerson } from '../../platform/rate-limits/charge-person';
import { RateLimits } from '../../platform/rate-limits/rate-limits';
import { Suspensions } from '../../platform/rate-limits/suspensions';
import { AccessTokens, type AccessClaims } from './access-tokens';
import { Session } from './session.entity';

/** Looking a session up in the database, by session; given back when the session lives. */
const LOOK_UP: Allowance = { burst: 300, perSecond: 1, sharedAs: 'look-up' };

/** Whether an access token may be used: its signature tells who asks, the database whether the session still lives. */
@Injectable()
export class LiveSessions {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly accessTokens: AccessTokens,
    private readonly rateLimits: RateLimits,
    private readonly suspensions: Suspensions,
  ) {}

  /** Reads the claims of a token. Does not ask whether its session still lives. @throws Problem `unauthenticated` or `token-expired` */
  claims(accessToken: string): AccessClaims {
    return this.accessTokens.verify(accessToken);
  }

  /**
   * The person behind an access token, if the session still lives.
   * @throws Problem `unauthenticated`, `token-expired`, or as `requireLive`
   */
  async authenticate(accessToken: string): Promise<AccessClaims> {
    const claims = this.claims(accessToken);
    await this.requireLive(claims);
    return claims;
  }

  /**
   * Only sessions that have ended are charged for being looked up.
   * @throws Problem `session-revoked` when the session has ended; `rate-limited`
   */
  async requireLive({ userId, sessionId }: AccessClaims): Promise<void> {
    const retryAfter = this.suspensions.remaining(userId);
    if (retryAfter > 0) throw new Problem(RATE_LIMITED, { retryAfter });
    this.rateLimits.take(LOOK_UP, sessionId);
    const session = { id: sessionId, userId, endedAt: IsNull() };
    let lives: boolean;
    try {
      lives = await this.dataSource.manager.existsBy(Session, session);
    } catch (error) {
      // The database gave no answer, so the request counts as any other of the person: an outage permits no flood.
      this.rateLimits.giveBack(LOOK_UP, sessionId);
      chargePerson({ rateLimits: this.rateLimits, suspensions: this.suspensions }, userId);
      throw error;
    }
    if (!lives) throw new Problem(SESSION_REVOKED);
    this.rateLimits.giveBack(LOOK_UP, sessionId);
  }
}
