import { characterTest } from './characters.ts';
import type { Steps } from './pieces.ts';

export type Mark = '*' | '_' | '~';

/** The meaning of a pair of marks. */
interface Pair {
  readonly kind: 'strong' | 'emphasis' | 'deleted';
  /** The number of marks that the pair uses in each of its two runs. */
  readonly length: number;
}

const MARKS = '*_~';
const KINDS = 6 * MARKS.length;

/** A run of equal marks. Its first marks close pairs, the last ones open pairs, and `left` of them stay text in between. */
export class Delimiter {
  left: number;
  /** In the order of the text. */
  readonly closes: Pair[] = [];
  /** The innermost first. */
  readonly opens: Pair[] = [];

  constructor(
    readonly character: Mark,
    readonly length: number,
    readonly canOpen: boolean,
    readonly canClose: boolean,
  ) {
    this.left = length;
  }

  /** Closing runs of the same kind accept the same openers; a number below `KINDS`. */
  get kind(): number {
    return MARKS.indexOf(this.character) * 6 + (this.canOpen ? 3 : 0) + (this.length % 3);
  }
}

const isSpace = characterTest(/^\s?$/u);
const isPunctuation = characterTest(/^[\p{P}\p{S}]$/u);

/**
 * @param before the character before the run, empty at the beginning
 * @param after the character after it, empty at the end
 */
export function delimiterOf(character: Mark, length: number, before: string, after: string): Delimiter {
  const isOpening = !isSpace(after) && (!isPunctuation(after) || isSpace(before) || isPunctuation(before));
  const isClosing = !isSpace(before) && (!isPunctuation(before) || isSpace(after) || isPunctuation(after));
  if (character === '~')
    return new Delimiter(character, length, length === 2 && isOpening, length === 2 && isClosing);
  if (character === '*') return new Delimiter(character, length, isOpening, isClosing);
  // An underscore within a word is no mark, as in snake_case.
  return new Delimiter(
    character,
    length,
    isOpening && (!isClosing || isPunctuation(before)),
    isClosing && (!isOpening || isPunctuation(after)),
  );
}

/**
 * Matches opening with closing runs, as the algorithm "process emphasis" of CommonMark does. A failed search of one kind is
 * not repeated over the same openers, so the time is proportional to the number of runs.
 */
export function matchDelimiters(runs: readonly Delimiter[], steps: Steps): void {
  const openers: Delimiter[] = [];
  /** By the kind of a closing run: no opener below this index of `openers` matches it. */
  const bottoms = new Array<number>(KINDS).fill(0);
  const cut = (height: number): void => {
    openers.length = height;
    for (let kind = 0; kind < KINDS; kind++) bottoms[kind] = Math.min(bottoms[kind]!, height);
  };
  for (const closer of runs) {
    steps.count++;
    const { kind } = closer;
    while (closer.canClose && closer.left > 0) {
      const bottom = bottoms[kind]!;
      let height = openers.length - 1;
      while (height >= bottom && !belongTogether(openers[height]!, closer)) {
        steps.count++;
        height--;
      }
      if (height < bottom) {
        bottoms[kind] = openers.length;
        break;
      }
      const opener = openers[height]!;
      join(opener, closer);
      cut(opener.left > 0 ? height + 1 : height);
    }
    if (closer.canOpen && closer.left > 0) openers.push(closer);
  }
}

function belongTogether(opener: Delimiter, closer: Delimiter): boolean {
  if (opener.character !== closer.character) return false;
  const isAmbiguous = (opener.canClose || closer.canOpen) && (opener.length + closer.length) % 3 === 0;
  return !isAmbiguous || (opener.length % 3 === 0 && closer.length % 3 === 0);
}

function join(opener: Delimiter, closer: Delimiter): void {
  const isDouble = opener.left >= 2 && closer.left >= 2;
  const length = isDouble ? 2 : 1;
  const kind = closer.character === '~' ? 'deleted' : isDouble ? 'strong' : 'emphasis';
  opener.opens.push({ kind, length });
  closer.closes.push({ kind, length });
  opener.left -= length;
  closer.left -= length;
}
