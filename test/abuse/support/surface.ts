import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestServer } from '../../support/test-server';

interface Layer {
  route?: { path: string; methods: Record<string, boolean> };
}

/** Every route of the running server, such as `GET /api/v1/users/:userId`. */
export function routesOf({ application }: TestServer): string[] {
  const { stack } = (application.getHttpAdapter().getInstance() as { router: { stack: Layer[] } }).router;
  return stack.flatMap(({ route }) =>
    route ? Object.keys(route.methods).map((method) => `${method.toUpperCase()} ${route.path}`) : [],
  );
}

/** Every socket command. Another test keeps the document complete. */
export function commands(): string[] {
  const document = JSON.parse(readFileSync(join(__dirname, '../../../docs/asyncapi.json'), 'utf8')) as {
    operations: Record<string, { action: string }>;
  };
  return Object.entries(document.operations)
    .filter(([, { action }]) => action === 'receive')
    .map(([name]) => name.replace('receive.', '').replace('.', ':'));
}
