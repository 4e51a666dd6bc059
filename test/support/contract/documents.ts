import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import addFormats from 'ajv-formats';
import Ajv2020, { type ValidateFunction } from 'ajv/dist/2020';

/* eslint-disable @typescript-eslint/no-explicit-any -- documents are read as they are */
export type Document = any;

/** What is wrong with something that was seen, and what it shows to be exercised, if anything. */
export interface Judgement {
  readonly faults: string[];
  readonly exercised: string | undefined;
}

const read = (name: string): Document =>
  JSON.parse(readFileSync(join(__dirname, '../../../docs', name), 'utf8'));

export const openApi: Document = read('openapi.json');
export const asyncApi: Document = read('asyncapi.json');

const ajv = new Ajv2020({ allErrors: true, strict: true, strictTypes: false, strictRequired: false });
addFormats(ajv);
// RFC 6531; what `ajv-formats` has is for ASCII addresses only.
ajv.addFormat('idn-email', /^[^@\s]+@[^@\s]+$/u);
// What surrounds the schemas of a document says nothing about values.
ajv.addVocabulary([...new Set([openApi, asyncApi].flatMap((document: object) => Object.keys(document)))]);
ajv.addSchema(openApi as object, 'openapi', false, false);
ajv.addSchema(asyncApi as object, 'asyncapi', false, false);

/** Whatever does not fit the schema at this place of a document, in words; compiled when it is first asked for. */
export function faultsOf(
  document: 'openapi' | 'asyncapi',
  steps: readonly string[],
  value: unknown,
): string[] {
  const validate = validatorOf(document, steps);
  if (validate(value)) return [];
  return validate.errors!.map(
    ({ instancePath, message, params }) =>
      `${instancePath || 'all of it'} ${message} ${JSON.stringify(params)}`,
  );
}

function validatorOf(document: string, steps: readonly string[]): ValidateFunction {
  const pointer = steps.map((step) => encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1')));
  const validate = ajv.getSchema(`${document}#/${pointer.join('/')}`);
  if (!validate) throw new Error(`${document} has nothing at ${steps.join(' ')}`);
  return validate;
}

/** What a reference to a schema names; the documents call the same thing the same. */
export function schemaAt(reference: string): Document {
  const name = reference.split('/').at(-1)!;
  return openApi.components.schemas[name] ?? asyncApi.components.schemas[name];
}
