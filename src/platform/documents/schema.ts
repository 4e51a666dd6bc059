/** JSON Schema as OpenAPI 3.1 and AsyncAPI 3.0 both read it. A `title` names a schema that documents refer to. */
export type JsonSchema = Readonly<Record<string, unknown>>;

declare const describes: unique symbol;
/** A JSON schema together with its TypeScript type, so that both are declared once. */
export type Schema<T> = JsonSchema & { readonly [describes]?: T };
export type Of<S> = S extends Schema<infer T> ? T : never;

/** Description and example of a value. */
export interface About {
  readonly description?: string;
  readonly example?: unknown;
}

type Fields = Readonly<Record<string, Schema<unknown>>>;

/** Marks the field of a record that is not always there. */
const OPTIONAL = Symbol('optional');
type Optional<T> = Schema<T> & { readonly [OPTIONAL]: true };
type OptionalKeys<F> = { [K in keyof F]: F[K] extends { [OPTIONAL]: true } ? K : never }[keyof F];
type RecordOf<F extends Fields> = { [K in Exclude<keyof F, OptionalKeys<F>>]: Of<F[K]> } & {
  [K in OptionalKeys<F>]?: Of<F[K]>;
};
type Simplify<T> = { [K in keyof T]: T[K] };

function about({ description, example }: About): JsonSchema {
  return { ...(description && { description }), ...(example !== undefined && { examples: [example] }) };
}

export const EXAMPLE_ID = '019c9d1e-7a52-7c3b-9f04-1d2e3f4a5b6c';
export const UUID_PATTERN = '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$';
const TIME_PATTERN = '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$';

/** Text of `minimum` to `maximum` Unicode code points. */
export function text(
  limits: { minimum?: number; maximum?: number; pattern?: string; format?: string } = {},
  facts: About = {},
): Schema<string> {
  const { minimum, maximum, pattern, format } = limits;
  return {
    type: 'string',
    ...(minimum && { minLength: minimum }),
    ...(maximum !== undefined && { maxLength: maximum }),
    ...(pattern && { pattern }),
    ...(format && { format }),
    ...about(facts),
  };
}

/** A UUID in lower case, as the server writes it. */
export function id(description?: string): Schema<string> {
  return text({ format: 'uuid', pattern: UUID_PATTERN }, { description, example: EXAMPLE_ID });
}

/** ISO 8601, UTC, with milliseconds. */
export function time(description?: string): Schema<string> {
  const example = '2026-03-01T12:00:00.000Z';
  return text({ format: 'date-time', pattern: TIME_PATTERN }, { description, example });
}

export function integer(
  minimum: number,
  facts: About = {},
  maximum: number = Number.MAX_SAFE_INTEGER,
): Schema<number> {
  return { type: 'integer', minimum, maximum, ...about(facts) };
}

export function flag(description?: string): Schema<boolean> {
  return { type: 'boolean', ...about({ description }) };
}

export function constant<const T extends string | boolean>(value: T): Schema<T> {
  return { type: typeof value, const: value };
}

export function oneOf<const T extends string>(values: readonly T[], description?: string): Schema<T> {
  return { type: 'string', enum: [...values], ...about({ description }) };
}

export function nullable<T>(schema: Schema<T>): Schema<T | null> {
  if (schema.title !== undefined || schema.enum !== undefined || typeof schema.type !== 'string')
    return { anyOf: [schema, { type: 'null' }] };
  return { ...schema, type: [schema.type, 'null'] };
}

/** Usually null. Examples show null, since most messages are not deleted. */
export function usuallyNull<T>(schema: Schema<T>): Schema<T | null> {
  return { ...nullable(schema), examples: [null] };
}

export function list<T>(
  items: Schema<T>,
  limits: { maximum?: number; isUnique?: boolean } = {},
  facts: About = {},
): Schema<T[]> {
  const { maximum, isUnique } = limits;
  return {
    type: 'array',
    items,
    ...(maximum !== undefined && { maxItems: maximum }),
    ...(isUnique && { uniqueItems: true }),
    ...about(facts),
  };
}

/** For `Alternatives`: a text is given, or left out (null says the same). */
export const GIVEN: JsonSchema = { type: 'string' };
export const ABSENT: JsonSchema = { type: 'null' };

/** Values by id. */
export function byId<T>(values: Schema<T>): Schema<Record<string, T>> {
  return { type: 'object', propertyNames: { pattern: UUID_PATTERN }, additionalProperties: values };
}

/** The same, with a description of what it is in this place. */
export function described<T>(schema: Schema<T>, description: string): Schema<T> {
  return schema.title === undefined ? { ...schema, description } : { allOf: [schema], description };
}

export function optional<T>(schema: Schema<T>): Optional<T> {
  return { ...schema, [OPTIONAL]: true };
}

/** An object with these fields and no other. `name` makes it one that documents refer to. */
export function record<F extends Fields>(
  name: string | undefined,
  fields: F,
  description?: string,
): Schema<Simplify<RecordOf<F>>> {
  const required = Object.keys(fields).filter((key) => !(OPTIONAL in fields[key]!));
  return {
    ...(name && { title: name }),
    type: 'object',
    ...about({ description }),
    properties: fields,
    required,
    additionalProperties: false,
  };
}

/** The fields of `base` and more. */
export function extended<B, F extends Fields>(
  name: string,
  base: Schema<B>,
  fields: F,
  description?: string,
): Schema<Simplify<B & RecordOf<F>>> {
  const all = { ...(base.properties as Fields), ...fields };
  return record(name, all, description) as Schema<never>;
}

export function either<const S extends readonly Schema<unknown>[]>(...options: S): Schema<Of<S[number]>> {
  return { anyOf: options };
}

/** A page of a list. */
export function page<T>(name: string, items: Schema<T>): Schema<{ items: T[]; nextCursor: string | null }> {
  return record(name, { items: list(items), nextCursor: NEXT_CURSOR });
}

const NEXT_CURSOR = nullable(
  text({ maximum: 200 }, { description: '`cursor` of the next page; null at the end.', example: null }),
);
