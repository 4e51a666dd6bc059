import type { Highlight } from '@xfchat/client';

/** A part of an excerpt: a match, or the text around it. */
export interface Part {
  readonly text: string;
  readonly isFound: boolean;
}

/** The number of characters before the first match, and in the whole excerpt. */
const BEFORE = 30;
const LENGTH = 160;

/** The part of a text around the first match, in one line. */
export function excerptOf(text: string, highlights: readonly Highlight[]): Part[] {
  const first = highlights[0]?.start ?? 0;
  const from = first > BEFORE ? beginningOfWord(text, first - BEFORE, first) : 0;
  const to = Math.min(text.length, from + LENGTH);
  const parts: Part[] = from > 0 ? [{ text: '… ', isFound: false }] : [];
  let at = from;
  for (const { start, end } of highlights) {
    if (start >= to) break;
    parts.push({ text: text.slice(at, start), isFound: false });
    parts.push({ text: text.slice(start, Math.min(end, to)), isFound: true });
    at = Math.min(end, to);
  }
  parts.push({ text: text.slice(at, to), isFound: false });
  return parts.filter((part) => part.text !== '');
}

/** Moves the start so that it cuts neither a word nor a surrogate pair. */
function beginningOfWord(text: string, from: number, latest: number): number {
  const space = text.slice(from, latest).search(/\s/);
  if (space >= 0) return from + space + 1;
  const isPair = /[\uDC00-\uDFFF]/.test(text.charAt(from));
  return isPair ? from - 1 : from;
}
