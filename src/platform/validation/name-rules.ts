import { isEmail, IsUrl, Matches, MaxLength } from 'class-validator';
import { fieldRule } from '../documents/field-schema';
import type { JsonSchema } from '../documents/schema';
import { folded, isStorableText, listChecks, textFault, textSchema } from './field-rules';
import { normalized } from './normalized';
import { ownRule } from './own-rule';
import { nameFault } from './visible-text';

const trimmed = normalized((value) => (typeof value === 'string' ? value.trim() : value));

/** A name that others see, of at most `max` code points: one line of visible text. Spaces around it are dropped. */
export function IsName(max: number): PropertyDecorator {
  return fieldRule(
    {
      ...textSchema(1, max),
      description:
        'Visible text in one line: control characters, invisible characters and marks of direction are refused. Spaces around it are dropped.',
    },
    trimmed,
    ownRule(
      'isName',
      (value) => faultOfName(value, max) === undefined,
      (value) => faultOfName(value, max),
    ),
  );
}

function faultOfName(value: unknown, max: number): string | undefined {
  return textFault(value, 1, max) ?? nameFault(value as string);
}

/** The first `min` to `max` characters of a username, or all of one. Case is folded. */
export function IsUsername(min = 3, max = 32): PropertyDecorator {
  return fieldRule(
    { type: 'string', pattern: `^[A-Za-z0-9._-]{${min},${max}}$`, examples: ['ada'] },
    folded(max),
    Matches(new RegExp(`^[a-z0-9._-]{${min},${max}}$`), {
      message: `must have ${min} to ${max} of a-z, 0-9, dot, underscore and hyphen`,
    }),
  );
}

export const MAX_EMAIL_LENGTH = 254;

/** Case is folded. */
export function IsEmailAddress(): PropertyDecorator {
  return fieldRule(
    { type: 'string', format: 'idn-email', maxLength: MAX_EMAIL_LENGTH, examples: ['ada@example.org'] },
    folded(MAX_EMAIL_LENGTH),
    MaxLength(MAX_EMAIL_LENGTH),
    ownRule(
      'isEmailAddress',
      // `isEmail` throws for text that has no UTF-8.
      (value) => typeof value === 'string' && isStorableText(value) && isEmail(value),
      'must be an e-mail address',
    ),
  );
}

export function IsHttpsUrl(max: number): PropertyDecorator {
  return fieldRule(
    { type: 'string', format: 'uri', pattern: '^[Hh][Tt][Tt][Pp][Ss]://', maxLength: max },
    IsUrl({ protocols: ['https'], require_protocol: true }, { message: 'must be an https URL' }),
    MaxLength(max),
  );
}

/** A name that a client chooses for a version of a message. */
const VERSION = /^[A-Za-z0-9._-]{1,128}$/;
const VERSION_MESSAGE = 'must have 1 to 128 of A-Z, a-z, 0-9, dot, underscore and hyphen';
const VERSION_SCHEMA: JsonSchema = { type: 'string', pattern: VERSION.source, examples: ['draft-2'] };

export function IsVersion(): PropertyDecorator {
  return fieldRule(VERSION_SCHEMA, Matches(VERSION, { message: VERSION_MESSAGE }));
}

export function IsListOfVersions(maximum: number): PropertyDecorator {
  return fieldRule(
    { type: 'array', items: VERSION_SCHEMA, maxItems: maximum },
    ...listChecks(maximum),
    Matches(VERSION, { each: true, message: VERSION_MESSAGE }),
  );
}
