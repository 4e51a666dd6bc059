import fc from 'fast-check';
import { schemaAt, type Document } from '../support/contract/documents';

/* Values for a schema of the documents. Most are wrong and near its limits; the caller picks the wrong ones. */

/** Names that every object inherits, which a library may treat as special. */
const inherited = fc
  .tuple(
    fc.constantFrom('constructor', 'prototype', 'toString', 'valueOf', 'then'),
    fc.jsonValue({ maxDepth: 1 }),
  )
  .map(([name, value]) => ({ [name]: value }));
const json = fc.oneof(
  { weight: 4, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 1, arbitrary: inherited },
);
const letters = (length: number): fc.Arbitrary<string> => fc.string({ minLength: length, maxLength: length });

export function valuesNear(schema: Document): fc.Arbitrary<unknown> {
  const near = NEAR[typeOf(schema)];
  return near
    ? fc.oneof({ weight: 3, arbitrary: near(resolved(schema)) }, { weight: 1, arbitrary: json })
    : json;
}

const NEAR: Readonly<Record<string, (schema: Document) => fc.Arbitrary<unknown>>> = {
  string: textNear,
  integer: numbersNear,
  boolean: () => fc.constantFrom<unknown>('true', 'false', 0, 1, [], {}),
  array: listsNear,
  object: objectsNear,
};

function textNear({ minLength = 0, maxLength = 40 }: Document): fc.Arbitrary<unknown> {
  return fc.oneof(
    letters(maxLength + 1),
    letters(Math.max(0, minLength - 1)),
    fc.string({ maxLength: 50 }),
    fc.string({ unit: 'binary', maxLength: 50 }),
    fc.tuple(fc.string({ maxLength: 5 }), fc.string({ maxLength: 5 })).map((parts) => parts.join('\0')),
    uuidsGoneWrong,
  );
}

/** A UUID with a letter too many, one too few, or one that is no digit. */
export const uuidsGoneWrong: fc.Arbitrary<string> = fc
  .tuple(fc.uuid(), fc.nat(35), fc.constantFrom('', 'g', '00', ' ', '-', '\n', 'é'))
  .map(([uuid, at, instead]) => uuid.slice(0, at) + instead + uuid.slice(at + 1));

function numbersNear({ minimum = 0, maximum = Number.MAX_SAFE_INTEGER }: Document): fc.Arbitrary<unknown> {
  const low = minimum as number;
  const high = maximum as number;
  return fc.oneof(
    fc.integer({ max: low - 1 }),
    fc.constantFrom<unknown>(low - 1, high + 1, high * 2, 1e300, low + 0.5, String(low), '', 'NaN'),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
  );
}

function listsNear({ items, maxItems = 10 }: Document): fc.Arbitrary<unknown> {
  const entry = resolved(items as Document);
  const one = exampleOf(entry);
  return fc.oneof(
    fc.array(valuesNear(entry), { minLength: 1, maxLength: 3 }),
    fc.constant(Array.from({ length: (maxItems as number) + 1 }, () => one)),
    fc.constantFrom<unknown>(one, {}, { length: 1 }),
  );
}

/** The example without a field, with a changed field, or with an additional field. */
function objectsNear(schema: Document): fc.Arbitrary<unknown> {
  const example = exampleOf(schema) as Record<string, unknown>;
  const names = Object.keys(schema.properties as object);
  const changed = names.map((name) =>
    valuesNear(schema.properties[name]).map((value) => ({ ...example, [name]: value })),
  );
  const without = Object.keys(example).map((name) =>
    fc.constant(Object.fromEntries(Object.entries(example).filter(([key]) => key !== name))),
  );
  const more = fc.tuple(fc.string(), json).map(([name, value]) => ({ ...example, [name]: value }));
  return fc.oneof(...changed, ...without, more);
}

function typeOf(schema: Document): string {
  const { type } = resolved(schema);
  return Array.isArray(type) ? (type as string[])[0]! : (type as string);
}

/** The required values, from the examples of the schema and its parts. */
export function exampleOf(schema: Document): unknown {
  const { examples, enum: values, properties, required, minimum, type } = resolved(schema);
  if (examples) return examples[0];
  if (values) return values[0];
  if (properties) {
    return Object.fromEntries(
      (required as string[]).map((name) => [name, exampleOf(properties[name] as Document)]),
    );
  }
  return minimum ?? { string: 'text', array: [], boolean: true }[[type].flat()[0] as 'string'];
}

function resolved(schema: Document): Document {
  return schema.$ref ? schemaAt(schema.$ref as string) : schema;
}
