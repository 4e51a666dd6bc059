import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writtenDocuments } from '../src/written-documents';
import { DirectCommands } from '../src/platform/sockets/direct-commands';
import { PROBLEMS } from '../src/platform/problems/catalogue';
import { call } from './support/api';
import { startTestServer, type TestServer } from './support/test-server';

const checkedIn = (name: string): string => readFileSync(join(__dirname, '../docs', name), 'utf8');
const openApi = JSON.parse(checkedIn('openapi.json'));
const asyncApi = JSON.parse(checkedIn('asyncapi.json'));

describe('the documents of the interface', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  it.each(Object.entries(writtenDocuments()))(
    'are what the code says: docs/%s (`npm run documents` writes it anew)',
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

  it('name every command that does not go through Nest', () => {
    const direct = [...server.application.get(DirectCommands)['handlers'].keys()];
    expect(direct).toContain('message:send');
    const documented = Object.values<{ name: string }>(asyncApi.components.messages).map(({ name }) => name);
    expect(documented).toEqual(expect.arrayContaining(direct));
  });

  it('know every problem code', () => {
    expect(openApi.components.schemas.Problem.properties.code.enum).toEqual(Object.keys(PROBLEMS));
    expect(asyncApi.components.schemas.Problem).toEqual(openApi.components.schemas.Problem);
  });

  it.each(['openapi.json', 'asyncapi.json'])('are served to everybody: /%s', async (name) => {
    const answer = await call(server.url, 'GET', `/${name}`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    expect(answer.body).toEqual(JSON.parse(checkedIn(name)));
  });

  it('can be read at /docs without a script and without anything from elsewhere', async () => {
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
