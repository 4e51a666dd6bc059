import fc from 'fast-check';
import { faultsOf, type Document } from '../support/contract/documents';
import { exampleOf, valuesNear } from './wrong-values';

/** A route of the document, with the place of the schema of each parameter. */
export interface Route {
  readonly path: string;
  readonly method: string;
  readonly parameters: readonly Document[];
  readonly isPublic: boolean;
  readonly body?: Document;
}

type Pair = [name: string, value: string];

/** The address with these ids. */
export function good({ path }: Route, ids: Readonly<Record<string, string>>): string {
  return path.replaceAll(/\{(\w+)\}/g, (_match, name: string) => ids[name]!);
}

/** The required parameters of the query, and nothing else. */
export function goodQuery(route: Route): string {
  return queryOf(required(route));
}

/** One parameter has a wrong value or occurs twice. */
export function wrongQuery(route: Route, parameter: Document): fc.Arbitrary<string> {
  const { name, schema, steps } = parameter;
  const others = required(route).filter(([other]) => other !== name);
  const isWrong = (text: string): boolean => {
    if (text === '') return false; // means the same as an omitted parameter
    const value = schema.type === 'integer' && /^\d+$/.test(text) ? Number(text) : text;
    return faultsOf('openapi', steps as string[], value).length > 0;
  };
  const once = valuesNear(schema as Document)
    .map((value) => (typeof value === 'string' ? value : JSON.stringify(value)))
    .filter(isWrong)
    .map((text): Pair[] => [[name as string, text]]);
  const twice = fc.constant<Pair[]>([exampleIn(parameter), exampleIn(parameter)]);
  return fc
    .oneof({ weight: 9, arbitrary: once }, { weight: 1, arbitrary: twice })
    .map((own) => queryOf([...others, ...own]));
}

export function unknownQuery(route: Route): fc.Arbitrary<string> {
  const known = route.parameters.map(({ name }) => name as string);
  return fc
    .string({ minLength: 1, unit: 'grapheme' })
    .filter((name) => !known.includes(name))
    .map((name) => queryOf([...required(route), [name, '1']]));
}

const required = ({ parameters }: Route): Pair[] =>
  parameters.filter((parameter) => parameter.in === 'query' && parameter.required).map(exampleIn);

const exampleIn = ({ name, schema }: Document): Pair => [
  name as string,
  String(exampleOf(schema as Document)),
];

const queryOf = (pairs: Pair[]): string => {
  const parts = pairs.map((pair) => pair.map(encodeURIComponent).join('='));
  return parts.length > 0 ? `?${parts.join('&')}` : '';
};
