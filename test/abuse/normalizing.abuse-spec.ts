import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { call } from '../support/api';
import { signUp, type Person } from '../support/people';
import { startTestServer, type TestServer } from '../support/test-server';

interface Schema {
  $ref?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
}
interface Operation {
  requestBody?: { content: Record<string, { schema: Schema }> };
  parameters?: { in: string; name: string }[];
}
const { paths, components } = JSON.parse(
  readFileSync(join(__dirname, '../../docs/openapi.json'), 'utf8'),
) as { paths: Record<string, Record<string, Operation>>; components: { schemas: Record<string, Schema> } };

/** The time to sort these combining marks grows with the square of their number. */
const marks = (count: number): string => `a${'\u0301'.repeat(count)}${'\u0323'.repeat(count)}`;
/** The longest text that is folded has 254 characters of up to two code units each. */
const LONGEST_FOLDED = 508;

const resolved = (schema: Schema): Schema =>
  schema.$ref ? components.schemas[schema.$ref.split('/').at(-1)!]! : schema;

/** A body with one long text in one field; a list contains it once. */
function hostile(schema: Schema): unknown {
  const { properties, items } = resolved(schema);
  if (items) return [hostile(items)];
  if (!properties) return marks(1_000);
  return Object.fromEntries(Object.entries(properties).map(([name, field]) => [name, hostile(field)]));
}

const bodies = Object.entries(paths).flatMap(([path, operations]) =>
  Object.entries(operations).flatMap(([method, { requestBody }]) => {
    const schema = requestBody?.content['application/json']?.schema;
    return schema ? [{ method: method.toUpperCase(), path, body: hostile(schema) }] : [];
  }),
);
const queries = Object.entries(paths).flatMap(([path, { get }]) =>
  (get?.parameters ?? []).flatMap((parameter) =>
    parameter.in === 'query' ? [{ method: 'GET', path, name: parameter.name }] : [],
  ),
);

describe('text that is expensive to normalize', () => {
  let server: TestServer;
  let ada: Person;
  let lengths: number[];

  beforeAll(async () => {
    server = await startTestServer();
    ada = await signUp(server.url);
    const normalize = String.prototype.normalize;
    jest.spyOn(String.prototype, 'normalize').mockImplementation(function (this: string, form) {
      lengths.push(this.length);
      return normalize.call(this, form);
    });
  });
  beforeEach(() => (lengths = []));
  afterAll(async () => {
    jest.restoreAllMocks();
    await server.close();
  });

  const refuses = async (method: string, path: string, body?: unknown): Promise<void> => {
    const target = path.replace(/\{\w+\}/g, '019c0000-0000-7000-8000-000000000000');
    const { status } = await call(server.url, method, target, { token: ada.accessToken, body });
    expect(status).toBe(400);
    expect(Math.max(0, ...lengths)).toBeLessThanOrEqual(LONGEST_FOLDED);
  };

  it('occurs in some of the bodies and queries', () => {
    expect(bodies.length).toBeGreaterThan(10);
    expect(queries.length).toBeGreaterThan(5);
  });

  it.each(bodies)('is rejected for its length first: $method $path', ({ method, path, body }) =>
    refuses(method, path, body),
  );

  it.each(queries)('is rejected for its length first: $method $path?$name', ({ method, path, name }) =>
    refuses(method, `${path}?${name}=${encodeURIComponent(marks(500))}`),
  );
});
