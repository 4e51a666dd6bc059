import fc from 'fast-check';
import { faultsOf, openApi, type Document } from '../support/contract/documents';
import { good, goodQuery, wrongQuery, unknownQuery, type Route } from './queries';
import type { World } from './world';
import { exampleOf, uuidsGoneWrong, valuesNear } from './wrong-values';

/** The change to a valid request that makes one part of it wrong. */
interface Wrong {
  readonly path?: string;
  readonly body?: unknown;
  readonly text?: string;
  readonly token?: string;
  readonly headers?: Record<string, string>;
}

/** A part of a route's input that can be wrong. */
export interface RoutePlace {
  readonly name: string;
  readonly method: string;
  readonly requests: (world: World) => fc.Arbitrary<Wrong & { path: string }>;
  /** The codes of the expected rejections. */
  readonly codes: readonly string[];
}

const INVALID = ['validation-failed', 'malformed-request'];
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const routes: Route[] = Object.entries<Document>(openApi.paths).flatMap(([path, methods]) =>
  Object.entries<Document>(methods).map(([method, operation]) => ({
    path,
    method,
    parameters: ((operation.parameters ?? []) as Document[]).map((parameter, index) => ({
      ...parameter,
      steps: ['paths', path, method, 'parameters', String(index), 'schema'],
    })),
    isPublic: operation.security !== undefined,
    body: operation.requestBody?.content['application/json']?.schema as Document,
  })),
);

export const routePlaces: readonly RoutePlace[] = routes.flatMap((route) => [
  ...segmentPlaces(route),
  ...queryPlaces(route),
  ...(route.isPublic ? [] : [place(route, 'Authorization', ['unauthenticated'], () => wrongTokens)]),
  ...(route.body ? bodyPlaces(route, route.body) : []),
]);

function place(
  route: Route,
  what: string,
  codes: readonly string[],
  wrong: (world: World) => fc.Arbitrary<Wrong>,
): RoutePlace {
  const method = route.method.toUpperCase();
  return {
    name: `${method} ${route.path}: ${what}`,
    method,
    codes,
    requests: (world) =>
      wrong(world).map((change) => ({
        path: good(route, world.ids) + goodQuery(route),
        token: world.caller.accessToken,
        ...(route.body && change.text === undefined && { body: exampleOf(route.body) }),
        ...change,
      })),
  };
}

function segmentPlaces(route: Route): RoutePlace[] {
  const names = route.parameters
    .filter((parameter) => parameter.in === 'path')
    .map(({ name }) => name as string);
  return names.map((name) =>
    place(route, `{${name}}`, name === 'code' ? ['not-found', 'malformed-request'] : INVALID, ({ ids }) =>
      wrongSegments.map((segment) => ({ path: good(route, { ...ids, [name]: segment }) + goodQuery(route) })),
    ),
  );
}

const wrongSegments = fc.oneof(
  fc
    .oneof(
      uuidsGoneWrong,
      fc.string({ minLength: 1, unit: 'grapheme' }),
      fc.string({ minLength: 41, maxLength: 300 }),
    )
    .filter((text) => !['.', '..', 'me'].includes(text) && !UUID.test(text))
    .map(encodeURIComponent),
  fc.constantFrom('%', '%zz', '%c3%28', '%00', '0', 'null', 'undefined'),
);

function queryPlaces(route: Route): RoutePlace[] {
  const parameters = route.parameters.filter((parameter) => parameter.in === 'query');
  if (parameters.length === 0) return [];
  return [
    ...parameters.map((parameter) =>
      place(route, `?${parameter.name}`, INVALID, ({ ids }) =>
        wrongQuery(route, parameter).map((query) => ({ path: good(route, ids) + query })),
      ),
    ),
    place(route, 'an unknown query parameter', INVALID, ({ ids }) =>
      unknownQuery(route).map((query) => ({ path: good(route, ids) + query })),
    ),
  ];
}

const wrongTokens: fc.Arbitrary<Wrong> = fc.oneof(
  fc.constant({ token: undefined }),
  fc
    .string({ minLength: 1 })
    .map((token) => ({ headers: { authorization: `Bearer ${encodeURIComponent(token)}` } })),
  fc.base64String({ minLength: 4 }).map((token) => ({ headers: { authorization: `Basic ${token}` } })),
  fc
    .tuple(fc.base64String(), fc.base64String(), fc.base64String())
    .map((parts) => ({ headers: { authorization: `Bearer ${parts.join('.')}` } })),
);

function bodyPlaces(route: Route, schema: Document): RoutePlace[] {
  const steps = (schema.$ref as string).slice(2).split('/');
  const isWrong = (body: unknown): boolean => faultsOf('openapi', steps, body).length > 0;
  return [
    place(route, 'body', [...INVALID, 'message-too-long'], () =>
      valuesNear(schema)
        .filter(isWrong)
        .map((body) => ({ body })),
    ),
    place(route, 'what is not JSON', ['malformed-request'], () =>
      fc
        .string({ minLength: 1 })
        .filter(isNotJson)
        .map((text) => ({ text })),
    ),
    place(route, 'Content-Type', ['unsupported-media-type'], () =>
      wrongTypes.map((type) => ({ headers: { 'content-type': type } })),
    ),
    place(route, 'Content-Encoding', ['unsupported-media-type'], () =>
      fc
        .constantFrom('gzip', 'br', 'deflate', 'x')
        .map((encoding) => ({ headers: { 'content-encoding': encoding } })),
    ),
  ];
}

const wrongTypes = fc.oneof(
  fc.constantFrom(
    'text/plain',
    'application/xml',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
  ),
  fc.constantFrom(
    'application/jso',
    'application/json5',
    'application/problem+json',
    'text/json',
    'json',
    '/',
  ),
  fc.constant('application/json; charset=latin1'),
);

function isNotJson(text: string): boolean {
  try {
    JSON.parse(text);
    return false;
  } catch {
    return true;
  }
}
