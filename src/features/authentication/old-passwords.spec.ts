import * as argon2 from '@node-rs/argon2';
import * as bcrypt from '@node-rs/bcrypt';
import { availableParallelism } from 'node:os';
import type { DataSource } from 'typeorm';
import { Configuration } from '../../platform/configuration/configuration';
import { Metrics } from '../../platform/metrics/metrics';
import { OldPasswords } from './old-passwords';
import { Passwords } from './passwords';

jest.mock('@node-rs/bcrypt', () => ({ verify: jest.fn(jest.requireActual('@node-rs/bcrypt').verify) }));
jest.mock('@node-rs/argon2', () => {
  const actual = jest.requireActual<typeof argon2>('@node-rs/argon2');
  return { hash: actual.hash, verify: jest.fn(actual.verify) };
});

const { hashSync } = jest.requireActual<typeof bcrypt>('@node-rs/bcrypt');
const PASSWORD = 'their password';

/** `Passwords` on a database whose costliest old hash has this cost. */
async function passwordsWith(cost: string | null): Promise<Passwords> {
  const dataSource = { query: async () => [{ cost }] } as unknown as DataSource;
  const configuration = Object.assign(new Configuration(), { RATE_LIMITS: 'on' });
  const passwords = new Passwords(new OldPasswords(dataSource), configuration, new Metrics());
  await passwords.onModuleInit();
  return passwords;
}

/** The work of one attempt: the cost of each bcrypt verification, and the number of argon2 ones. */
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
  it('are rejected with the same effort for an unknown user, an old hash, a new hash and an invalid one', async () => {
    const passwords = await passwordsWith('05');
    const refusal = { matches: false, bcrypt: ['05'], argon2: 1 };
    const hashes = [undefined, hashSync(PASSWORD, 5), await passwords.hash(PASSWORD), '!'];
    for (const hash of hashes) expect(await effort(passwords, hash, 'wrong')).toEqual(refusal);
  });

  it('match without the effort of a rejection', async () => {
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

  it('cost nothing once no old hash is left', async () => {
    const passwords = await passwordsWith(null);
    expect(await effort(passwords, undefined, 'wrong')).toEqual({ matches: false, bcrypt: [], argon2: 1 });
  });

  it('are rejected with the same effort for everybody when they have several spellings', async () => {
    const passwords = await passwordsWith('05');
    const wrong = 'contrase\u00f1a';
    const hashes = [undefined, hashSync(PASSWORD, 5), await passwords.hash(PASSWORD), '!'];
    const efforts = [];
    for (const hash of hashes) efforts.push(await effort(passwords, hash, wrong));
    expect(efforts).toEqual(Array(4).fill({ matches: false, bcrypt: Array(2).fill('05'), argon2: 2 }));
  });
});

describe('passwords that keyboards spell differently', () => {
  const [composed, decomposed] = ['contrase\u00f1a de Jos\u00e9', 'contrasen\u0303a de Jose\u0301'];
  const oldHashes = {
    'bcrypt of the composed one': () => hashSync(composed, 4),
    'bcrypt of the decomposed one': () => hashSync(decomposed, 4),
    'argon2 of the composed one': () => argon2.hash(composed),
    'argon2 of the decomposed one': () => argon2.hash(decomposed),
    'a hash of today': async () => (await passwordsWith('04')).hash(decomposed),
  };

  it.each(Object.entries(oldHashes))(
    'match %s in any composition',
    async (_, make) => {
      const passwords = await passwordsWith('04');
      const stored = await make();
      for (const typed of [composed, decomposed]) {
        expect(await passwords.matches(stored, typed)).toBe(true);
        const replaced = (await passwords.replacement(stored, typed)) ?? stored;
        expect(await argon2.verify(replaced, composed)).toBe(true);
        expect(await passwords.replacement(replaced, typed)).toBeUndefined();
      }
      expect(await passwords.matches(stored, composed.replace('\u00f1', 'n'))).toBe(false);
    },
    30_000,
  );
});

describe('hashing', () => {
  it('is limited to one at a time for each processor, and clients take turns', async () => {
    const passwords = await passwordsWith(null);
    const stored = await passwords.hash(PASSWORD);
    let [atOnce, most] = [0, 0];
    const order: string[] = [];
    jest.mocked(argon2.verify).mockImplementation(async () => {
      most = Math.max(most, ++atOnce);
      await new Promise((resolve) => setImmediate(resolve));
      atOnce--;
      return true;
    });
    const attempt = (client: string): Promise<unknown> =>
      passwords.matches(stored, 'a guess', client).then(
        () => order.push(client),
        (error: unknown) => error,
      );
    const flood = Array.from({ length: 200 }, () => attempt('203.0.113.5'));
    const witness = attempt('198.51.100.9');
    await witness;
    expect(order.length).toBeLessThanOrEqual(2 * Math.min(availableParallelism(), 3) + 1);
    const outcomes = await Promise.all(flood);
    expect(most).toBeLessThanOrEqual(Math.min(availableParallelism(), 3));
    const refused = outcomes.filter((outcome) => typeof outcome === 'object');
    expect(refused).toHaveLength(200 - 64 - Math.min(availableParallelism(), 3));
    for (const problem of refused) expect(problem).toMatchObject({ code: 'rate-limited', retryAfter: 2 });
    jest.mocked(argon2.verify).mockReset();
  });
});
