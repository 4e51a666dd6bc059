import type { JsonSchema } from '../../platform/documents/schema';

const ZERO: Record<string, unknown> = { string: 'text', integer: 0, boolean: false, object: {}, null: null };

/** Builds an example of a schema from the examples of its parts; leaves optional parts out. */
export function exampleOf(schema: JsonSchema, components: Readonly<Record<string, JsonSchema>>): unknown {
  const of = (part: unknown): unknown => exampleOf(part as JsonSchema, components);
  const { $ref, examples, properties, items } = schema;
  if (typeof $ref === 'string') return of(components[$ref.split('/').at(-1)!]);
  if (Array.isArray(examples)) return examples[0];
  if ('const' in schema) return schema.const;
  if (Array.isArray(schema.enum)) return schema.enum[0];
  const first = ((schema.allOf ?? schema.anyOf) as unknown[] | undefined)?.[0];
  if (first) return of(first);
  if (properties) {
    const required = schema.required as string[];
    return Object.fromEntries(required.map((name) => [name, of((properties as JsonSchema)[name])]));
  }
  if (items) return schema.maxItems === 0 ? [] : [of(items)];
  const type = Array.isArray(schema.type) ? (schema.type as unknown[])[0] : schema.type;
  return schema.minimum ?? ZERO[String(type)];
}
