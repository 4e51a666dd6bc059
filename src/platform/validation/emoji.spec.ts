import { isQualifiedEmoji, parseEmoji, toQualifiedEmoji } from './emoji';

const codes = (text: string): string =>
  [...text].map((character) => character.codePointAt(0)!.toString(16)).join(' ');

describe('an emoji', () => {
  it.each([
    ['a heart without its selector', '\u2764', '2764 fe0f'],
    ['a heart that asks to be shown as text', '\u2764\uFE0E', '2764 fe0f'],
    ['a heart with one selector too many', '\u2764\uFE0F\uFE0F', '2764 fe0f'],
    ['a thumb with a needless selector', '👍\uFE0F', '1f44d'],
    ['a skin tone', '👍🏽', '1f44d 1f3fd'],
    ['a selector before a skin tone', '\u270C\uFE0F🏽', '270c 1f3fd'],
    ['a keycap', '1\u20E3', '31 fe0f 20e3'],
    ['a flag', '🇩🇪', '1f1e9 1f1ea'],
    ['a rainbow flag without selectors', '🏳\u200D🌈', '1f3f3 fe0f 200d 1f308'],
    ['a sequence with a sign', '👩\u200D\u2695', '1f469 200d 2695 fe0f'],
    [
      'a flag of tags',
      '🏴\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}',
      '1f3f4 e0067 e0062 e0065 e006e e0067 e007f',
    ],
    [
      'the longest',
      '🧑🏻\u200D\u2764\u200D💋\u200D🧑🏼',
      '1f9d1 1f3fb 200d 2764 fe0f 200d 1f48b 200d 1f9d1 1f3fc',
    ],
  ])('has one spelling: %s', (_what, given, expected) => {
    const emoji = parseEmoji('emoji', given);
    expect(codes(emoji)).toBe(expected);
    expect(parseEmoji('emoji', emoji)).toBe(emoji);
  });

  it.each([
    ['nothing', ''],
    ['a letter', 'a'],
    ['a digit', '1'],
    ['two', '👍👍'],
    ['one and a letter', '👍a'],
    ['a lone selector', '\uFE0F'],
    ['a lone joiner', '\u200D'],
    ['a joiner too many', '👍\u200D'],
    ['a skin tone alone', '🏽'],
    ['half a flag', '🇩'],
    ['a flag of no country', '🇩🇩'],
    ['a lone surrogate', '\uD83D'],
    ['a long text', '👍'.repeat(100_000)],
  ])('is not %s', (_what, given) => {
    expect(isQualifiedEmoji(toQualifiedEmoji(given))).toBe(false);
    expect(() => parseEmoji('emoji', given)).toThrow();
  });

  it('is text', () => {
    expect([toQualifiedEmoji(7), isQualifiedEmoji(7)]).toEqual([7, false]);
  });
});
