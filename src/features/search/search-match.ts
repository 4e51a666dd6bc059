import { distance } from 'fastest-levenshtein';
import { mayBegin, mayBePart, mayBeSimilar, typosIn, type Closeness, type Term } from './search-query';
import { isUnspaced, type Word } from './search-words';

/** A place in a text, in UTF-16 code units; `end` is exclusive. */
export interface Highlight {
  readonly start: number;
  readonly end: number;
}

/** The other forms of each word, from the dictionaries of PostgreSQL. A word without an entry has none. */
export type Stems = ReadonlyMap<string, readonly string[]>;

/** More highlights would not help anybody to find the message. */
const MAX_HIGHLIGHTS = 50;

/**
 * Finds the places where a text matches the query; undefined unless it has all terms. The index only finds candidates.
 * This function decides, also for messages that are not indexed yet.
 */
export function highlightsIn(
  words: readonly Word[],
  terms: readonly Term[],
  closeness: Closeness,
  stems: Stems,
): Highlight[] | undefined {
  const found: Highlight[] = [];
  for (const term of terms) {
    const places = placesOf(words, term, closeness, stems);
    if (places.length === 0) return undefined;
    found.push(...places);
  }
  return merged(found).slice(0, MAX_HIGHLIGHTS);
}

function placesOf(words: readonly Word[], term: Term, closeness: Closeness, stems: Stems): Highlight[] {
  if (term.words.length > 1 || term.isExact) return rowsOf(words, term.words);
  const [wanted] = term.words as [string];
  return words.flatMap((word) => placesInWord(word, wanted, closeness, stems));
}

/**
 * Finds places where the wanted words follow one another. In scripts without spaces, other characters may come before
 * and after.
 */
function rowsOf(words: readonly Word[], wanted: readonly string[]): Highlight[] {
  const isHere = (word: Word | undefined, text: string): boolean =>
    word !== undefined && (isUnspaced(text) ? word.text.includes(text) : word.text === text);
  return words.flatMap((word, place) => {
    if (!wanted.every((text, offset) => isHere(words[place + offset], text))) return [];
    if (wanted.length === 1 && isUnspaced(wanted[0]!)) return partsIn(word, wanted[0]!);
    return [{ start: word.start, end: words[place + wanted.length - 1]!.end }];
  });
}

function placesInWord(word: Word, wanted: string, closeness: Closeness, stems: Stems): Highlight[] {
  if (isUnspaced(wanted)) return partsIn(word, wanted);
  if (word.text === wanted) return [whole(word)];
  if (mayBegin(wanted) && word.text.startsWith(wanted)) return [part(word, 0, wanted.length)];
  if (haveSameStem(word.text, wanted, stems)) return [whole(word)];
  if (closeness === 'word') return [];
  if (mayBePart(wanted) && word.text.includes(wanted)) return partsIn(word, wanted);
  if (closeness === 'part' || !mayBeSimilar(wanted)) return [];
  return isSimilar(word.text, wanted) ? [whole(word)] : [];
}

function isSimilar(word: string, wanted: string): boolean {
  const most = typosIn(wanted);
  return Math.abs(word.length - wanted.length) <= most && distance(word, wanted) <= most;
}

function haveSameStem(word: string, wanted: string, stems: Stems): boolean {
  const wantedStems = stems.get(wanted);
  if (!wantedStems) return false;
  return [word, ...(stems.get(word) ?? [])].some((stem) => wantedStems.includes(stem));
}

function partsIn(word: Word, wanted: string): Highlight[] {
  const places: Highlight[] = [];
  for (let at = word.text.indexOf(wanted); at >= 0; at = word.text.indexOf(wanted, at + wanted.length))
    places.push(part(word, at, at + wanted.length));
  return places;
}

const whole = ({ start, end }: Word): Highlight => ({ start, end });

/** Combining marks belong to the letter before them, so the part extends to the next letter. */
const part = ({ places }: Word, from: number, to: number): Highlight => ({
  start: places[from]!,
  end: places[to]!,
});

function merged(highlights: Highlight[]): Highlight[] {
  const result: Highlight[] = [];
  for (const next of highlights.sort((a, b) => a.start - b.start || b.end - a.end)) {
    const last = result.at(-1);
    if (last && next.start < last.end)
      result[result.length - 1] = { start: last.start, end: Math.max(last.end, next.end) };
    else result.push(next);
  }
  return result;
}
