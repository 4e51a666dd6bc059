import { applyDecorators } from '@nestjs/common';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsInt,
  IS_OPTIONAL,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
  ValidateIf,
  ValidateNested,
  type ValidationOptions,
} from 'class-validator';
import { About, fieldRule, nullRefused, optionalRule } from '../documents/field-schema';
import { EXAMPLE_ID, UUID_PATTERN, type JsonSchema } from '../documents/schema';
import { VALIDATION_FAILED } from '../problems/general-problems';
import { Problem } from '../problems/problem';
import { foldName } from './normal-forms';
import { normalized } from './normalized';
import { ownRule } from './own-rule';
import { showsSomething } from './visible-text';

const UUID = new RegExp(UUID_PATTERN);
const ID_LENGTH = 36;
/** A surrogate without its partner: not text, and PostgreSQL would refuse it. */
const LONE_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;

/** Length in Unicode code points, as the contract counts. */
export function codePoints(text: string): number {
  let count = text.length;
  for (let index = 0; index < text.length - 1; index++) {
    const unit = text.charCodeAt(index);
    if (unit >= 0xd800 && unit <= 0xdbff) {
      count--;
      index++;
    }
  }
  return count;
}

export function isStorableText(text: string): boolean {
  return !text.includes('\0') && !LONE_SURROGATE.test(text);
}

/**
 * Folds text, or each text of a list, before it is checked: names, e-mail addresses and ids. Text of more than `max`
 * code points in any form is not folded, and is rejected for its length. Normalizing takes time that grows with the
 * square of the marks on one letter: 120 KB of them take 5 s.
 */
export function folded(max: number, impliedBy?: string): PropertyDecorator {
  const fold = (value: unknown): unknown =>
    typeof value === 'string' && value.length <= 2 * max ? foldName(value) : value;
  return normalized((value) => (Array.isArray(value) ? value.map(fold) : fold(value)), impliedBy);
}

/** A field that may be left out; null counts as left out. */
export function Optional(): PropertyDecorator {
  return optionalRule(
    IsOptional(),
    normalized((value) => value ?? undefined, IS_OPTIONAL),
  );
}

/** An optional field; null clears the value. */
export function Removable(): PropertyDecorator {
  return optionalRule(ValidateIf((_dto, value: unknown) => value !== null && value !== undefined));
}

/** A UUID as clients may write it: upper case is taken and stored in lower case. */
export const GIVEN_ID: JsonSchema = {
  type: 'string',
  format: 'uuid',
  pattern: UUID_PATTERN.replaceAll('a-f', 'A-Fa-f'),
  examples: [EXAMPLE_ID],
};
const ID_RULE = 'isId';
const storedId = (options?: ValidationOptions): PropertyDecorator =>
  ownRule(ID_RULE, isStoredId, 'must be a UUID', options);

export function IsId(): PropertyDecorator {
  return fieldRule(GIVEN_ID, folded(ID_LENGTH, ID_RULE), storedId());
}

/** The maximum length of a text that is looked up as an id, in code points. */
export const MAX_WANTED_ID = 100;

/** An id to look up. Any other short text is accepted, too: the answer reports that it names nothing. */
export function IsWantedId(): PropertyDecorator {
  const example = fieldRule({ ...textSchema(0, MAX_WANTED_ID), examples: [EXAMPLE_ID] });
  return applyDecorators(IsFoldedText(0, MAX_WANTED_ID), example);
}

export function IsListOfIds(maximum: number): PropertyDecorator {
  return fieldRule(
    { type: 'array', items: GIVEN_ID, maxItems: maximum },
    folded(ID_LENGTH, ID_RULE),
    ...listChecks(maximum),
    storedId({ each: true }),
  );
}

/** The rules that apply to every list. */
export function listChecks(maximum: number): PropertyDecorator[] {
  return [
    IsArray({ message: 'must be a list' }),
    ArrayMaxSize(maximum, { message: `must have at most ${maximum} entries` }),
  ];
}

/** A UUID in its stored form, which is lower case. */
export function isStoredId(value: unknown): value is string {
  return typeof value === 'string' && UUID.test(value);
}

/** @throws Problem `validation-failed` */
export function parseId(name: string, value: string): string {
  const id = value.toLowerCase();
  if (UUID.test(id)) return id;
  throw new Problem(VALIDATION_FAILED, {
    detail: `${name} must be a UUID`,
    errors: [{ pointer: `/path/${name}`, detail: 'must be a UUID' }],
  });
}

/** Text that is kept byte for byte, within `min` and `max` code points. */
export function IsText(min: number, max: number): PropertyDecorator {
  return fieldRule(
    textSchema(min, max),
    ownRule(
      'isText',
      (value) => textFault(value, min, max) === undefined,
      (value) => textFault(value, min, max),
    ),
  );
}

