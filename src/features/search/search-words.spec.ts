import { keysOfText, wordsOf } from './search-words';

const texts = (text: string): string[] => wordsOf(text).map((word) => word.text);

describe('the words of a text', () => {
  it.each([
    ['Hello, World!', ['hello', 'world']],
    ['Crème brûlée', ['creme', 'brulee']],
    ['cre\u0300me', ['creme']],
    ['Straße', ['strasse']],
    ['ΌΔΟΣ όδος', ['οδοσ', 'οδοσ']],
    ['İstanbul', ['istanbul']],
    ['ёлка', ['елка']],
    ["don't", ['don', 't']],
    ['foo_bar v1.2', ['foo_bar', 'v1', '2']],
    ['你好 world', ['你好', 'world']],
    ['iPhone用ケース', ['iphone', '用ケース']],
    ['한국어를', ['한국어를']],
    ['हिन्दी', ['हिन्दी']],
    ['🎉🎉 party', ['🎉', '🎉', 'party']],
    ['... — !', []],
    ['', []],
  ])('%j are %j', (text, words) => {
    expect(texts(text)).toEqual(words);
  });

  it('have their original positions, although folding changes their length', () => {
    const text = '𝔸 Straße — cre\u0300me ﬁn';
    for (const word of wordsOf(text)) {
      expect(word.start).toBeLessThan(word.end);
      expect(word.places).toHaveLength(word.text.length + 1);
      expect(word.places.at(-1)).toBe(word.end);
    }
    const written = wordsOf(text).map(({ start, end }) => text.slice(start, end));
    expect(written).toEqual(['𝔸', 'Straße', 'cre\u0300me', 'ﬁn']);
  });

  it('are cut when they are too long', () => {
    const [word] = wordsOf('x'.repeat(5_000));
    expect(word!.text).toHaveLength(64);
    expect(word!.end).toBe(5_000);
  });

  it('give each key once, and pairs of characters for scripts without spaces', () => {
    expect(keysOfText('a b A')).toEqual(['a', 'b']);
    expect(keysOfText('東京都')).toEqual(['東', '東京', '京', '京都', '都']);
  });
});
