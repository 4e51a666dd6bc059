/** Longer untrusted texts are truncated in logs and on terminals. */
const MAX_LENGTH = 200;

/**
 * Characters that must not reach a terminal. These are control characters (C0, DEL and C1, which begin escape
 * sequences), line and paragraph separators, bidirectional marks, invisible characters and lone surrogates.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
/** The same without C0, which JSON escapes by itself. This form is faster to test on every line. */
const UNSAFE_IN_JSON =
  /[\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\udb40[\udc00-\udc7f]/g;

/** The text with invisible and control characters written as `\u{…}`. */
export function visible(text: string): string {
  return text.replace(
    UNSAFE,
    (character) => `\\u{${character.codePointAt(0)!.toString(16).padStart(4, '0')}}`,
  );
}

/** An untrusted text made safe for a log line or terminal: `visible`, and truncated at 200 characters. */
export function foreign(text: string): string {
  if (text.length <= MAX_LENGTH) return visible(text);
  return `${visible(text.slice(0, MAX_LENGTH))}… (${text.length} characters)`;
}

/** An equivalent line of JSON without characters that control a terminal. */
export function visibleJson(line: string): string {
  return line.replace(UNSAFE_IN_JSON, (characters) =>
    Array.from({ length: characters.length }, (_, index) => characters.charCodeAt(index))
      .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
      .join(''),
  );
}
