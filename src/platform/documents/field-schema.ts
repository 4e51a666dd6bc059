import { applyDecorators } from '@nestjs/common';
import 'reflect-metadata';
import type { About as Facts, JsonSchema } from './schema';

/** The schema that follows from the rules of a DTO's field. */
export interface FieldSchema {
  readonly schema: JsonSchema;
  /** May be left out. */
  readonly isOptional: boolean;
  /** Whether null in a JSON body means the same as an absent field. */
  readonly takesNull: boolean;
  /** An example that `About` set. */
  readonly example?: unknown;
}

const FIELDS = 'xfchat:fields';
type Parts = Partial<FieldSchema & Facts>;

function partsOf(dto: object): Record<string, Parts> {
  return (Reflect.getMetadata(FIELDS, dto) as Record<string, Parts> | undefined) ?? {};
}

function describe(parts: Parts): PropertyDecorator {
  return (dto, key) => {
    const fields = partsOf(dto);
    const field = { ...fields[String(key)], ...parts };
    Reflect.defineMetadata(FIELDS, { ...fields, [String(key)]: field }, dto);
  };
}

/** A rule for a field together with its schema, so that validation and documentation agree. */
export function fieldRule(schema: JsonSchema, ...checks: PropertyDecorator[]): PropertyDecorator {
  return applyDecorators(describe({ schema }), ...checks);
}

export function optionalRule(...checks: PropertyDecorator[]): PropertyDecorator {
  return applyDecorators(describe({ isOptional: true }), ...checks);
}

/** For an optional field that does not take null. */
export const nullRefused: PropertyDecorator = describe({ takesNull: false });

/** The description of a field and an example, for the documents. */
export function About(description?: string, example?: unknown): PropertyDecorator {
  return describe({ ...(description && { description }), ...(example !== undefined && { example }) });
}

const ALTERNATIVES = 'xfchat:alternatives';

/** Exactly one of these schemas has to fit besides the rules of the fields; the service checks the same. */
export function Alternatives(...schemas: JsonSchema[]): ClassDecorator {
  return (dto) => Reflect.defineMetadata(ALTERNATIVES, schemas, dto);
}

export const alternativesOf = (dto: object): readonly JsonSchema[] | undefined =>
  Reflect.getMetadata(ALTERNATIVES, dto) as readonly JsonSchema[] | undefined;

/** The fields of a DTO, inherited ones first. @throws Error for a field whose rules have no schema */
export function fieldsOf(dto: abstract new () => object): Record<string, FieldSchema> {
  const fields = Object.entries(partsOf(dto.prototype as object)).map(([name, parts]) => {
    const { schema, isOptional = false, takesNull = isOptional, description, example } = parts;
    if (!schema) throw new Error(`${dto.name}.${name} has no schema`);
    const facts = {
      ...(description && { description }),
      ...(example !== undefined && { examples: [example] }),
    };
    return [name, { schema: { ...schema, ...facts }, isOptional, takesNull, example }];
  });
  return Object.fromEntries(fields) as Record<string, FieldSchema>;
}
