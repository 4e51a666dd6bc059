import { withoutCode } from './without-code';

/** A name in a text that may be a mention. */
export interface MentionName {
  /** The place of the at sign among those of the text. Names of one position exclude each other: the longest counts. */
  readonly position: number;
  /** In lower case. */
  readonly name: string;
}

/** Names of one text that count. Further ones stay plain text. */
export const MAX_MENTIONS = 50;
/** The name of everybody in a group. It never names a user. */
export const ALL = 'all';

const MIN_LENGTH = 3;
const MAX_LENGTH = 32;
/** Punctuation at the end of a name that may belong to the sentence instead, such as an ellipsis. */
const MAX_TRAILING = 3;

const OF_NAME = /[a-z0-9._-]/i;
/** Punctuation that may stand between a word and the at sign of an e-mail address. */
const OF_ADDRESS = /[._+-]/;
const OF_WORDS = /[\p{L}\p{N}\p{M}@]/u;
/** Before an at sign: a path, or a backslash, which takes the meaning from it as from any mark of Markdown. */
const NO_START = /[/\\]/;
/** These scripts have no spaces, so a name may stand directly beside their letters. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u30fc\p{Script=Thai}\p{Script=Lao}]/u;
const ADDRESS = /\b(?:https?:\/\/|www\.)\S+/gi;

/**
 * The names after an at sign, as candidates: the database decides which of them are participants. A name inside a word, an
 * address or code is none. A text without an at sign costs one search for that character.
 */
export function mentionNamesIn(body: string): readonly MentionName[] {
  if (!body.includes('@')) return [];
  const text = withoutCode(body).replace(ADDRESS, (address) => ' '.repeat(address.length));
  const names: MentionName[] = [];
  const seen = new Set<string>();
  for (let at = text.indexOf('@'); at >= 0 && seen.size < MAX_MENTIONS; at = text.indexOf('@', at + 1)) {
    const run = nameAt(text, at);
    if (run === undefined || seen.has(run)) continue;
    const spellings = spellingsOf(run);
    if (spellings.length === 0) continue;
    const position = seen.size;
    seen.add(run);
    names.push(...spellings.map((name) => ({ position, name })));
  }
  return names;
}

/** Whether a text asks to mention everybody. Whether its sender may do so is another matter. */
export const namesAll = (body: string): boolean =>
  body.includes('@') && mentionNamesIn(body).some(({ name }) => name === ALL);

/** The characters of a name after the at sign; undefined inside a word or an address. */
function nameAt(text: string, at: number): string | undefined {
  let before = at;
  while (before > 0 && OF_ADDRESS.test(text.charAt(before - 1))) before--;
  const last = characterBefore(text, before);
  if (isInWord(last) || NO_START.test(last)) return undefined;
  let end = at + 1;
  while (OF_NAME.test(text.charAt(end))) end++;
  const after = String.fromCodePoint(text.codePointAt(end) ?? 32);
  if (isInWord(after)) return undefined;
  return text.slice(at + 1, end).toLowerCase();
}

function isInWord(character: string): boolean {
  return OF_WORDS.test(character) && !UNSPACED.test(character);
}

function characterBefore(text: string, index: number): string {
  const unit = text.charAt(index - 1);
  return /[\udc00-\udfff]/.test(unit) ? text.slice(index - 2, index) : unit;
}

/** The name with and without the punctuation at its end. */
function spellingsOf(run: string): string[] {
  const bare = run.replace(/[._-]+$/, '');
  const spellings = new Set([bare]);
  for (let length = run.length; length > bare.length && run.length - length <= MAX_TRAILING; length--)
    spellings.add(run.slice(0, length));
  return [...spellings].filter(({ length }) => length >= MIN_LENGTH && length <= MAX_LENGTH);
}
