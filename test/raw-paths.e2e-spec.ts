import { request as httpRequest } from 'node:http';
import openApi from '../docs/openapi.json';
import { signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';

/** Slashes, backslashes and dot segments that a proxy or a URL parser might decode. */
const VALUES = [
  '..',
  '.',
  '%2e%2e',
  '%2E%2E',
  '.%2e',
  '..%2f..',
  '%2e%2e%2f%2e%2e',
  'x%2f..',
  '%2f',
  '%2F%2F',
  '%5c',
  '..%5c..',
  '%5C%5C',
  '%252e%252e',
  '%252f',
];
const METHODS = ['get', 'put', 'post', 'patch', 'delete'];

describe('paths with encoded slashes, backslashes and dots, sent without normalisation', () => {
  let server: TestServer;
  let ada: Person;
  let conversation: string;
  let message: string;

  beforeAll(async () => {
    server = await startTestServer();
    const [first, ben] = (await signUpAll(server.url, 2)) as [Person, Person];
    ada = first;
    conversation = await ada.group(ben);
    message = (await ada.send(conversation, 'stays')).id;
  });
  afterAll(() => server.close());

  /** Sends the path byte for byte over a socket, because a URL parser would change it. */
  function send(method: string, path: string): Promise<{ status: number; type: string; text: string }> {
    return new Promise((resolve, reject) => {
      const body = METHODS.indexOf(method) % 4 === 0 ? undefined : '{}';
      const { port } = new URL(server.url);
      const headers = {
        authorization: `Bearer ${ada.accessToken}`,
        ...(body && { 'content-type': 'application/json', 'content-length': body.length }),
      };
      const request = httpRequest(
        { host: '127.0.0.1', port, method: method.toUpperCase(), path, headers },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (part: string) => (text += part));
          response.once('end', () =>
            resolve({ status: response.statusCode!, type: response.headers['content-type'] ?? '', text }),
          );
        },
      );
      request.once('error', reject);
      request.end(body);
    });
  }

  const idOf = (parameter: string): string =>
    ({ conversationId: conversation, messageId: message })[parameter] ?? ada.id;

  async function expectRefused(method: string, path: string): Promise<void> {
    const { status, type, text } = await send(method, path);
    const found = { method, path, status, type, text };
    const isProblem = type.startsWith('application/problem+json');
    expect({ ...found, isProblem }).toEqual({ ...found, isProblem: true });
    const { code, instance } = JSON.parse(text) as { code: string; instance: string };
    expect({ ...found, status, code }).toMatchObject(
      status === 400
        ? { code: expect.stringMatching(/^(validation-failed|malformed-request)$/) as string }
        : { status: 404, code: 'not-found' },
    );
    expect(instance).toBe(path);
  }

  const routes = Object.entries<object>(openApi.paths).flatMap(([path, methods]) =>
    Object.keys(methods)
      .filter((method) => METHODS.includes(method) && path.includes('{'))
      .map((method) => ({ method, path })),
  );

  it('are rejected with a problem in each parameter of each route', async () => {
    expect(routes.length).toBeGreaterThan(20);
    for (const { method, path } of routes)
      for (const [hole] of path.matchAll(/\{\w+\}/g))
        for (const value of VALUES) {
          const filled = path.replace(hole, value).replaceAll(/\{(\w+)\}/g, (_, name: string) => idOf(name));
          await expectRefused(method, filled);
        }
    expect(await ada.call('GET', `/conversations/${conversation}/messages/${message}`)).toMatchObject({
      status: 200,
      body: { body: 'stays', deletedAt: null, reactions: [] },
    });
    expect(await ada.call('GET', `/conversations/${conversation}/participants`)).toMatchObject({
      body: { items: [{ leftAt: null }, { leftAt: null }] },
    });
  });

  it('are rejected with a problem in the place of a slash, and outside the routes', async () => {
    for (const slash of ['%2f', '%2F', '%5c', '%5C', '\\', '%252f'])
      for (const path of [
        `/api/v1/conversations/${conversation}/messages`,
        `/api/v1/users/me`,
        '/api/v1/conversations',
        '/health/live',
      ]) {
        const last = path.lastIndexOf('/');
        await expectRefused('get', path.slice(0, last) + slash + path.slice(last + 1));
      }
    for (const path of [
      '/%2fopenapi.json',
      '/%5copenapi.json',
      '/%2e%2e/package.json',
      '/..%2fpackage.json',
      '/assets/..%5c..%5cpackage.json',
      '/assets/%2e%2e%2f%2e%2e%2fpackage.json',
      '/api/v1/users/me/%2e%2e/%2e%2e/conversations',
      '/api/v1/users/../conversations',
    ])
      await expectRefused('get', path);
  });
});
