import { Replacement } from './replacement';

describe('the replacement of a worker', () => {
  it('starts at once after a long life, and later after each short one, until there were five in a row', () => {
    const replacement = new Replacement();
    const after = (servedMs: number): number | undefined => replacement.after({ servedMs });
    expect(after(60_000)).toBe(0);
    expect([0, 9_999, 5, 0].map(after)).toEqual([500, 1_000, 2_000, 4_000]);
    expect(after(10_000)).toBe(0);
    expect([1, 1, 1, 1].map(after)).toEqual([500, 1_000, 2_000, 4_000]);
    expect(after(1)).toBeUndefined();
  });
});
