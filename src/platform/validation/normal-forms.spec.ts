import fc from 'fast-check';
import { foldName, normalizePassword } from './normal-forms';

describe('names', () => {
  it.each([
    ['JÜRGEN@Example.org', 'jürgen@example.org'],
    ['JU\u0308RGEN@example.org', 'jürgen@example.org'],
    ['IVAN', 'ivan'],
    ['Ada', 'ada'],
  ])('are folded from %j to %j in every locale', (written, folded) => {
    expect(foldName(written)).toBe(folded);
  });

  it('have one form: folding again, another case and another composition change nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const folded = foldName(text);
        expect(foldName(folded)).toBe(folded);
        expect(foldName(text.normalize('NFD'))).toBe(folded);
      }),
    );
  });
});

describe('passwords', () => {
  it('are the same composed and decomposed, and with another kind of space', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const form = normalizePassword(text);
        expect(normalizePassword(form)).toBe(form);
        expect(normalizePassword(text.normalize('NFD'))).toBe(form);
      }),
    );
    expect(normalizePassword('a\u00a0b\u3000c')).toBe('a b c');
  });

  it('keep their case, their width and the spaces at their ends', () => {
    expect(normalizePassword(' Ａa ﬁ ')).toBe(' Ａa ﬁ ');
  });
});
