import type { JsonSchema } from '../../platform/documents/schema';

type Node = Record<string, unknown>;

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
const isObject = ({ type, properties }: Node): boolean =>
  properties !== undefined || [type].flat().includes('object');
/** Whether a schema combines several models; a nullable reference does not. */
const isComposed = ({ oneOf, anyOf, allOf }: Node): boolean =>
  [oneOf, anyOf, allOf].some((parts) => Array.isArray(parts) && parts.filter(isModel).length > 1);
const isModel = (part: unknown): boolean =>
  isNode(part) && (part.$ref !== undefined || isObject(part) || isComposed(part));

/** Names the models within the named schemas of a document. */
export const nameComponents = (schemas: Record<string, JsonSchema>): Record<string, JsonSchema> =>
  Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, nameModels(schema, name)]));

/**
 * Gives each unnamed object and composition a title made of the names around it, such as `HealthPartsPool`. Without a
 * title, generators of clients call it `InlineObject7`, with another number in the next release.
 */
export function nameModels(schema: JsonSchema, name: string): JsonSchema {
  if (schema.$ref !== undefined) return schema;
  const own = (isObject(schema) || isComposed(schema)) && !schema.title ? { title: name, ...schema } : schema;
  return Object.fromEntries(
    Object.entries(own).map(([key, value]) => [
      key,
      namedWithin(key, value, typeof own.title === 'string' ? own.title : name),
    ]),
  );
}

function namedWithin(key: string, value: unknown, name: string): unknown {
  if (key === 'properties' && isNode(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([field, schema]) => [
        field,
        nameModels(schema as JsonSchema, name + capitalised(field)),
      ]),
    );
  }
  if ((key === 'items' || key === 'additionalProperties') && isNode(value))
    return nameModels(value, `${name}Item`);
  if (['oneOf', 'anyOf', 'allOf'].includes(key) && Array.isArray(value)) {
    return value.map((schema: JsonSchema, index) =>
      // A condition is not a model.
      schema.if ? schema : nameModels(schema, `${name}${value.length > 1 ? `Part${index + 1}` : ''}`),
    );
  }
  return value;
}
