import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from './support/databases';
import { FaultProxy } from './support/fault-proxy';
import { startTestServer, type TestServer } from './support/test-server';
import { until } from './support/until';

const ROOT = join(__dirname, '..');
/** The folder is inside the project, so that the examples find their imports. */
const DIRECTORY = join(ROOT, 'node_modules', '.cache', `clients-guide-${process.pid}`);

const sections = readFileSync(join(ROOT, 'docs/clients.md'), 'utf8')
  .split(/^## /m)
  .slice(1)
  .map((section) => ({
    title: section.split('\n')[0]!,
    program: /```js\n([\s\S]*?)```/.exec(section)?.[1] ?? '',
    output: /```text\n([\s\S]*?)```/.exec(section)?.[1] ?? '',
  }));
const [{ program: beginning }, ...examples] = sections as [(typeof sections)[0], ...typeof sections];

describe('the guide for authors of clients', () => {
  let server: TestServer;
  let proxy: FaultProxy;
  let database: TestDatabase;

  beforeAll(async () => {
    mkdirSync(DIRECTORY, { recursive: true });
    database = await createTestDatabase();
    proxy = await FaultProxy.inFrontOf(database.url);
    server = await startTestServer({
      environment: { CONTACT_POLICY: 'friends' },
      database,
      connectTo: () => proxy.url,
    });
  });
  afterAll(async () => {
    await server.close();
    await proxy.close();
    await database.drop();
    rmSync(DIRECTORY, { recursive: true, force: true });
  });

  it('has an example for each topic', () => {
    expect(sections.length).toBeGreaterThanOrEqual(9);
    expect(examples.filter(({ program, output }) => !program || !output)).toEqual([]);
  });

  it.each(examples)(
    'has an example with the described result: $title',
    async ({ title, program, output }) => {
      const file = join(DIRECTORY, 'example.mjs');
      writeFileSync(file, beginning + program);
      const child = spawn(process.execPath, [file, server.url], { stdio: ['ignore', 'pipe', 'pipe'] });
      let printed = '';
      let complaints = '';
      child.stdout.on('data', (data: Buffer) => (printed += data.toString()));
      child.stderr.on('data', (data: Buffer) => (complaints += data.toString()));
      const ended = until('the end of the example', () => child.exitCode !== null, 30_000);
      if (title === 'When the database is away') {
        await until('its socket', async () => /sockets_connected 1$/m.test(await metrics()));
        proxy.set('refuse');
        await until('a refused message', async () =>
          /socket_commands_total\{event="message:send",outcome="temporarily-unavailable"\}/.test(
            await metrics(),
          ),
        );
        proxy.set('pass');
      }
      await ended;
      expect({ complaints, printed, code: child.exitCode }).toEqual({
        complaints: '',
        printed: output,
        code: 0,
      });
    },
  );

  const metrics = async (): Promise<string> => (await fetch(`${server.url}/metrics`)).text();
});
