import { isUnspaced, wordsOf } from './search-words';

/** A condition on a message: a word, or several words in a row. */
export interface Term {
  readonly words: readonly string[];
  /** In quotes: the message must have exactly these words, not longer words or other forms. */
  readonly isExact: boolean;
}

/** How much a word of a message may differ from a word of the query. */
export const CLOSENESS = ['word', 'part', 'similar'] as const;
export type Closeness = (typeof CLOSENESS)[number];

/** More than people write. Each term costs a look-up in the index. */
export const MAX_TERMS = 12;

/** Parses the text of the search box. Gives no term when it has no letter, digit or pictograph. */
export function parseQuery(query: string): Term[] {
  const terms: Term[] = [];
  for (const [, quoted, plain] of query.matchAll(
    /["\u201c\u201d\u201e]([^"\u201c\u201d\u201e]+)["\u201c\u201d]|([^"\u201c\u201d\u201e]+)/gu,
  )) {
    const words = wordsOf((quoted ?? plain)!).map(({ text }) => text);
    if (words.length === 0) continue;
    if (quoted !== undefined) terms.push({ words, isExact: true });
    else terms.push(...words.map((word) => ({ words: [word], isExact: false })));
  }
  return distinct(terms).slice(0, MAX_TERMS);
}

function distinct(terms: readonly Term[]): Term[] {
  return [...new Map(terms.map((term) => [JSON.stringify(term), term])).values()];
}

/** Shorter words must match whole: almost every message has a word that begins with a given letter. */
const MIN_BEGINNING = 2;
/** Trigrams find parts within words, so a shorter part cannot be looked up. */
const MIN_PART = 3;
const MIN_SIMILAR = 4;

export const mayBegin = (word: string): boolean => word.length >= MIN_BEGINNING;
export const mayBePart = (word: string): boolean => word.length >= MIN_PART && !isUnspaced(word);
export const mayBeSimilar = (word: string): boolean => word.length >= MIN_SIMILAR && !isUnspaced(word);
/** How many letters may be missing, added or changed. */
export const typosIn = (word: string): number => (word.length < 6 ? 1 : 2);
