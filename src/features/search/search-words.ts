/** Tokenizes text for search: words without case and accents. Both the index and the queries use it. */

/** A word of a text. */
export interface Word {
  /** Folded, and cut to `MAX_WORD` code units unless it is a run of a script without spaces. */
  readonly text: string;
  /** Its position in the original text, in UTF-16 code units. */
  readonly start: number;
  readonly end: number;
  /** For each code unit of `text`, the position of the original character; then the end of the last one. */
  readonly places: readonly number[];
}

/** Longer words are addresses or encoded data. Their beginning suffices to find them. */
export const MAX_WORD = 64;

/** Accents of Latin, Greek and Cyrillic letters, and vowel signs of Arabic and Hebrew, which most writers leave out. */
const OPTIONAL_MARKS = /[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670]/gu;
/** Scripts without spaces. A run of their characters is indexed by its parts. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u30fc\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
/** The characters of words: letters, digits, marks and pictographs. */
const OF_WORDS = /[\p{L}\p{N}\p{M}_\p{Extended_Pictographic}]/u;
const PICTURE = /\p{Extended_Pictographic}/u;

const FOLDED = new Map<string, string>();

/** Changes to upper and then to lower case: "ß" becomes "ss", and all forms of sigma become one. */
function foldCharacter(character: string): string {
  const bare = character.normalize('NFKD').replace(OPTIONAL_MARKS, '').normalize('NFC');
  return bare.toUpperCase().toLowerCase().normalize('NFKD').replace(OPTIONAL_MARKS, '').normalize('NFC');
}

function fold(character: string): string {
  if (character <= '\x7f') return character.toLowerCase();
  let known = FOLDED.get(character);
  if (known === undefined) {
    known = foldCharacter(character);
    // A safety bound: there are some 150,000 characters, but a text has few different ones.
    if (FOLDED.size >= 10_000) FOLDED.clear();
    FOLDED.set(character, known);
  }
  return known;
}

type Kind = 'spaced' | 'unspaced' | 'picture';

function kindOf(character: string): Kind | undefined {
  if (character <= '\x7f') return /\w/.test(character) ? 'spaced' : undefined;
  if (!OF_WORDS.test(character)) return undefined;
  if (PICTURE.test(character)) return 'picture';
  return UNSPACED.test(character) ? 'unspaced' : 'spaced';
}

/** The words of a text in order. A run of a script without spaces is one word, and so is a pictograph. */
export function wordsOf(text: string): Word[] {
  const words: Word[] = [];
  let kind: Kind | undefined;
  let folded = '';
  let places: number[] = [];
  let end = 0;
  const finish = (): void => {
    if (folded !== '') words.push({ text: folded, start: places[0]!, end, places: [...places, end] });
    folded = '';
    places = [];
  };
  let index = 0;
  for (const character of text) {
    const isMark = kind !== undefined && kind !== 'picture' && /\p{M}/u.test(character);
    const next = isMark ? kind : kindOf(character);
    if (next !== kind || next === 'picture') finish();
    kind = next;
    const from = index;
    index += character.length;
    if (kind === undefined) continue;
    const part = fold(character);
    end = index;
    if (kind !== 'unspaced' && folded.length + part.length > MAX_WORD) continue;
    folded += part;
    for (let unit = 0; unit < part.length; unit++) places.push(from);
  }
  finish();
  return words;
}

export const isUnspaced = (word: string): boolean => UNSPACED.test(word);

/** The index keys of a run without spaces: its single characters and its pairs. */
function partsOf(run: string): string[] {
  const characters = [...run];
  return characters.flatMap((character, place) => {
    const next = characters[place + 1];
    return next === undefined ? [character] : [character, character + next];
  });
}

/** The index keys of a word, the same for messages and queries. */
export const keysOf = (word: string): string[] => (isUnspaced(word) ? partsOf(word) : [word]);

/** The distinct keys of a text. */
export const keysOfText = (text: string): string[] => [
  ...new Set(wordsOf(text).flatMap((word) => keysOf(word.text))),
];
