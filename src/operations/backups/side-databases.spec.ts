import fc from 'fast-check';
import { SEEDS } from '../../../test/support/random';
import { sideDatabasePrefix } from './side-databases';

/** The longest database name that PostgreSQL accepts, in bytes. */
const names = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 63 })
  .filter((name) => !name.includes('\0') && Buffer.byteLength(name) <= 63);
const ENDINGS = { scratch: '01234567', replaced: '20260101000000' };

describe('the names of databases beside the live one', () => {
  it.each(SEEDS)(
    'fit into a name of PostgreSQL, and belong to one live database and one purpose (SEED=%d)',
    (seed) => {
      const alike = fc.tuple(names, fc.nat(63)).map(([name, at]) => [...name].slice(0, at).join('') || 'x');
      fc.assert(
        fc.property(names, fc.oneof(names, alike), (one, other) => {
          for (const purpose of ['scratch', 'replaced'] as const) {
            const name = sideDatabasePrefix(one, purpose) + ENDINGS[purpose];
            expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
            // PostgreSQL returns the name unchanged, so no character may be cut in two.
            expect(Buffer.from(name).toString()).toBe(name);
            if (one !== other) expect(name.startsWith(sideDatabasePrefix(other, purpose))).toBe(false);
          }
        }),
        { seed },
      );
    },
  );

  it('are distinct for live databases whose names begin alike', () => {
    const [eu, us] = ['eu', 'us'].map((place) => `the_company_and_all_of_its_many_good_friends_${place}`);
    expect(sideDatabasePrefix(eu!, 'replaced')).not.toBe(sideDatabasePrefix(us!, 'replaced'));
    expect(sideDatabasePrefix('ü'.repeat(30), 'scratch')).toMatch(/^ü+_[0-9a-f]{12}_scratch_$/);
  });
});
