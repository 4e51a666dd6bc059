import { characterTest } from './characters.ts';
import type { Steps } from './pieces.ts';

export interface FoundAddress {
  readonly address: string;
  readonly shown: string;
  /** The index in the text at which the address ends. */
  readonly end: number;
}

/** White space, characters that enclose addresses, and invisible or direction-changing characters. */
const endsAddress = characterTest(/[\s<>"`[\]\p{Cc}\p{Cf}]/u);
const isTrailing = characterTest(/[?!.,:;*_~'"]/);
const isLocal = characterTest(/[a-z0-9._+-]/i);
const isDomain = characterTest(/[a-z0-9.-]/i);
const EMAIL = /^[a-z0-9._+-]+@[a-z0-9](?:[a-z0-9-]*\.[a-z0-9-]+)+$/i;
const isWord = characterTest(/[\p{L}\p{N}_]/u);
const ALLOWED = /^(?:https?:\/\/|mailto:)/i;

/** Whether a link may have this address. */
export function isAllowed(address: string): boolean {
  return ALLOWED.test(address) && URL.canParse(address);
}

/**
 * Finds plain addresses in a text. If a search fails, no address of that kind begins in the part that it has read. So each
 * character is read once for each kind of address.
 */
export class AddressFinder {
  private failedUntil = 0;
  private noMailUntil = 0;

  constructor(
    private readonly text: string,
    private readonly steps: Steps,
  ) {}

  /** The address that begins at a position. */
  at(position: number): FoundAddress | undefined {
    const { text } = this;
    if (text.charAt(position) === '<') return this.inBrackets(position);
    if (position > 0 && isWord(text.charAt(position - 1))) return undefined;
    const begin = text.slice(position, position + 8).toLowerCase();
    if (begin.startsWith('http://') || begin.startsWith('https://')) return this.bare(position, '');
    if (begin.startsWith('www.')) return this.bare(position, 'http://');
    return this.mail(position);
  }

  private bare(start: number, scheme: string): FoundAddress | undefined {
    const { text } = this;
    if (start < this.failedUntil) return undefined;
    let end = start;
    let open = 0;
    for (; end < text.length && !endsAddress(text.charAt(end)); end++) {
      if (text.charAt(end) === '(') open++;
      else if (text.charAt(end) === ')') open--;
    }
    this.steps.count += end - start;
    const readUntil = end;
    // Exclude closing punctuation, which belongs to the sentence around the address.
    for (; end > start; end--) {
      const last = text.charAt(end - 1);
      if (last === ')' && open < 0) open++;
      else if (!isTrailing(last)) break;
    }
    const shown = text.slice(start, end);
    const address = scheme + shown;
    if (isAllowed(address)) return { address, shown, end };
    this.failedUntil = readUntil;
    return undefined;
  }

  private mail(start: number): FoundAddress | undefined {
    const { text } = this;
    if (start < this.noMailUntil || !isLocal(text.charAt(start))) return undefined;
    let at = start;
    while (at < text.length && isLocal(text.charAt(at))) at++;
    let end = at;
    if (text.charAt(at) === '@') {
      end++;
      while (end < text.length && isDomain(text.charAt(end))) end++;
    }
    this.steps.count += end - start;
    // A domain may be the local part of the next address.
    this.noMailUntil = at;
    while (end > at && /[.-]/.test(text.charAt(end - 1))) end--;
    const shown = text.slice(start, end);
    return end > at && EMAIL.test(shown) ? { address: `mailto:${shown}`, shown, end } : undefined;
  }

  /** Reads an address such as `<https://example.org>`. */
  private inBrackets(start: number): FoundAddress | undefined {
    const { text } = this;
    let end = start + 1;
    while (end < text.length && !endsAddress(text.charAt(end))) end++;
    this.steps.count += end - start;
    const shown = text.slice(start + 1, end);
    if (text.charAt(end) !== '>' || !isAllowed(shown)) return undefined;
    return { address: shown, shown, end: end + 1 };
  }
}

/**
 * Reads the destination of a link, `(address)` or `(address "title")`. An address has no white space and no nested
 * parentheses, so a failing search ends soon.
 * @returns the address, and the index at which the destination ends
 */
export function destinationAt(
  text: string,
  start: number,
  steps: Steps,
): { readonly address: string; readonly end: number } | undefined {
  if (text.charAt(start) !== '(') return undefined;
  let end = start + 1;
  let depth = 0;
  for (; end < text.length; end++) {
    const character = text.charAt(end);
    if (/\s/.test(character)) break;
    if (character === '(' && ++depth > 1) return undefined;
    if (character === ')' && --depth < 0) break;
  }
  steps.count += end - start;
  const address = text.slice(start + 1, end).replace(/^<(.*)>$/, '$1');
  const title = /^[ \n]/.test(text.charAt(end)) ? titleAt(text, end + 1, steps) : end;
  return title !== undefined && text.charAt(title) === ')' ? { address, end: title + 1 } : undefined;
}

/** @returns the index at which a title in quotation marks ends; titles are not shown */
function titleAt(text: string, start: number, steps: Steps): number | undefined {
  if (text.charAt(start) !== '"') return undefined;
  const end = text.indexOf('"', start + 1);
  steps.count += (end < 0 ? text.length : end) - start;
  return end < 0 ? undefined : end + 1;
}
