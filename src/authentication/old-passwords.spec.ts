import * as argon2 from '@node-rs/argon2';
import * as bcrypt from '@node-rs/bcrypt';
import type { DataSource } from 'typeorm';
import { OldPasswords } from './old-passwords';
import { Passwords } from './passwords';

jest.mock('@node-rs/bcrypt', () => ({ verify: jest.fn(jest.requireActual('@node-rs/bcrypt').verify) }));
jest.mock('@node-rs/argon2', () => {
  const actual = jest.requireActual<typeof argon2>('@node-rs/argon2');
  return { hash: actual.hash, verify: jest.fn(actual.verify) };
});

const { hashSync } = jest.requireActual<typeof bcrypt>('@node-rs/bcrypt');
const PASSWORD = 'their password';

/** The passwords of a database in which the costliest old hash has this cost. */
async function passwordsWith(cost: string | null): Promise<Passwords> {
  const dataSource = { query: async () => [{ cost }] } as unknown as DataSource;
  const passwords = new Passwords(new OldPasswords(dataSource));
  await passwords.onModuleInit();
  return passwords;
}

/** What one try costs: the cost of each bcrypt verification, and how many of argon2 there were. */
async function effort(passwords: Passwords, hash: string | undefined, password: string): Promise<object> {
  jest.mocked(bcrypt.verify).mockClear();
  jest.mocked(argon2.verify).mockClear();
  const matches = await passwords.matches(hash, password);
  return {
    matches,
    bcrypt: jest.mocked(bcrypt.verify).mock.calls.map(([, encoded]) => (encoded as string).slice(4, 6)),
    argon2: jest.mocked(argon2.verify).mock.calls.length,
  };
}

describe('passwords while old hashes are left', () => {
  it('are refused with the same effort for nobody, for an old hash, a new one, and one that is none', async () => {
    const passwords = await passwordsWith('05');
    const refusal = { matches: false, bcrypt: ['05'], argon2: 1 };
    const hashes = [undefined, hashSync(PASSWORD, 5), await passwords.hash(PASSWORD), '!'];
    for (const hash of hashes) expect(await effort(passwords, hash, 'wrong')).toEqual(refusal);
  });

  it('match without the effort of a refusal', async () => {
    const passwords = await passwordsWith('05');
    const matching = [hashSync(PASSWORD, 5), await passwords.hash(PASSWORD)];
    expect(await effort(passwords, matching[0], PASSWORD)).toEqual({
      matches: true,
      bcrypt: ['05'],
      argon2: 0,
    });
    expect(await effort(passwords, matching[1], PASSWORD)).toEqual({ matches: true, bcrypt: [], argon2: 1 });
    expect(await passwords.replacement(matching[0]!, PASSWORD)).toMatch(/^\$argon2id\$/);
    expect(await passwords.replacement(matching[1]!, PASSWORD)).toBeUndefined();
  });

  it('cost nobody anything once none is left', async () => {
    const passwords = await passwordsWith(null);
    expect(await effort(passwords, undefined, 'wrong')).toEqual({ matches: false, bcrypt: [], argon2: 1 });
  });

  it('are verified two at once, thirty wait, and the others are told to come back', async () => {
    const old = new OldPasswords({} as DataSource);
    const hash = hashSync(PASSWORD, 5);
    const outcomes = await Promise.allSettled(Array.from({ length: 40 }, () => old.matches(hash, PASSWORD)));
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused).toHaveLength(8);
    for (const { reason } of refused) expect(reason).toMatchObject({ code: 'rate-limited', retryAfter: 3 });
  });
});
