import { characterTest } from './characters.ts';

/** A user, or everybody, whom a message mentions. */
export interface Mention {
  /** The text to show after the at sign. */
  readonly name: string;
  /** Whether the reader is meant. */
  readonly isOwn: boolean;
}

/** The mentions of one message, by the name in its text: a username in lower case, or `all`. */
export type Mentions = ReadonlyMap<string, Mention>;

export const NO_MENTIONS: Mentions = new Map();

/** Before an at sign, these belong to a word, an address or a path. The server decides by the same rule. */
const joins = characterTest(/[\p{L}\p{N}\p{M}@/]/u);
const hasNoSpaces = characterTest(
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}]/u,
);

/** Splits a text at its mentions. A name that the message does not mention stays text. */
export function splitAtMentions(text: string, mentions: Mentions): (string | Mention)[] {
  if (mentions.size === 0 || !text.includes('@')) return [text];
  const parts: (string | Mention)[] = [];
  let position = 0;
  for (const { 0: run, index } of text.matchAll(/@[a-z0-9._-]+/gi)) {
    const before = text.charAt(index - 1);
    if (joins(before) && !hasNoSpaces(before)) continue;
    const found = longestIn(run.slice(1).toLowerCase(), mentions);
    if (!found) continue;
    if (index > position) parts.push(text.slice(position, index));
    parts.push(found.mention);
    position = index + 1 + found.length;
  }
  if (position < text.length) parts.push(text.slice(position));
  return parts;
}

/** Punctuation at the end may belong to the name or to the sentence. */
function longestIn(run: string, mentions: Mentions): { mention: Mention; length: number } | undefined {
  for (let length = run.length; length > 0; length--) {
    const mention = mentions.get(run.slice(0, length));
    if (mention) return { mention, length };
    if (!/[._-]/.test(run.charAt(length - 1))) return undefined;
  }
  return undefined;
}
