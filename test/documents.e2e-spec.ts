import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writtenDocuments } from '../src/written-documents';
import { declaredProblems } from '../src/platform/problems/problem-kind';
import { call } from './support/api';
import { faultsOf, type Document } from './support/contract/documents';
import { signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';

const checkedIn = (name: string): string => readFileSync(join(__dirname, '../docs', name), 'utf8');
const openApi: Document = JSON.parse(checkedIn('openapi.json'));
const asyncApi: Document = JSON.parse(checkedIn('asyncapi.json'));

describe('the documents of the interface', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  it.each(Object.entries(writtenDocuments()))(
    'match the code: docs/%s (`npm run documents` writes it again)',
    (name, text) => {
      expect(checkedIn(name)).toBe(text);
    },
  );

  it('name every route of the running server', () => {
    const { stack } = (
      server.application.getHttpAdapter().getInstance() as {
        router: { stack: { route?: { path: string; methods: object } }[] };
      }
    ).router;
    const routes = stack.flatMap(({ route }) =>
      route ? Object.keys(route.methods).map((method) => `${method} ${route.path}`) : [],
    );
    const documented = Object.entries(openApi.paths as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
    );
    expect(documented.sort()).toEqual(routes.sort());
  });

  it('contain every problem code', () => {
    expect(openApi.components.schemas.Problem.properties.code.enum).toEqual(
      declaredProblems().map(({ code }) => code),
    );
    expect(asyncApi.components.schemas.Problem).toEqual(openApi.components.schemas.Problem);
  });

  it.each(['openapi.json'])('are served to everybody: /%s', async (name) => {
    const answer = await call(server.url, 'GET', `/${name}`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    expect(answer.body).toEqual(JSON.parse(checkedIn(name)));
  });

  it('are served to everybody: /asyncapi.json, with the address of the request', async () => {
    const answer = await call(server.url, 'GET', '/asyncapi.json');
    const { host } = new URL(server.url);
    const servers = { own: { ...asyncApi.servers.own, host, protocol: 'ws' } };
    expect(answer.body).toEqual({ ...asyncApi, servers });
  });

  it('explain how an unexpected body or query parameter is handled', async () => {
    const { description } = openApi.info as { description: string };
    const statusOf = async (path: string, init?: RequestInit): Promise<number> =>
      (await fetch(`${server.url}/api/v1${path}`, init)).status;
    const ofBody = [
      await statusOf('/auth/logout', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{',
      }),
      await statusOf('/auth/logout', { method: 'POST', body: 'text' }),
    ];
    expect(ofBody).toEqual([400, 415]);
    const documented = /reads and checks a body that a route does not use \(([\d, ]+)\)/.exec(
      description,
    )?.[1];
    expect(documented?.split(', ')).toEqual(expect.arrayContaining(ofBody.map(String)));
    expect(await statusOf('/auth/registration?unknown=1')).toBe(200);
    expect(description).toContain('one that a route does not list is ignored');
  });

  it('put the token of a socket only into `auth`', () => {
    const { accessToken } = asyncApi.components.securitySchemes;
    expect(accessToken.in).not.toMatch(/query|header|cookie/);
    expect(accessToken.description).toContain('`auth`');
  });

  /** Each object in a document, with its path. */
  function* nodesOf(node: unknown, steps: string[] = []): Generator<{ node: Document; steps: string[] }> {
    if (typeof node !== 'object' || node === null) return;
    yield { node, steps };
    for (const [key, value] of Object.entries(node)) yield* nodesOf(value, [...steps, key]);
  }
  const documents = { openapi: openApi, asyncapi: asyncApi };
  const names = ['openapi', 'asyncapi'] as const;

  it.each(names)('have no example that contradicts its schema: %s', (name) => {
    let count = 0;
    const faults: string[] = [];
    const check = (steps: string[], values: unknown[]): void => {
      for (const value of values) {
        count++;
        faults.push(...faultsOf(name, steps, value).map((fault) => `${steps.join('/')}: ${fault}`));
      }
    };
    for (const { node, steps } of nodesOf(documents[name])) {
      if (steps.some((step) => ['example', 'examples'].includes(step))) continue;
      const schemaSteps = 'payload' in node ? [...steps, 'payload'] : [...steps, 'schema'];
      const isHolder =
        node.schema?.type !== undefined || node.schema?.$ref || node.schema?.allOf || node.schema?.anyOf;
      if (isHolder && 'example' in node) check(schemaSteps, [node.example]);
      else if (isHolder && node.examples)
        check(
          schemaSteps,
          Object.values<{ value: unknown }>(node.examples).map(({ value }) => value),
        );
      else if ('payload' in node && Array.isArray(node.examples))
        check(
          schemaSteps,
          (node.examples as { payload: unknown }[]).map(({ payload }) => payload),
        );
      else if (Array.isArray(node.examples)) check(steps, node.examples);
    }
    expect(faults).toEqual([]);
    expect(count).toBeGreaterThan(100);
  });

  it('give an example of each parameter', () => {
    const parameters = [...nodesOf(openApi.paths)].filter(({ node }) => typeof node.in === 'string');
    expect(parameters.length).toBeGreaterThan(50);
    expect(parameters.filter(({ node }) => node.example === undefined).map(({ steps }) => steps)).toEqual([]);
  });

  it('give each successful answer with a body a type, streams included', () => {
    const untyped = [...nodesOf(openApi.paths)].filter(
      ({ node, steps }) =>
        /^2/.test(steps.at(-1)!) && steps.at(-1) !== '204' && steps.at(-2) === 'responses' && !node.content,
    );
    expect(untyped.map(({ steps }) => steps.join(' '))).toEqual(['/api/v1/users/me delete responses 202']);
  });

  it('require a recipient of a friend request, and a title of a group', () => {
    const fits = (schema: string, value: unknown) =>
      faultsOf('openapi', ['components', 'schemas', schema], value).length === 0;
    const id = '019c9d1e-7a52-7c3b-9f04-1d2e3f4a5b6c';
    expect(fits('CreateFriendRequest', {})).toBe(false);
    expect(fits('CreateFriendRequest', { recipientId: id, recipientUsername: 'ben' })).toBe(false);
    expect(fits('CreateFriendRequest', { recipientId: id, recipientUsername: null })).toBe(true);
    expect(fits('CreateFriendRequest', { recipientUsername: 'ben' })).toBe(true);
    expect(fits('CreateConversation', { type: 'group', participantIds: [] })).toBe(false);
    expect(fits('CreateConversation', { type: 'group', title: 'a', participantIds: [] })).toBe(true);
    expect(fits('CreateConversation', { type: 'direct', title: 'a', participantIds: [id] })).toBe(false);
    expect(fits('CreateConversation', { type: 'direct', participantIds: [id] })).toBe(true);
  });

  it('make a body optional only if an empty object is valid', () => {
    const bodies = [...nodesOf(openApi.paths)].filter(({ steps }) => steps.at(-1) === 'requestBody');
    expect(bodies.length).toBeGreaterThan(10);
    for (const { node, steps } of bodies) {
      const json = node.content['application/json'] as { schema: { $ref: string } } | undefined;
      if (!json) continue; // a file is always required
      const { schema } = json;
      const isEmptyFit = faultsOf('openapi', schema.$ref.slice(2).split('/'), {}).length === 0;
      expect([steps.join(' '), node.required]).toEqual([steps.join(' '), !isEmptyFit]);
    }
  });

  it('show typical values in examples: nothing deleted, nobody erased', () => {
    const examples = [...nodesOf(openApi)].filter(
      ({ node, steps }) => steps.includes('example') && 'seq' in node && 'deletedAt' in node,
    );
    expect(examples.length).toBeGreaterThan(3);
    for (const { node } of examples)
      expect(node).toMatchObject({
        body: expect.any(String),
        deletedAt: null,
        editedAt: null,
        replyToId: null,
      });
  });

  it('name each acknowledgement and each part of it, for generated models', () => {
    const messages = Object.values<Document>(asyncApi.components.messages);
    const anonymous = messages.flatMap(({ name, payload }) =>
      [...nodesOf(payload)]
        .filter(({ node, steps }) => node.type === 'object' && !node.title && !steps.includes('properties'))
        .map(() => name),
    );
    expect(anonymous).toEqual([]);
  });

  it.each(names)('name each object and each choice of objects, for generated models: %s', (name) => {
    const isModel = (node: Document): boolean =>
      node.$ref !== undefined || node.properties !== undefined || [node.type].flat().includes('object');
    const anonymous: string[] = [];
    let count = 0;
    for (const { node, steps } of nodesOf(documents[name])) {
      if (steps.some((step) => ['example', 'examples', 'if', 'then'].includes(step))) continue;
      // A field may have the name of a keyword of JSON Schema.
      const isSchema = steps.at(-1) === 'schema' || steps.at(-1) === 'payload' || steps.includes('schemas');
      const within = /^(properties|oneOf|anyOf|allOf|\d+|items|additionalProperties|schemas)$/;
      if (!isSchema && !within.test(steps.at(-2) ?? '') && steps.at(-1) !== 'items') continue;
      if (['properties', 'schemas'].includes(steps.at(-1)!) && steps.at(-2) !== 'properties') continue;
      const choices: Document[] = [node.oneOf, node.anyOf, node.allOf].find(Array.isArray) ?? [];
      const isAnonymous = node.$ref === undefined && (isModel(node) || choices.filter(isModel).length > 1);
      if (isAnonymous) count++;
      if (isAnonymous && !node.title) anonymous.push(steps.join('/'));
    }
    expect(anonymous).toEqual([]);
    expect(count).toBeGreaterThan(60);
  });

  it('give each operation a unique name, because generators make methods of them', () => {
    const names = [...nodesOf(openApi.paths)].flatMap(({ node }) => node.operationId ?? []);
    expect(names.filter((name, place) => names.indexOf(name) !== place)).toEqual([]);
    expect(names.length).toBeGreaterThan(40);
  });

  it('tag routes with words of the product', () => {
    const tags = openApi.tags.map(({ name }: Document) => name);
    for (const word of ['Sessions', 'Users', 'Friends', 'Conversations', 'Messages', 'Server'])
      expect(tags).toContain(word);
    const used = [...nodesOf(openApi.paths)].flatMap(({ node }) => (node.operationId ? node.tags : []));
    expect([...new Set(used)].sort()).toEqual([...tags].sort());
    expect(tags.filter((tag: string) => /Controller|Timeline|CatchUp|Erasing|Documents/.test(tag))).toEqual(
      [],
    );
  });

  it('let pages of other origins read every header that they document', async () => {
    const allowed = await startTestServer({ environment: { CORS_ORIGINS: 'https://chat.example.org' } });
    const { headers } = await call(allowed.url, 'GET', '/health/live', {
      headers: { origin: 'https://chat.example.org' },
    });
    const exposed = headers.get('access-control-expose-headers')!.split(',');
    await allowed.close();
    const always = ['Cache-Control'];
    const documented = Object.keys(openApi.components.headers as object).filter(
      (name) => !always.includes(name),
    );
    expect(exposed).toEqual(
      expect.arrayContaining([...documented, 'ETag', 'Version', 'Parents', 'Current-Version']),
    );
  });

  it('have no path parameter whose dot segments lead to another route', async () => {
    const id = '019c9d1e-7a52-7c3b-9f04-1d2e3f4a5b6c';
    const routes = Object.entries<Document>(openApi.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => ({ method, path })),
    );
    const reached: string[] = [];
    for (const { method, path } of routes) {
      for (const [parameter] of path.matchAll(/\{\w+\}/g)) {
        for (const value of ['..', '%2e%2e', '.', '%2E', '%2e.', 'x/..']) {
          const wanted = path.replace(parameter, value).replaceAll(/\{\w+\}/g, id);
          const { pathname } = new URL(wanted, server.url);
          const isReached = (route: (typeof routes)[0]): boolean =>
            route.method === method && route.path.replaceAll(/\{\w+\}/g, id) === pathname;
          if (routes.some((route) => route.path !== path && isReached(route)))
            reached.push(`${method} ${wanted}`);
        }
      }
    }
    expect(reached).toEqual([]);

    const [ada] = (await signUpAll(server.url, 1)) as [Person];
    const conversation = `/conversations/${await ada.group()}`;
    for (const place of ['messages', 'participants'])
      expect(await ada.call('DELETE', `${conversation}/${place}/%2e%2e`)).toMatchObject({ status: 404 });
    expect(await ada.call('GET', conversation)).toMatchObject({ status: 200 });
  });

  it('can be read at /docs without a script and without anything from another host', async () => {
    const { status, headers, body: page } = await call(server.url, 'GET', '/docs');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(headers.get('content-security-policy')).toContain("script-src 'self'");
    expect(page).not.toMatch(/<script|<link|<img|<iframe|\son\w+=|javascript:|@import|url\(/i);
    for (const [, target] of (page as string).matchAll(/(?:href|src)="([^"]*)"/g)) {
      expect(target).toMatch(/^(#|\/)/);
    }
    for (const path of Object.keys(openApi.paths as object)) expect(page).toContain(`<code>${path}</code>`);
    for (const { name } of Object.values<{ name: string }>(asyncApi.components.messages)) {
      if (!name.endsWith('acknowledged')) expect(page).toContain(`<code>${name}</code>`);
    }
    for (const anchor of (page as string).match(/href="#[^"]+"/g) ?? []) {
      expect(page).toContain(anchor.replace('href="#', 'id="'));
    }
  });
});
