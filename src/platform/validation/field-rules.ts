import { applyDecorators } from '@nestjs/common';
import { Transform, type TransformFnParams } from 'class-transformer';
import { IsInt, IsOptional, Matches, Max, Min, ValidateBy } from 'class-validator';
import { Problem } from '../problems/problem';
import { TOO_LONG_MESSAGE } from './request-validation.pipe';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
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

const lowerCase = ({ value }: TransformFnParams): unknown => {
  if (typeof value === 'string') return value.toLowerCase();
  if (Array.isArray(value))
    return value.map((entry: unknown) => (typeof entry === 'string' ? entry.toLowerCase() : entry));
  return value;
};

/** A field that may be left out; null counts as left out. */
export function Optional(): PropertyDecorator {
  return applyDecorators(
    IsOptional(),
    Transform(({ value }: TransformFnParams): unknown => value ?? undefined),
  );
}

/** A UUID of any version; upper case is taken and stored in lower case. */
export function IsId(options: { each?: boolean } = {}): PropertyDecorator {
  return applyDecorators(Transform(lowerCase), Matches(UUID, { ...options, message: 'must be a UUID' }));
}

/** A UUID as it is stored: upper case is another matter. */
export function isStoredId(value: unknown): value is string {
  return typeof value === 'string' && UUID.test(value);
}

/** @throws Problem `validation-failed` */
export function parseId(name: string, value: string): string {
  const id = value.toLowerCase();
  if (UUID.test(id)) return id;
  throw new Problem('validation-failed', {
    detail: `${name} must be a UUID`,
    errors: [{ pointer: `/path/${name}`, detail: 'must be a UUID' }],
  });
}

/** Text that is kept byte for byte, within `min` and `max` code points. */
export function IsText(min: number, max: number): PropertyDecorator {
  return ValidateBy({
    name: 'isText',
    validator: {
      validate: (value) => textFault(value, min, max) === undefined,
      defaultMessage: (context) => textFault(context?.value, min, max) ?? '',
    },
  });
}

function textFault(value: unknown, min: number, max: number): string | undefined {
  if (typeof value !== 'string') return 'must be a string';
  if (!isStorableText(value)) return 'must not contain U+0000 or lone surrogates';
  const length = codePoints(value);
  if (length < min) return min === 1 ? 'must not be empty' : `must have at least ${min} characters`;
  if (length > max) return `must have at most ${max} characters`;
  return undefined;
}

/** 4,000 by default; the one place that knows. */
export const MAX_MESSAGE_LENGTH = 4_000;

/** The body of a message: text of at most `MAX_MESSAGE_LENGTH` code points; longer ones have a problem of their own. */
export function IsMessageBody(): PropertyDecorator {
  return ValidateBy({
    name: 'isMessageBody',
    validator: {
      validate: isMessageBody,
      defaultMessage: (context) => bodyFault(context?.value) ?? '',
    },
  });
}

export function isMessageBody(value: unknown): value is string {
  return bodyFault(value) === undefined;
}

function bodyFault(value: unknown): string | undefined {
  const fault = textFault(value, 1, Infinity);
  if (fault) return fault;
  return codePoints(value as string) > MAX_MESSAGE_LENGTH
    ? `${TOO_LONG_MESSAGE}: at most ${MAX_MESSAGE_LENGTH} characters`
    : undefined;
}

const toInteger = ({ value }: TransformFnParams): unknown =>
  typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value;

/** A whole number in a query string. */
export function IsQueryInteger(min: number, max: number = Number.MAX_SAFE_INTEGER): PropertyDecorator {
  return applyDecorators(
    Transform(toInteger),
    IsInt({ message: 'must be a whole number' }),
    Min(min),
    Max(max),
  );
}

/** A position in a conversation, in a JSON body. */
export function IsPosition(): PropertyDecorator {
  return applyDecorators(IsInt({ message: 'must be a whole number' }), Min(0), Max(Number.MAX_SAFE_INTEGER));
}