/** Like `IsText`, with something to see in it. */
export function IsShownText(max: number): PropertyDecorator {
  return fieldRule(
    textSchema(1, max),
    ownRule(
      'isShownText',
      (value) => shownTextFault(value, max) === undefined,
      (value) => shownTextFault(value, max),
    ),
  );
}

/** @returns the fault of a text that has to show something, if it has one */
export function shownTextFault(value: unknown, max: number): string | undefined {
  const fault = textFault(value, 1, max);
  if (fault !== undefined || showsSomething(value as string)) return fault;
  return 'must show something: it is white space or invisible characters';
}

/** Like `IsText`, in lower case afterwards. */
export function IsFoldedText(min: number, max: number): PropertyDecorator {
  return applyDecorators(folded(max), IsText(min, max));
}

export function textSchema(min: number, max: number): JsonSchema {
  return { type: 'string', ...(min > 0 && { minLength: min }), maxLength: max, pattern: '^[^\\u0000]*$' };
}

/** @returns the fault of a text of `min` to `max` code points, if it has one */
export function textFault(value: unknown, min: number, max: number): string | undefined {
  if (typeof value !== 'string') return 'must be a string';
  if (!isStorableText(value)) return 'must not contain U+0000 or lone surrogates';
  if (isShorter(value, min)) return min === 1 ? 'must not be empty' : `must have at least ${min} characters`;
  if (isLonger(value, max)) return `must have at most ${max} characters`;
  return undefined;
}

/** A code point has one or two code units, which cost nothing to count. */
const isShorter = (text: string, min: number): boolean => text.length < 2 * min && codePoints(text) < min;
export const isLonger = (text: string, max: number): boolean => text.length > max && codePoints(text) > max;

const toInteger = (value: unknown): unknown =>
  typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value;

/** A whole number in a query string. */
export function IsQueryInteger(min: number, max: number = Number.MAX_SAFE_INTEGER): PropertyDecorator {
  return applyDecorators(normalized(toInteger), IsInteger(min, max));
}

export const MAX_PAGE_SIZE = 200;
/** How many items a page has when the client does not say. */
export const DEFAULT_PAGE_SIZE = 50;

/** `limit` of a list. */
export function IsPageSize(defaultSize = DEFAULT_PAGE_SIZE): PropertyDecorator {
  return applyDecorators(
    About(`Items of a page; ${defaultSize} when it is left out.`, defaultSize),
    IsQueryInteger(1, MAX_PAGE_SIZE),
  );
}

/** A position in a conversation, in a JSON body. */
export function IsPosition(): PropertyDecorator {
  return IsInteger(0, Number.MAX_SAFE_INTEGER);
}

function IsInteger(min: number, max: number): PropertyDecorator {
  return fieldRule(
    { type: 'integer', minimum: min, maximum: max },
    IsInt({ message: 'must be a whole number' }),
    Min(min),
    Max(max),
  );
}

export function IsFlag(): PropertyDecorator {
  return fieldRule({ type: 'boolean' }, IsBoolean({ message: 'must be true or false' }));
}

export function IsOneOf(values: readonly string[]): PropertyDecorator {
  const words = values.length > 1 ? `${values.slice(0, -1).join(', ')} or ${values.at(-1)}` : values[0];
  return fieldRule(
    { type: 'string', enum: [...values] },
    ownRule('isOneOf', (value) => (values as readonly unknown[]).includes(value), `must be ${words}`),
  );
}

/**
 * An optional value out of a list. Null is rejected: it is not one of the values, and it could be meant to remove the
 * value.
 */
export function IsOptionalChoice(values: readonly string[]): PropertyDecorator {
  return applyDecorators(
    optionalRule(ValidateIf((_dto, value: unknown) => value !== undefined)),
    nullRefused,
    IsOneOf(values),
  );
}

/** Something that the server gave and takes back as it is. */
export function IsOpaque(what: string, max: number): PropertyDecorator {
  return fieldRule(
    { type: 'string', maxLength: max },
    IsString({ message: `must be ${what}` }),
    MaxLength(max),
  );
}

const CURSOR_LENGTH = 200;

/** `nextCursor` of the page before. */
export function IsCursor(): PropertyDecorator {
  return IsOpaque('a cursor', CURSOR_LENGTH);
}

/** Objects of a DTO of their own, no two of them with the same `key`. */
export function IsListOf<T extends object>(
  dto: new () => T,
  maximum: number,
  key: keyof T & string,
  duplicateMessage: string,
): PropertyDecorator {
  return fieldRule(
    { type: 'array', items: { dto }, maxItems: maximum },
    ...listChecks(maximum),
    ArrayUnique((entry?: T) => entry?.[key], { message: duplicateMessage }),
    ValidateNested({ each: true, message: 'must be an object' }),
    Type(() => dto),
  );
}
