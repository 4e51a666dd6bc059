import { parseText, type Piece } from './parse-text.ts';

const text = (words: string): Piece => ({ kind: 'text', text: words });
const paragraph = (...pieces: Piece[]): Piece => ({ kind: 'paragraph', pieces });

describe('reading a message', () => {
  it.each<[string, Piece[]]>([
    ['plain', [paragraph(text('plain'))]],
    ['two\nlines', [paragraph(text('two'), { kind: 'break' }, text('lines'))]],
    ['**bold**', [paragraph({ kind: 'strong', pieces: [text('bold')] })]],
    ['_leaning_', [paragraph({ kind: 'emphasis', pieces: [text('leaning')] })]],
    ['~~gone~~', [paragraph({ kind: 'deleted', pieces: [text('gone')] })]],
    ['`a < b`', [paragraph({ kind: 'code', text: 'a < b' })]],
    ['```\nx &amp; y\n```', [{ kind: 'code-block', text: 'x &amp; y' }]],
    ['> quoted', [{ kind: 'quote', pieces: [paragraph(text('quoted'))] }]],
    ['- one', [{ kind: 'list', pieces: [{ kind: 'item', pieces: [text('one')] }] }]],
    [
      'https://example.org/a?b=c',
      [
        paragraph({
          kind: 'link',
          address: 'https://example.org/a?b=c',
          pieces: [text('https://example.org/a?b=c')],
        }),
      ],
    ],
    ['1987. a year', [paragraph(text('1987. a year'))]],
    ['# word', [paragraph(text('# word'))]],
    ['a &lt; b', [paragraph(text('a &lt; b'))]],
    ['<b>word</b>', [paragraph(text('<b>word</b>'))]],
    ['[x](javascript:alert(1))', [paragraph(text('[x](javascript:alert(1))'))]],
    ['[x](JaVaScRiPt:alert(1))', [paragraph(text('[x](JaVaScRiPt:alert(1))'))]],
    ['[x](data:text/html,y)', [paragraph(text('[x](data:text/html,y)'))]],
    ['![x](https://example.org/x.png)', [paragraph(text('![x](https://example.org/x.png)'))]],
  ])('%s', (body, pieces) => {
    expect(parseText(body)).toEqual(pieces);
  });

  it.each(['> ', '- ', '[', '*', '_a', '**a ', '`', '<', '![', '\\', '~~', '1. ', '[a]('])(
    'survives very many of %j, and shows all of them or what they mean',
    (mark) => {
      const body = mark.repeat(Math.floor(4_000 / mark.length));
      expect(parseText(body).length).toBeGreaterThan(0);
    },
  );
});
