import { faultsOf, openApi, type Document, type Judgement } from './documents';

export interface Exchange {
  readonly method: string;
  /** The path with its query. */
  readonly path: string;
  /** The body of the request as an object; undefined without a body or with one of another type. */
  readonly input: unknown;
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

interface Operation {
  readonly key: string;
  readonly steps: readonly string[];
  readonly pattern: RegExp;
  readonly document: Document;
}

const METHOD_OF: Readonly<Record<string, string>> = { HEAD: 'GET' };
/** The problems that the description of the document allows for all routes. */
const ANYWHERE = ['malformed-request', 'request-timeout', 'payload-too-large', 'unsupported-media-type'];
const WITHOUT_ROUTE = [...ANYWHERE, 'not-found', 'method-not-allowed', 'draining'];

const operations: Operation[] = Object.entries<Document>(openApi.paths).flatMap(([path, methods]) =>
  Object.entries<Document>(methods).map(([method, document]) => ({
    key: `${method.toUpperCase()} ${path}`,
    steps: ['paths', path, method],
    pattern: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`),
    document,
  })),
);
// Match `/users/me` before `/users/{userId}`.
operations.sort((a, b) => Number(a.key.includes('{')) - Number(b.key.includes('{')));

/** Streams are read as bytes, in test/braid. */
const STREAMED = '209';

/** The entries that a whole run must exercise: each successful status of each route. */
export const expectedOfRoutes: readonly string[] = operations.flatMap(({ key, document }) =>
  Object.keys(document.responses as object)
    .filter((status) => status < '400' && status !== STREAMED)
    .map((status) => `${key} ${status}`),
);

/** Compares an exchange with the document, and finds its entry of `expectedOfRoutes`. */
export function judgeExchange(exchange: Exchange): Judgement {
  const { method, path, status } = exchange;
  const name = METHOD_OF[method] ?? method;
  const [address] = path.split('?') as [string];
  const operation = operations.find(
    ({ key, pattern }) => key.startsWith(`${name} `) && pattern.test(address),
  );
  const faults = operation ? faultsOfAnswer(operation, exchange) : faultsWithoutRoute(exchange);
  return {
    faults: faults.map((fault) => `${method} ${path} ${status}: ${fault}`),
    exercised: operation && `${operation.key} ${status}`,
  };
}

function faultsOfAnswer(operation: Operation, exchange: Exchange): string[] {
  const { status, body, input } = exchange;
  const { responses, requestBody } = operation.document;
  const code = (body as { code?: string } | undefined)?.code ?? '';
  if (status >= 400 && ANYWHERE.includes(code)) return faultsOfProblem(exchange, ANYWHERE);
  if (!responses[status]) return [`this status is not documented, ${JSON.stringify(body)}`];
  const faults = faultsOfContent([...operation.steps, 'responses', String(status)], exchange);
  if (status < 300 && requestBody && input !== undefined) {
    const steps = [...operation.steps, 'requestBody', 'content', 'application/json', 'schema'];
    faults.push(
      ...faultsOf('openapi', steps, input).map((fault) => `taken, but documented as wrong: ${fault}`),
    );
  }
  return faults;
}

function faultsOfContent(steps: string[], { method, headers, body }: Exchange): string[] {
  const place = placeOf(steps);
  const response = at(place);
  const faults = faultsOfHeaders(response, headers);
  const given = headers.get('content-type')?.split(';')[0] ?? '';
  if (!response.content || body === undefined) {
    const isEmptyFile = response.content?.['*/*'] !== undefined;
    const isRight = method === 'HEAD' || isEmptyFile || (!response.content && body === undefined);
    return isRight ? faults : [...faults, `a body is missing, or should be: ${JSON.stringify(body)}`];
  }
  const type = response.content['*/*'] ? '*/*' : given;
  if (!response.content[type]) return [...faults, `${type} is not documented`];
  return [...faults, ...faultsOf('openapi', [...place, 'content', type, 'schema'], body)];
}

function faultsOfHeaders(response: Document, headers: Headers): string[] {
  return Object.keys((response.headers ?? {}) as object).flatMap((name) => {
    const place = placeOf(['components', 'headers', name]);
    const given = headers.get(name);
    const { required, schema } = at(place);
    if (given === null) return required ? [`${name} is missing`] : [];
    const value = schema.type === 'integer' ? Number(given) : given;
    return faultsOf('openapi', [...place, 'schema'], value).map((fault) => `${name}: ${fault}`);
  });
}

/** The faults of an answer to an unknown address or method: it must be a problem with one of the allowed codes. */
function faultsWithoutRoute(exchange: Exchange): string[] {
  if (exchange.method === 'OPTIONS' && exchange.status === 204) return [];
  return faultsOfProblem(exchange, WITHOUT_ROUTE);
}

function faultsOfProblem({ body, method }: Exchange, codes: readonly string[]): string[] {
  if (method === 'HEAD' && body === undefined) return [];
  const { code } = (body ?? {}) as { code?: string };
  const faults = faultsOf('openapi', ['components', 'schemas', 'Problem'], body);
  return codes.includes(code ?? '') ? faults : [...faults, `${code} is not documented here`];
}

const at = (steps: readonly string[]): Document =>
  steps.reduce<Document>((place, step) => place[step] as Document, openApi);

/** The place of an object in the document, after following a reference to it. */
function placeOf(steps: string[]): string[] {
  const { $ref } = at(steps) as { $ref?: string };
  return $ref ? placeOf($ref.slice(2).split('/')) : steps;
}
