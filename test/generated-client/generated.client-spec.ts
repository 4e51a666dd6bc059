import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startTestServer, type TestServer } from '../support/test-server';

const ROOT = join(__dirname, '../..');
const TOOLS = join(ROOT, 'tools/documents');
/** The folder is inside the tools, so that the imports of the client are found. */
const DIRECTORY = join(TOOLS, 'node_modules/.cache', `generated-client-${process.pid}`);
const CHECKED = ['--strict', '--noUncheckedIndexedAccess', '--module', 'nodenext', '--target', 'es2023'];
const WITH_NODE = ['--types', 'node', '--typeRoots', join(ROOT, 'node_modules/@types'), '--skipLibCheck'];

/** Runs a program to its end without blocking the server. */
function run(
  cwd: string,
  file: string,
  ...parameters: string[]
): Promise<{ failed: boolean; output: string }> {
  return new Promise((resolve) =>
    execFile(process.execPath, [file, ...parameters], { cwd }, (error, stdout, stderr) =>
      resolve({ failed: error !== null, output: stdout + stderr }),
    ),
  );
}

/** Generates types from a document and compiles the client with them. */
async function compile(document: string): ReturnType<typeof run> {
  writeFileSync(join(DIRECTORY, 'openapi.json'), document);
  const generator = join(TOOLS, 'node_modules/openapi-typescript/bin/cli.js');
  expect(await run(DIRECTORY, generator, 'openapi.json', '--output', 'generated.ts')).toMatchObject({
    failed: false,
  });
  return run(
    DIRECTORY,
    join(TOOLS, 'node_modules/typescript/bin/tsc'),
    ...CHECKED,
    ...WITH_NODE,
    'client.ts',
  );
}

describe('a client that is generated from docs/openapi.json', () => {
  const document = readFileSync(join(ROOT, 'docs/openapi.json'), 'utf8');
  let server: TestServer;

  beforeAll(async () => {
    expect(await run(ROOT, join(ROOT, 'scripts/document-tools.mjs'))).toMatchObject({ failed: false });
    mkdirSync(DIRECTORY, { recursive: true });
    copyFileSync(join(TOOLS, 'client.ts'), join(DIRECTORY, 'client.ts'));
    writeFileSync(join(DIRECTORY, 'package.json'), '{"type": "module"}');
    server = await startTestServer();
  }, 300_000);
  afterAll(async () => {
    await server.close();
    rmSync(DIRECTORY, { recursive: true, force: true });
  });

  it('compiles, signs up, signs in and sends', async () => {
    expect(await compile(document)).toEqual({ failed: false, output: '' });
    const { failed, output } = await run(
      DIRECTORY,
      'client.js',
      server.url,
      'generated',
      'a password nobody else has',
    );
    expect({ failed, output }).toEqual({ failed: false, output: expect.stringMatching(/^\{.*\}\n$/) });
    const { userId, sent, history, refused } = JSON.parse(output);
    expect({ history, refused }).toEqual({
      history: ['#1 from a generated client'],
      refused: 'validation-failed',
    });
    const rows = await server.dataSource.query(
      'select id, seq::int, body from chat_messages where sender_id = $1',
      [userId],
    );
    expect(rows).toEqual([sent]);
  }, 300_000);

  it('does not compile when the document differs', async () => {
    const { failed, output } = await compile(document.replaceAll('"accessToken"', '"token"'));
    expect(failed).toBe(true);
    expect(output).toContain("Property 'accessToken' does not exist");
  }, 300_000);
});
