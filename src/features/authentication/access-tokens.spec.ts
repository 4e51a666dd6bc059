import { createHmac, randomUUID } from 'node:crypto';
import { SignJWT, type JWTHeaderParameters, type JWTPayload } from 'jose';
import { Configuration } from '../../platform/configuration/configuration';
import { Problem } from '../../platform/problems/problem';
import { AccessTokens, LEEWAY_SECONDS } from './access-tokens';
import { SigningKeys } from './signing-keys';

const AUTH_SECRET = 'a'.repeat(48);
const tokensOf = (secret: string, secondary?: string): AccessTokens => {
  const configuration = Object.assign(new Configuration(), {
    AUTH_SECRET: secret,
    AUTH_SECRET_SECONDARY: secondary,
  });
  return new AccessTokens(configuration, new SigningKeys(configuration));
};
const tokens = tokensOf(AUTH_SECRET);
const key = createHmac('sha256', AUTH_SECRET).update('access-token').digest();
const now = (): number => Math.floor(Date.now() / 1_000);

const [userId, sessionId] = [randomUUID(), randomUUID()];
const CLAIMS = { iss: 'xfchat', aud: 'xfchat', sub: userId, sid: sessionId, exp: now() + 900 };

/** Another implementation signs the claims with the server's own key. */
const signed = (claims: object = {}, header: object = {}): Promise<string> =>
  new SignJWT({ ...CLAIMS, ...claims } as JWTPayload)
    .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', ...header } as JWTHeaderParameters)
    .sign(key);

function outcomeOf(token: string, by = tokens): string {
  try {
    by.verify(token);
    return 'accepted';
  } catch (error) {
    return error instanceof Problem ? error.code : 'an error that is no problem';
  }
}

describe('access tokens', () => {
  it('contain the claims that they were signed for', () => {
    const claims = tokens.verify(tokens.sign(userId, sessionId));
    expect(claims).toMatchObject({ userId, sessionId });
    expect(Math.abs(claims.expiresAt / 1_000 - now() - tokens.lifetimeSeconds)).toBeLessThanOrEqual(1);
  });

  it('agree with another implementation of RFC 7519', async () => {
    expect(tokens.verify(await signed())).toEqual({ userId, sessionId, expiresAt: CLAIMS.exp * 1_000 });
  });

  // Password hashing uses the four threads of the pool, so a request must not wait for one of them.
  it('are signed and verified synchronously', () => {
    const token: unknown = tokens.sign(userId, sessionId);
    expect(typeof token).toBe('string');
    expect((tokens.verify(token as string) as object) instanceof Promise).toBe(false);
  });

  it.each([
    ['sid', 'not-an-id'],
    ['sid', ''],
    ['sid', 17],
    ['sid', null],
    ['sid', undefined],
    ['sid', [sessionId]],
    ['sid', { toString: sessionId }],
    ['sid', `${sessionId}\0`],
    ['sid', sessionId.toUpperCase()],
    ['sub', 'not-an-id'],
    ['sub', undefined],
    ['exp', undefined],
    ['exp', '9999999999'],
    ['iss', 'somebody else'],
    ['iss', undefined],
    ['aud', 'somebody else'],
    ['aud', undefined],
    ['nbf', now() + 3_600],
  ])('are rejected as unauthenticated with %s %j', async (name, value) => {
    expect(outcomeOf(await signed({ [name]: value }))).toBe('unauthenticated');
  });

  it.each([{ typ: 'JWT' }, { typ: undefined }, { typ: 'refresh+jwt' }])(
    'are rejected as unauthenticated with the header %j',
    async (header) => {
      expect(outcomeOf(await signed({}, header))).toBe('unauthenticated');
    },
  );

  it('are rejected with any critical extension', () => {
    const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const input = `${encode({ alg: 'HS256', typ: 'at+jwt', crit: ['b64'], b64: true })}.${encode(CLAIMS)}`;
    const token = `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`;
    expect(outcomeOf(token)).toBe('unauthenticated');
  });

  it('are rejected with another algorithm, even if the key is right', () => {
    const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    for (const [alg, hash] of [
      ['HS512', 'sha512'],
      ['HS384', 'sha384'],
    ] as const) {
      const input = `${encode({ alg, typ: 'at+jwt' })}.${encode(CLAIMS)}`;
      expect(outcomeOf(`${input}.${createHmac(hash, key).update(input).digest('base64url')}`)).toBe(
        'unauthenticated',
      );
    }
  });

  it('are accepted within the leeway after they expire, and not later', async () => {
    expect(outcomeOf(await signed({ exp: now() - LEEWAY_SECONDS + 5 }))).toBe('accepted');
    expect(outcomeOf(await signed({ exp: now() - LEEWAY_SECONDS - 1 }))).toBe('token-expired');
  });

  describe('while the secret is changed', () => {
    const [next, old] = ['n'.repeat(48), AUTH_SECRET];
    const [during, after] = [tokensOf(next, old), tokensOf(next)];

    it('are accepted when signed with either of the two, and signed with the first', () => {
      expect(outcomeOf(tokens.sign(userId, sessionId), during)).toBe('accepted');
      expect(outcomeOf(during.sign(userId, sessionId), after)).toBe('accepted');
      expect(outcomeOf(during.sign(userId, sessionId), tokens)).toBe('unauthenticated');
      expect(outcomeOf(tokens.sign(userId, sessionId), after)).toBe('unauthenticated');
    });

    it('are accepted without a key id, as earlier releases signed them', async () => {
      expect(outcomeOf(await signed(), during)).toBe('accepted');
      expect(outcomeOf(await signed(), after)).toBe('unauthenticated');
      expect(outcomeOf(await signed({ exp: now() - 3_600 }), during)).toBe('token-expired');
    });

    it('name a key that reveals nothing about the secret and is the same on every server', () => {
      const kidOf = (token: string): string =>
        (JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString()) as { kid: string }).kid;
      const kid = kidOf(during.sign(userId, sessionId));
      expect(kid).toMatch(/^[\w-]{12}$/);
      expect(kidOf(after.sign(userId, sessionId))).toBe(kid);
      expect(kidOf(tokens.sign(userId, sessionId))).not.toBe(kid);
    });

    it.each(['no such key', '', null, 7, {}, ['a']])(
      'are rejected when they name the key %j',
      async (kid) => {
        expect(outcomeOf(await signed({}, { kid }), during)).toBe('unauthenticated');
      },
    );
  });
});
