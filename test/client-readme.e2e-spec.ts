import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startTestServer } from './support/test-server';

const ROOT = join(__dirname, '..');
const README = readFileSync(join(ROOT, 'client/README.md'), 'utf8');
/** Inside the project, so that what the example imports is found. */
const DIRECTORY = join(ROOT, 'node_modules', '.cache', `client-readme-${process.pid}`);

describe('the README of the client', () => {
  afterAll(() => rmSync(DIRECTORY, { recursive: true, force: true }));

  it('has an example that does what it says, with the package as it is built', async () => {
    const build = spawnSync('npm', ['run', 'build', '--workspace', 'client'], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    expect({ status: build.status, output: build.status ? build.stdout + build.stderr : '' }).toEqual({
      status: 0,
      output: '',
    });
    mkdirSync(DIRECTORY, { recursive: true });
    const file = join(DIRECTORY, 'hello.mjs');
    writeFileSync(file, /```js\n([\s\S]*?)```/.exec(README)![1]!);
    const server = await startTestServer({ environment: { CONTACT_POLICY: 'friends' } });
    try {
      const run = await promisify(execFile)(process.execPath, [file, server.url]);
      expect(run).toEqual({ stdout: /```text\n([\s\S]*?)```/.exec(README)![1], stderr: '' });
    } finally {
      await server.close();
    }
  });
});
