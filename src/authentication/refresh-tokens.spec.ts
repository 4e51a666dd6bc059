import { Configuration } from '../platform/configuration/configuration';
import { RefreshTokens } from './refresh-tokens';

const tokens = new RefreshTokens(Object.assign(new Configuration(), { AUTH_SECRET: 'a'.repeat(48) }));
const link = {
  sessionId: '01a213f7-0819-7554-9bc8-13529dc52f20',
  generation: 7,
  nonce: '0123456789abcdef01234567',
};
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

describe('a refresh token', () => {
  const token = tokens.issue(link);

  it('is read back as the link that it was issued for', () => {
    expect(tokens.read(token)).toEqual(link);
  });

  it('has one spelling: no change of a single character is a token', () => {
    const accepted = [...token].flatMap((_, at) =>
      [...ALPHABET, '']
        .map((character) => token.slice(0, at) + character + token.slice(at + 1))
        .filter(tokens.read, tokens),
    );
    expect(new Set(accepted)).toEqual(new Set([token]));
  });

  it('takes nothing that a base64 decoder overlooks', () => {
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
});
