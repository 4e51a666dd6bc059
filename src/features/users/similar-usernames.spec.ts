import fc from 'fast-check';
import unhomoglyph from 'unhomoglyph';
import { skeletonOf } from './similar-usernames';

const username = fc.string({
  unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz0123456789._-'),
  minLength: 3,
  maxLength: 32,
});
/** The skeleton by the table of Unicode TS 39. */
const official = (name: string): string => unhomoglyph(name).toLowerCase();
const ALIKE: Record<string, string> = { '0': 'o', o: '0', '1': 'l', l: '1', m: 'rn', rn: 'm' };
const alike = username.chain((name) =>
  fc.func(fc.boolean()).map((isChanged) => ({
    name,
    other: name.replaceAll(/rn|[0o1lm]/g, (part, at: number) => (isChanged(at) ? ALIKE[part]! : part)),
  })),
);

describe('the skeleton of a username', () => {
  it('is that of Unicode TS 39, without case', () => {
    fc.assert(fc.property(username, (name) => expect(skeletonOf(name)).toBe(official(name))));
  });

  it('is the same for names that look alike, and only for these', () => {
    fc.assert(fc.property(alike, ({ name, other }) => expect(skeletonOf(other)).toBe(skeletonOf(name))));
    fc.assert(
      fc.property(username, username, (a, b) =>
        expect(skeletonOf(a) === skeletonOf(b)).toBe(official(a) === official(b)),
      ),
    );
  });
});
