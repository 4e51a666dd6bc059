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

/** Look-ups of a session in the database, by session. The charge is given back when the session lives. */
const LOOK_UP: Allowance = { burst: 300, perSecond: 1, sharedAs: 'look-up' };

/**
 * Decides whether an access token may be used. The signature proves who asks; the database knows whether the session
 * still lives.
 */
@Injectable()
export class LiveSessions {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly accessTokens: AccessTokens,
    private readonly rateLimits: RateLimits,
    private readonly suspensions: Suspensions,
  ) {}

  /**
   * Reads the claims of a token. Does not check whether its session still lives.
   * @throws Problem `unauthenticated` or `token-expired`
   */
  claims(accessToken: string): AccessClaims {
    return this.accessTokens.verify(accessToken);
  }

  /**
   * Authenticates an access token whose session still lives.
   * @throws Problem `unauthenticated`, `token-expired`, or as `requireLive`
   */
  async authenticate(accessToken: string): Promise<AccessClaims> {
    const claims = this.claims(accessToken);
    await this.requireLive(claims);
    return claims;
  }

  /**
   * Charges the look-up to sessions that have ended only.
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
      // The database did not answer, so the session is not charged. The request still counts against the person: an
      // outage must not permit a flood.
      this.rateLimits.giveBack(LOOK_UP, sessionId);
      chargePerson({ rateLimits: this.rateLimits, suspensions: this.suspensions }, userId);
      throw error;
    }
    if (!lives) throw new Problem(SESSION_REVOKED);
    this.rateLimits.giveBack(LOOK_UP, sessionId);
  }
}
