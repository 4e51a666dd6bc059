import emojiRegex from 'emoji-regex';
import { fieldRule } from '../documents/field-schema';
import { text } from '../documents/schema';
import { VALIDATION_FAILED } from '../problems/general-problems';
import { Problem } from '../problems/problem';
import { normalized } from './normalized';
import { ownRule } from './own-rule';

/** Code points; the longest emoji that Unicode recommends has 10. */
const MAX_EMOJI = 16;
const FAULT = 'must be one emoji';

export const EMOJI_SCHEMA = text({ minimum: 1, maximum: MAX_EMOJI }, { example: '👍' });

const VARIATION_SELECTORS = /[\uFE0E\uFE0F]/g;
const AS_EMOJI = '\uFE0F';
/** Shown as text unless a selector follows; a skin tone says the same as the selector. */
const SHOWN_AS_TEXT = /(?!\p{Emoji_Presentation})\p{Emoji}(?!\p{Emoji_Modifier})/gu;
const SKIN_TONE_ALONE = /^\p{Emoji_Modifier}$/u;
const pattern = emojiRegex();

/**
 * The one spelling of an emoji: fully qualified, as Unicode names it (UTS #51, ED-18a). Keyboards leave variation
 * selectors out or add some, and emoji that look the same have to be the same. For other text, the result is not an
 * emoji either.
 */
export function toQualifiedEmoji(value: unknown): unknown {
  if (typeof value !== 'string' || value.length > 2 * MAX_EMOJI) return value;
  return value.replace(VARIATION_SELECTORS, '').replace(SHOWN_AS_TEXT, `$&${AS_EMOJI}`);
}

/** One emoji that Unicode recommends for general interchange, skin tones, sequences and flags included, in that spelling. */
export function isQualifiedEmoji(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > 2 * MAX_EMOJI || toQualifiedEmoji(value) !== value)
    return false;
  pattern.lastIndex = 0;
  return pattern.exec(value)?.[0] === value && !SKIN_TONE_ALONE.test(value);
}

/** An emoji in any spelling; afterwards it has the qualified one. */
export function IsEmoji(): PropertyDecorator {
  return fieldRule(EMOJI_SCHEMA, normalized(toQualifiedEmoji), ownRule('isEmoji', isQualifiedEmoji, FAULT));
}

/** @throws Problem `validation-failed` */
export function parseEmoji(name: string, value: string): string {
  const emoji = toQualifiedEmoji(value);
  if (isQualifiedEmoji(emoji)) return emoji;
  throw new Problem(VALIDATION_FAILED, {
    detail: `${name} ${FAULT}`,
    errors: [{ pointer: `/path/${name}`, detail: FAULT }],
  });
}
