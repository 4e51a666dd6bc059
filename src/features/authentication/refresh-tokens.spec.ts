import { Configuration } from '../../platform/configuration/configuration';
import { RefreshTokens } from './refresh-tokens';
import { SigningKeys } from './signing-keys';

const tokensOf = (AUTH_SECRET: string, AUTH_SECRET_SECONDARY?: string): RefreshTokens =>
  new RefreshTokens(
    new SigningKeys(Object.assign(new Configuration(), { AUTH_SECRET, AUTH_SECRET_SECONDARY })),
  );
const tokens = tokensOf('a'.repeat(48));
const link = {
  sessionId: '01a213f7-0819-7554-9bc8-13529dc52f20',
  generation: 7,
  nonce: '0123456789abcdef01234567',
};
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

describe('a refresh token', () => {
  const token = tokens.issue(link);

  it('contains the link that it was issued for', () => {
    expect(tokens.read(token)).toEqual(link);
  });

  it('has one spelling: a change of any character makes it invalid', () => {
    const accepted = [...token].flatMap((_, at) =>
      [...ALPHABET, '']
        .map((character) => token.slice(0, at) + character + token.slice(at + 1))
        .filter(tokens.read, tokens),
    );
    expect(new Set(accepted)).toEqual(new Set([token]));
  });

  it('is rejected with characters that a base64 decoder ignores', () => {
    const [prefix, body] = [token.slice(0, 4), token.slice(4)];
    for (const other of [
      body,
      `${prefix}${body}==`,
      `${prefix} ${body}`,
      `${token}\n`,
      `${prefix}!${body}`,
      `${token}A`,
    ]) {
      expect(tokens.read(other)).toBeUndefined();
    }
  });

  it('is accepted if either of two secrets signed it; new ones are signed with the first', () => {
    const [old, next] = ['o'.repeat(48), 'n'.repeat(48)];
    const [before, during, after] = [tokensOf(old), tokensOf(next, old), tokensOf(next)];
    expect(during.read(before.issue(link))).toEqual(link);
    expect(after.read(during.issue(link))).toEqual(link);
    expect(before.read(during.issue(link))).toBeUndefined();
    expect(after.read(before.issue(link))).toBeUndefined();
  });
});
