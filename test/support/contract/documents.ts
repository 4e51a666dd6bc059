import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import addFormats from 'ajv-formats';
import Ajv2020, { type ValidateFunction } from 'ajv/dist/2020';

/* eslint-disable @typescript-eslint/no-explicit-any -- documents are read as they are */
export type Document = any;

/** The faults of an observed message, and the entry that it proves to be exercised, if any. */
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
// RFC 6531. The format of `ajv-formats` accepts ASCII addresses only.
ajv.addFormat('idn-email', /^[^@\s]+@[^@\s]+$/u);
// The other keywords of a document do not restrict values.
ajv.addVocabulary([...new Set([openApi, asyncApi].flatMap((document: object) => Object.keys(document)))]);
ajv.addSchema(openApi as object, 'openapi', false, false);
ajv.addSchema(asyncApi as object, 'asyncapi', false, false);

/** The violations of the schema at this place of a document, in words. The schema is compiled on first use. */
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

/** The schema that a reference names. Both documents use the same names. */
export function schemaAt(reference: string): Document {
  const name = reference.split('/').at(-1)!;
  return openApi.components.schemas[name] ?? asyncApi.components.schemas[name];
}
