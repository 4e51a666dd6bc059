import { isUnspaced, wordsOf } from './search-words';

/** What has to stand in a message: a word, or several in a row. */
export interface Term {
  readonly words: readonly string[];
  /** Written in quotes: the words as they are, not their beginnings or other forms. */
  readonly isExact: boolean;
}

/** How much a word of a message may differ from the one that is looked for. */
export const CLOSENESS = ['word', 'part', 'similar'] as const;
export type Closeness = (typeof CLOSENESS)[number];

/** As many as anybody writes; each costs a look into the index. */
export const MAX_TERMS = 12;

/** What somebody has written into the search box; without a term when it has no letter, number or picture. */
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

/** The shortest word of which a message may have a longer one: of one letter, everybody has some. */
const MIN_BEGINNING = 2;
/** A part that is looked for within words is found by its trigrams. */
const MIN_PART = 3;
const MIN_SIMILAR = 4;

export const mayBegin = (word: string): boolean => word.length >= MIN_BEGINNING;
export const mayBePart = (word: string): boolean => word.length >= MIN_PART && !isUnspaced(word);
export const mayBeSimilar = (word: string): boolean => word.length >= MIN_SIMILAR && !isUnspaced(word);
/** How many letters may be missing, added or changed. */
export const typosIn = (word: string): number => (word.length < 6 ? 1 : 2);
