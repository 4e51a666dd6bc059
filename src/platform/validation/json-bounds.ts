/**
 * The most that valid input needs: `conversation:sync` has 200 cursors of three fields (803 values), and no DTO has more
 * than 20 fields or nests deeper than four levels.
 */
const MAX_VALUES = 2_000;
const MAX_DEPTH = 32;
const MAX_KEYS_PER_OBJECT = 100;

export const JSON_BOUNDS = `the JSON has more than ${MAX_VALUES} values, ${MAX_KEYS_PER_OBJECT} fields in one object or ${MAX_DEPTH} levels`;

/** A text of this length cannot exceed any bound by enough to matter, and is not scanned. Most commands are shorter. */
const ALWAYS_SMALL = 512;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/**
 * Whether a JSON text has more values, deeper nesting or larger objects than any input of this server can need. It
 * scans the text once and builds nothing, so that a hostile text is refused before it is parsed and validated. It does
 * not check the syntax: that is left to `JSON.parse`.
 */
export function exceedsJsonBounds(text: string): boolean {
  if (text.length <= ALWAYS_SMALL) return false;
  const keys = new Uint16Array(MAX_DEPTH + 1);
  let depth = 0;
  let values = 1;
  for (let index = 0; index < text.length; index++) {
    switch (text.charCodeAt(index)) {
      case QUOTE:
        index = endOfString(text, index);
        break;
      case COMMA:
        if (++values > MAX_VALUES) return true;
        break;
      case COLON:
        if (++keys[depth]! > MAX_KEYS_PER_OBJECT) return true;
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        if (++depth > MAX_DEPTH || ++values > MAX_VALUES) return true;
        keys[depth] = 0;
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        if (depth > 0) depth--;
        break;
    }
  }
  return false;
}

/** The index of the quote that ends the string, or the end of the text. */
function endOfString(text: string, opening: number): number {
  let end = text.indexOf('"', opening + 1);
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end === -1 ? text.length : end;
}

/** An odd number of backslashes stands before the quote. */
function isEscaped(text: string, quote: number): boolean {
  let first = quote;
  while (text.charCodeAt(first - 1) === BACKSLASH) first--;
  return (quote - first) % 2 === 1;
}
