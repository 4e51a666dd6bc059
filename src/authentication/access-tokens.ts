import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { errors, jwtVerify, SignJWT } from 'jose';
import { authSecret } from '../platform/configuration/auth-secret';
import { Configuration } from '../platform/configuration/configuration';
import { Problem } from '../platform/problems/problem';

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
/** Clocks of two nodes may differ by this many seconds. */
const LEEWAY_SECONDS = 5;

/** Short-lived signed tokens that name a user and a session. A valid one says who asks; the session says whether still. */
@Injectable()
export class AccessTokens {
  /** Seconds until a new token runs out. */
  readonly lifetimeSeconds: number;
  private readonly key: Uint8Array;

  constructor(configuration: Configuration) {
    this.lifetimeSeconds = Math.floor(configuration.ACCESS_TOKEN_LIFETIME_MS / 1_000);
    this.key = createHmac('sha256', authSecret(configuration)).update('access-token').digest();
  }

  async sign(userId: string, sessionId: string): Promise<string> {
    const now = Math.floor(Date.now() / 1_000);
    return new SignJWT({ sid: sessionId })
      .setProtectedHeader({ alg: ALGORITHM, typ: TYPE })
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setSubject(userId)
      .setIssuedAt(now)
      .setExpirationTime(now + this.lifetimeSeconds)
      .sign(this.key);
  }

  /** @throws Problem `unauthenticated` or `token-expired` */
  async verify(token: string): Promise<AccessClaims> {
    try {
      const { payload } = await jwtVerify(token, this.key, {
        algorithms: [ALGORITHM],
        typ: TYPE,
        issuer: ISSUER,
        audience: AUDIENCE,
        clockTolerance: LEEWAY_SECONDS,
        requiredClaims: ['sub', 'sid', 'exp'],
      });
      return { userId: payload.sub!, sessionId: String(payload.sid), expiresAt: payload.exp! * 1_000 };
    } catch (error) {
      throw new Problem(error instanceof errors.JWTExpired ? 'token-expired' : 'unauthenticated');
    }
  }
}
