import { Problem } from '../../platform/problems/problem';
import { refuseWeakPassword } from './password-rules';

const OWNER = { username: 'ada.lovelace', email: 'countess@example.org' };

function faultOf(password: string, owner = OWNER): string | undefined {
  try {
    refuseWeakPassword(password, '/password', owner);
    return undefined;
  } catch (error) {
    return error instanceof Problem ? error.code : 'an error that is no problem';
  }
}

describe('a password', () => {
  it.each([
    'password123',
    'PASSWORD123',
    'ada.lovelace',
    'Ada.Lovelace1',
    'ADALOVELACE2026',
    'adalovelaceadalovelace',
    'countess@example.org',
    'countess99',
    'xfchat123',
    'XFChat-XFChat',
    'xfch@t2026!',
    'Summer2026!',
    'winter-2025',
    '2026October',
    'p@ssw0rd2024',
    'Welcome_2024',
    'dragon1999',
    'Qwerty 2023',
  ])('is rejected: %j', (password) => {
    expect(faultOf(password)).toBe('validation-failed');
  });

  it.each([
    'ada has a long password',
    'a password nobody else has',
    'correct horse battery staple',
    'in summer of 2026 we went home',
    'my xfchat password is long',
    'q8Zr-41kd-2026',
    '\u{1F511}'.repeat(20),
    'contrase\u00f1a de Jos\u00e9',
  ])('is accepted: %j', (password) => {
    expect(faultOf(password)).toBeUndefined();
  });

  it('is checked in bounded time, whatever it contains', () => {
    for (const password of ['2'.repeat(128), '-'.repeat(128), `${'1999-'.repeat(25)}x`, 'a1!'.repeat(42)])
      expect(() => faultOf(password)).not.toThrow();
  });
});
