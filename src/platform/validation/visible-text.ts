/**
 * Decides which characters are visible, by the properties of the Unicode Character Database that the engine carries.
 *
 * A name is shown beside other text. So it must not contain characters that are invisible, break the line or change the
 * direction of the following text. A message is shown by itself, so it only needs some visible text.
 */

/** White space, default-ignorable characters (fillers, joiners, variation selectors, bidi marks) and glyphs that are blank. */
const BLANK =
  '\\p{White_Space}\\p{Default_Ignorable_Code_Point}\\p{Cc}\\p{Cs}\\p{NChar}\\u2800\\uFFF9-\\uFFFC\\u{1D159}';
const SHOWN = new RegExp(`[^${BLANK}]`, 'u');
/** A character that shows without another one to sit on. */
const SHOWN_ALONE = new RegExp(`[^${BLANK}\\p{M}]`, 'u');
/** As `BLANK`, except for the spaces that a name may have between its words. */
const UNFIT =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{NChar}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}\u2800\uFFF9-\uFFFC\u{1D159}]/u;

const JOINING_SCRIPTS = [
  ...['Arab', 'Syrc', 'Mong', 'Nkoo', 'Deva', 'Beng', 'Guru', 'Gujr', 'Orya'],
  ...['Taml', 'Telu', 'Knda', 'Mlym', 'Sinh', 'Khmr', 'Mymr'],
]
  .map((script) => `\\p{scx=${script}}`)
  .join('');
const VIRAMA = '\\u094D\\u09CD\\u0A4D\\u0ACD\\u0B4D\\u0BCD\\u0C4D\\u0CCD\\u0D4D\\u0DCA';

/** Invisible characters where writing needs them: in emoji, in scripts that join letters, after Han and Mongolian letters. */
const IN_CONTEXT = new RegExp(
  [
    '(?<=\\p{ExtPict}[\\p{EMod}\\uFE0F]?)\\u200D(?=\\p{ExtPict})', // families, professions
    '(?<=\\p{ExtPict})[\\uFE0E\\uFE0F]', // emoji or text presentation
    '(?<=[0-9#*])\\uFE0F(?=\\u20E3)', // keycaps
    '(?<=\\u{1F3F4})[\\u{E0030}-\\u{E0039}\\u{E0061}-\\u{E007A}]{1,6}\\u{E007F}', // flags of regions
    `(?<=[${JOINING_SCRIPTS}])[\\u200C\\u200D](?=[${JOINING_SCRIPTS}])`,
    `(?<=[${VIRAMA}])[\\u200C\\u200D]`, // RFC 5892, appendix A
    '(?<=\\p{Ideographic})[\\u{E0100}-\\u{E01EF}]',
    '(?<=\\p{Script=Mongolian})[\\u180B-\\u180D\\u180F]',
  ].join('|'),
  'gu',
);
/** UTS 39, section 5.4: more than four nonspacing marks in a row are no writing. */
const PILED_MARKS = /[\p{Mn}\p{Me}]{5}/u;
const LEADING_MARK = /^\p{M}/u;

/** Whether a reader sees anything at all. */
export const showsSomething = (text: string): boolean => SHOWN.test(text);

/**
 * The rule for every name that others see: display names, titles, device names, statuses.
 * @returns the fault of a name, if it has one; its length is checked elsewhere
 */
export function nameFault(name: string): string | undefined {
  if (!SHOWN_ALONE.test(name)) return 'must have something to see in it';
  if (UNFIT.test(name.replace(IN_CONTEXT, '')))
    return 'must not contain control characters, invisible characters or marks of direction';
  if (LEADING_MARK.test(name)) return 'must not begin with a combining mark';
  if (PILED_MARKS.test(name.normalize('NFD'))) return 'must not have more than four combining marks in a row';
  return undefined;
}
