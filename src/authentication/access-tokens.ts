import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { sign, TokenExpiredError, verify, type Jwt } from 'jsonwebtoken';
import { authSecret } from '../platform/configuration/auth-secret';
import { Configuration } from '../platform/configuration/configuration';
import { Problem } from '../platform/problems/problem';
import { isStoredId } from '../platform/validation/field-rules';

export interface AccessClaims {
  readonly userId: string;
  readonly sessionId: string;
  /** Milliseconds of `Date.now()`. */
  readonly expiresAt: number;
}

const ISSUER = 'xfchat';
const AUDIENCE = 'xfchat';
/** RFC 9068, section 2.1: the type that keeps other kinds of tokens from being taken for access tokens. */
const TYPE = 'at+jwt';
const ALGORITHM = 'HS256';
/** The clocks of two servers may differ by this many seconds: a token is accepted for so long after it has expired. */
export const LEEWAY_SECONDS = 60;

/**
 * Short-lived signed tokens that name a user and a session. The signature proves who asks; whether the session still
 * lives, the database tells.
 *
 * Signing and verifying are synchronous on purpose. WebCrypto would use the thread pool that passwords are hashed in,
 * and every request would wait for other people's sign-ins (docs/adr/0028-hashing-and-budgets.md).
 */
@Injectable()
export class AccessTokens {
  /** Seconds until a new token expires. */
  readonly lifetimeSeconds: number;
  private readonly key: KeyObject;

  constructor(configuration: Configuration) {
    this.lifetimeSeconds = Math.floor(configuration.ACCESS_TOKEN_LIFETIME_MS / 1_000);
    this.key = createSecretKey(
      createHmac('sha256', authSecret(configuration)).update('access-token').digest(),
    );
  }

  sign(userId: string, sessionId: string): string {
    return sign({ sid: sessionId }, this.key, {
      header: { alg: ALGORITHM, typ: TYPE },
      algorithm: ALGORITHM,
      issuer: ISSUER,
      audience: AUDIENCE,
      subject: userId,
      expiresIn: this.lifetimeSeconds,
    });
  }

  /** @throws Problem `unauthenticated` or `token-expired` */
  verify(token: string): AccessClaims {
    const claims = claimsOf(this.signed(token));
    if (!claims) throw new Problem('unauthenticated');
    return claims;
  }

  /** Checks the signature first, then expiry, issuer and audience. */
  private signed(token: string): Jwt {
    try {
      return verify(token, this.key, {
        complete: true,
        algorithms: [ALGORITHM],
        issuer: ISSUER,
        audience: AUDIENCE,
        clockTolerance: LEEWAY_SECONDS,
      });
    } catch (error) {
      throw new Problem(error instanceof TokenExpiredError ? 'token-expired' : 'unauthenticated');
    }
  }
}

/**
 * The ids are checked here although the signature is ours: the database would refuse a malformed one with an error.
 * @returns undefined when the header or a claim is not that of an access token
 */
function claimsOf({ header, payload }: Jwt): AccessClaims | undefined {
  // RFC 7515, section 4.1.11: extensions that must be understood. This server understands none.
  if (header.typ !== TYPE || header.crit !== undefined || typeof payload !== 'object') return undefined;
  const { sub, sid, exp } = payload as { sub?: unknown; sid?: unknown; exp?: unknown };
  if (!isStoredId(sub) || !isStoredId(sid) || typeof exp !== 'number') return undefined;
  return { userId: sub, sessionId: sid, expiresAt: exp * 1_000 };
}
