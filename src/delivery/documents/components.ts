import { isDeepStrictEqual } from 'node:util';
import type { Type } from '@nestjs/common';
import { alternativesOf, fieldsOf } from '../../platform/documents/field-schema';
import type { JsonSchema } from '../../platform/documents/schema';
import { exampleOf } from './example';

const isObject = (value: unknown): value is JsonSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Collects the schemas that a document refers to by name. */
export class Components {
  readonly schemas: Record<string, JsonSchema> = {};
  private readonly sources = new Map<string, unknown>();

  /**
   * Converts a schema for the document, with references instead of named schemas. @throws Error for two with one name
   */
  use(schema: JsonSchema): JsonSchema {
    if (schema.dto) return this.useDto(schema.dto as Type<object>);
    const { title } = schema;
    if (typeof title !== 'string') return this.resolve(schema);
    const { properties } = schema;
    const known = this.sources.get(title);
    if (known && !isDeepStrictEqual(known, properties)) throw new Error(`two schemas are called ${title}`);
    if (!known) {
      this.sources.set(title, properties);
      this.schemas[title] = {}; // keeps its place before the schemas that it refers to
      this.schemas[title] = this.resolve(schema);
    }
    return { $ref: `#/components/schemas/${title}` };
  }

  /** The schema of a DTO. Its example has the required fields, and those with an example of their own. */
  useDto(dto: Type<object>): JsonSchema {
    const fields = Object.entries(fieldsOf(dto));
    const shown = fields.filter(([, { isOptional, example }]) => !isOptional || example !== undefined);
    return this.use({
      title: dto.name.replace(/Dto$/, ''),
      type: 'object',
      properties: Object.fromEntries(
        fields.map(([name, { schema, takesNull }]) => [name, takesNull ? orNull(schema) : schema]),
      ),
      required: fields.filter(([, { isOptional }]) => !isOptional).map(([name]) => name),
      additionalProperties: false,
      ...(alternativesOf(dto) && { oneOf: alternativesOf(dto) }),
      examples: [
        Object.fromEntries(
          shown.map(([name, { schema }]) => [name, exampleOf(this.use(schema), this.schemas)]),
        ),
      ],
    });
  }

  private resolve(schema: JsonSchema): JsonSchema {
    return Object.fromEntries(
      Object.entries(schema).map(([key, value]) => [key, this.resolveValue(key, value)]),
    );
  }

  private resolveValue(key: string, value: unknown): unknown {
    if (key === 'examples' || key === 'enum' || key === 'const') return value;
    if (key === 'properties' && isObject(value)) {
      return Object.fromEntries(
        Object.entries(value).map(([name, schema]) => [name, this.use(schema as JsonSchema)]),
      );
    }
    if (Array.isArray(value))
      return value.map((entry: unknown) => (isObject(entry) ? this.use(entry) : entry));
    return isObject(value) ? this.use(value) : value;
  }
}

/** In a JSON body null means the same as an absent field. */
function orNull(schema: JsonSchema): JsonSchema {
  const { enum: values } = schema;
  return {
    ...schema,
    type: [schema.type, 'null'],
    ...(Array.isArray(values) && { enum: [...(values as unknown[]), null] }),
  };
}
