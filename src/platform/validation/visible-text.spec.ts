import fc from 'fast-check';
import { nameFault, showsSomething } from './visible-text';

/** An example of each kind of invisible character. */
const INVISIBLE = {
  'zero width space': '\u200b',
  'word joiner': '\u2060',
  'zero width joiner': '\u200d',
  'zero width non-joiner': '\u200c',
  'Hangul filler': '\u3164',
  'Hangul jamo filler': '\u115f',
  'halfwidth Hangul filler': '\uffa0',
  'Khmer inherent vowel': '\u17b4',
  'combining grapheme joiner': '\u034f',
  'braille blank': '\u2800',
  'soft hyphen': '\u00ad',
  'byte order mark': '\ufeff',
  'variation selector': '\ufe0f',
  'tag characters': '\u{e0061}\u{e0062}',
  'Mongolian vowel separator': '\u180e',
  'right-to-left override': '\u202e',
  'right-to-left mark': '\u200f',
  'Arabic letter mark': '\u061c',
  'first strong isolate': '\u2068',
  'interlinear annotation': '\ufff9',
  'object replacement': '\ufffc',
  'musical null notehead': '\u{1d159}',
  escape: '\u001b',
  'next line (C1)': '\u0085',
  'application program command (C1)': '\u009f',
  'line feed': '\n',
  tab: '\t',
  'line separator': '\u2028',
  noncharacter: '\ufdd0',
};
const SPACES = [' ', '\u00a0', '\u2003', '\u3000', '\u202f'];
const invisible = fc.constantFrom(...Object.values(INVISIBLE));
const blank = fc.array(fc.constantFrom(...Object.values(INVISIBLE), ...SPACES), {
  minLength: 0,
  maxLength: 8,
});

describe('a name', () => {
  it.each(Object.entries(INVISIBLE))(
    'is rejected when it is only a %s, and when it contains one',
    (_what, text) => {
      expect(nameFault(text)).toBeDefined();
      expect(nameFault(`a${text}b`)).toBeDefined();
      expect(nameFault(`Ada${text}`)).toBeDefined();
    },
  );

  it('is rejected when nothing in it is visible', () => {
    fc.assert(fc.property(blank, (parts) => nameFault(parts.join('')) !== undefined));
    for (const mark of ['\u0301', '\u20dd', '\u0903']) expect(nameFault(mark)).toBeDefined();
  });

  it('is rejected with an invisible character at any place', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 8 }),
        invisible,
        fc.string({ maxLength: 8 }),
        (before, hidden, after) => {
          expect(nameFault(`${before}${hidden}${after}`)).toBeDefined();
        },
      ),
    );
  });

  it.each([
    'Ada',
    'Ada Lovelace',
    'José',
    'Jose\u0301',
    'Zoë O’Brien-Smith (she/her)',
    'Nguyễn Thị Minh Khai'.normalize('NFD'),
    'Владимир',
    '山田太郎',
    '葛\u{e0100}城市',
    '김민준',
    'محمد',
    'علی\u200cرضا',
    'שָׁלוֹם',
    'क्\u200dष',
    'ശ്രീജിത്ത്\u200d',
    'ᠮᠣᠩᠭᠣᠯ\u180b',
    '👩‍👩‍👧‍👦',
    '👩🏽‍🚀',
    '🏳️‍🌈 Pride',
    '❤️',
    '1️⃣',
    '🏴󠁧󠁢󠁥󠁮󠁧󠁿 Football',
    '🇩🇪',
    '؀١٢٣',
    '42',
    '…',
    '(ツ)_/¯',
    'iPhone 15 ',
  ])('can be %s', (name) => {
    expect(nameFault(name)).toBeUndefined();
  });

  it.each(['a\u0301\u0302\u0303\u0304\u0305', '\u0301Ada', 'Ada1\ufe0f', '\u{1f3f4}\u{e0067}', 'a\u200db'])(
    'cannot be %j',
    (name) => {
      expect(nameFault(name)).toBeDefined();
    },
  );
});

describe('a message', () => {
  it('is invisible when it has only white space and invisible characters', () => {
    fc.assert(fc.property(blank, (parts) => !showsSomething(parts.join(''))));
  });

  it('is visible as soon as one of its characters is', () => {
    const visible = fc.constantFrom(
      'a',
      '.',
      '0',
      'я',
      '字',
      '👍',
      '\u0301',
      '\u200d👩',
      '€',
      '\u{1f3f4}',
      '؀',
    );
    fc.assert(
      fc.property(blank, visible, blank, (before, seen, after) =>
        showsSomething([...before, seen, ...after].join('')),
      ),
    );
  });
});
