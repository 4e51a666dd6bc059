import { excerptOf } from './excerpt';

const shown = (text: string, ...highlights: [start: number, end: number][]): string =>
  excerptOf(
    text,
    highlights.map(([start, end]) => ({ start, end })),
  )
    .map((part) => (part.isFound ? `[${part.text}]` : part.text))
    .join('');

describe('the excerpt of a message', () => {
  it('is the whole text of a short message', () => {
    expect(shown('have lunch, then lunch', [5, 10], [17, 22])).toBe('have [lunch], then [lunch]');
    expect(shown('nothing')).toBe('nothing');
  });

  it('begins at a word before the first match, and has a limited length', () => {
    const text = `${'word '.repeat(40)}here ${'more '.repeat(100)}`;
    const excerpt = shown(text, [200, 204]);
    expect(excerpt).toMatch(/^… (word )+\[here\] more/);
    expect(excerpt.length).toBeLessThan(180);
  });

  it('does not cut a surrogate pair', () => {
    const text = `${'😀'.repeat(40)}x`;
    expect(shown(text, [80, 81])).toMatch(/^… (😀)+\[x\]$/u);
  });
});
