import { Injectable } from '@nestjs/common';
import { decode, JsonWebTokenError, sign, TokenExpiredError, verify, type Jwt } from 'jsonwebtoken';
import { Configuration } from '../../platform/configuration/configuration';
import { TOKEN_EXPIRED, UNAUTHENTICATED } from '../../platform/problems/general-problems';
import { Problem } from '../../platform/problems/problem';
import { isStoredId } from '../../platform/validation/field-rules';
import { SigningKeys, type SigningKey } from './signing-keys';

export interface AccessClaims {
  readonly userId: string;
  readonly sessionId: string;
  /** Milliseconds of `Date.now()`. */
  readonly expiresAt: number;
}

const ISSUER = 'xfchat';
const AUDIENCE = 'xfchat';
/** RFC 9068, section 2.1: with this type, other kinds of tokens cannot pass for access tokens. */
const TYPE = 'at+jwt';
const ALGORITHM = 'HS256';
/** The clocks of two servers may differ by this many seconds, so a token is accepted for so long after its expiry. */
export const LEEWAY_SECONDS = 60;

/**
 * Short-lived signed tokens that name a user and a session. The signature proves who asks; the database knows whether
 * the session still lives.
 *
 * Signing and verifying are synchronous on purpose. WebCrypto would use the thread pool that hashes passwords, and
 * every request would wait for other people's sign-ins (docs/adr/0028-hashing-and-budgets.md).
 */
@Injectable()
export class AccessTokens {
  /** Seconds until a new token expires. */
  readonly lifetimeSeconds: number;
  /** The first key signs. */
  private readonly keys: readonly [SigningKey, ...SigningKey[]];

  constructor(configuration: Configuration, signingKeys: SigningKeys) {
    this.lifetimeSeconds = Math.floor(configuration.ACCESS_TOKEN_LIFETIME_MS / 1_000);
    this.keys = signingKeys.for('access-token');
  }

  /** @param lifetimeSeconds less than usual when the session ends earlier */
  sign(userId: string, sessionId: string, lifetimeSeconds = this.lifetimeSeconds): string {
    const { id: kid, key } = this.keys[0];
    return sign({ sid: sessionId }, key, {
      header: { alg: ALGORITHM, typ: TYPE, kid },
      algorithm: ALGORITHM,
      issuer: ISSUER,
      audience: AUDIENCE,
      subject: userId,
      expiresIn: lifetimeSeconds,
    });
  }

  /** @throws Problem `unauthenticated` or `token-expired` */
  verify(token: string): AccessClaims {
    const claims = claimsOf(this.signed(token));
    if (!claims) throw new Problem(UNAUTHENTICATED);
    return claims;
  }

  private signed(token: string): Jwt {
    let refusal: unknown;
    for (const { key } of this.candidates(token)) {
      try {
        return verifyWith(key, token);
      } catch (error) {
        refusal = error;
        // A token with a valid signature was signed by this key, so no other key needs to be tried.
        if (!isWrongSignature(error)) break;
      }
    }
    throw new Problem(refusal instanceof TokenExpiredError ? TOKEN_EXPIRED : UNAUTHENTICATED);
  }

  /** The key that the token names; all keys for tokens of earlier releases, which name none. */
  private candidates(token: string): readonly SigningKey[] {
    const kid = decode(token, { complete: true })?.header.kid;
    return kid === undefined ? this.keys : this.keys.filter(({ id }) => id === kid);
  }
}

/** Checks the signature first, then expiry, issuer and audience. */
function verifyWith(key: SigningKey['key'], token: string): Jwt {
  return verify(token, key, {
    complete: true,
    algorithms: [ALGORITHM],
    issuer: ISSUER,
    audience: AUDIENCE,
    clockTolerance: LEEWAY_SECONDS,
  });
}

function isWrongSignature(error: unknown): boolean {
  return error instanceof JsonWebTokenError && error.message === 'invalid signature';
}

/**
 * The ids are checked although the signature is ours: the database would reject a malformed one with an error.
 * @returns undefined when the header or a claim is not that of an access token
 */
function claimsOf({ header, payload }: Jwt): AccessClaims | undefined {
  // RFC 7515, section 4.1.11: extensions that must be understood. This server understands none.
  if (header.typ !== TYPE || header.crit !== undefined || typeof payload !== 'object') return undefined;
  const { sub, sid, exp } = payload as { sub?: unknown; sid?: unknown; exp?: unknown };
  if (!isStoredId(sub) || !isStoredId(sid) || typeof exp !== 'number') return undefined;
  return { userId: sub, sessionId: sid, expiresAt: exp * 1_000 };
}
