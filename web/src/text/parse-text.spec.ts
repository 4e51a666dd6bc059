import fc from 'fast-check';
import { parseText } from './parse-text.ts';
import type { Piece } from './pieces.ts';

const text = (words: string): Piece => ({ kind: 'text', text: words });
const paragraph = (...pieces: Piece[]): Piece => ({ kind: 'paragraph', pieces });

describe('parsing a message', () => {
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

  it.each<[string, Piece[]]>([
    ['snake_case_name', [text('snake_case_name')]],
    [
      '**a _b_ c**',
      [{ kind: 'strong', pieces: [text('a '), { kind: 'emphasis', pieces: [text('b')] }, text(' c')] }],
    ],
    ['\\*plain\\*', [text('*plain*')]],
    ['``a ` b``', [{ kind: 'code', text: 'a ` b' }]],
    ['`open', [text('`open')]],
    ['\\``>>', [text('``>>')]],
    ['2 * 3 * 4', [text('2 * 3 * 4')]],
    [
      '(see https://example.org/a_(b).)',
      [
        text('(see '),
        { kind: 'link', address: 'https://example.org/a_(b)', pieces: [text('https://example.org/a_(b)')] },
        text('.)'),
      ],
    ],
    [
      'me_too@example.org',
      [{ kind: 'link', address: 'mailto:me_too@example.org', pieces: [text('me_too@example.org')] }],
    ],
    [
      'www.example.org',
      [{ kind: 'link', address: 'http://www.example.org', pieces: [text('www.example.org')] }],
    ],
    [
      '[https://bank.example](https://evil.example)',
      [{ kind: 'link', address: 'https://evil.example', pieces: [text('https://bank.example')] }],
    ],
    [
      '[**a**](https://example.org "title") b',
      [
        { kind: 'link', address: 'https://example.org', pieces: [{ kind: 'strong', pieces: [text('a')] }] },
        text(' b'),
      ],
    ],
    ['[a] (b)', [text('[a] (b)')]],
    [
      'https://exa\u202emple.org',
      [{ kind: 'link', address: 'https://exa', pieces: [text('https://exa')] }, text('\u202emple.org')],
    ],
  ])('finds marks in a line: %s', (body, pieces) => {
    expect(parseText(body)).toEqual([paragraph(...pieces)]);
  });

  it.each<[string, Piece[]]>([
    [
      '> a\n> - b\nc',
      [
        {
          kind: 'quote',
          pieces: [paragraph(text('a')), { kind: 'list', pieces: [{ kind: 'item', pieces: [text('b')] }] }],
        },
        paragraph(text('c')),
      ],
    ],
    [
      '1. a\n2. b\n\n   more\n3. c',
      [
        {
          kind: 'numbers',
          pieces: [
            { kind: 'item', pieces: [text('a')] },
            { kind: 'item', pieces: [paragraph(text('b')), paragraph(text('more'))] },
            { kind: 'item', pieces: [text('c')] },
          ],
        },
      ],
    ],
    [
      '- a\n  - b',
      [
        {
          kind: 'list',
          pieces: [
            {
              kind: 'item',
              pieces: [text('a'), { kind: 'list', pieces: [{ kind: 'item', pieces: [text('b')] }] }],
            },
          ],
        },
      ],
    ],
    ['a\n\nb', [paragraph(text('a')), paragraph(text('b'))]],
    ['```js\nopen', [{ kind: 'code-block', text: 'open' }]],
  ])('finds marks over lines: %j', (body, pieces) => {
    expect(parseText(body)).toEqual(pieces);
  });

  const SPECIAL = [
    ...'>-[]()*_~`<!\\#|:@.&+"\'',
    ...[
      'a',
      ' ',
      '\n',
      '**',
      '__',
      '~~',
      '``',
      '](',
      '[a](',
      '![',
      '1. ',
      '- ',
      '> ',
      '  ',
      'http://',
      'www.',
      'a@b.c',
    ],
    ...[
      '*a**b',
      'a_',
      '_a',
      '\n> ',
      '\n- ',
      '\n1. ',
      '\n  ',
      '\u0301',
      '\u202e',
      '<http://',
      '[a](b "',
      '👩',
    ],
  ];
  /** The allowed number of steps for each character: each of twelve levels reads a line about three times, then its words. */
  const MOST_STEPS = 80;
  const stepsOf = (body: string): number => {
    const steps = { count: 0 };
    parseText(body, steps);
    return steps.count;
  };

  it.each(SPECIAL)('parses very many of %j in linear time', (mark) => {
    const body = mark.repeat(Math.floor(4_000 / mark.length));
    expect(stepsOf(body)).toBeLessThanOrEqual(MOST_STEPS * body.length);
  });

  it('parses random text in linear time', () => {
    const part = fc.tuple(
      fc.array(fc.constantFrom(...SPECIAL), { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 2_000 }),
    );
    const message = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) =>
      parts
        .map(([marks, times]) => marks.join('').repeat(times))
        .join('')
        .slice(0, 4_000),
    );
    fc.assert(
      fc.property(message, (body) => {
        expect(stepsOf(body)).toBeLessThanOrEqual(MOST_STEPS * body.length);
      }),
      { numRuns: 200 },
    );
  }, 120_000);
});
