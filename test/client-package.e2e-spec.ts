import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startTestServer } from './support/test-server';

const ROOT = join(__dirname, '..');
const CLIENT = join(ROOT, 'client');
const README = readFileSync(join(CLIENT, 'README.md'), 'utf8');
const MODULES = join(ROOT, 'node_modules');

/** The environment without the variables that npm sets for scripts of this project. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_ENV|NODE_OPTIONS)/i.test(name)),
);
const run = (cwd: string, file: string, ...parameters: string[]) =>
  promisify(execFile)(file, parameters, { cwd, env: environment, timeout: 240_000 });
const manifestOf = (directory: string): Record<string, never> =>
  JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));

/** The installed folders of a package and all its dependencies. */
function closureOf(directory: string, found = new Set<string>()): Set<string> {
  for (const name of Object.keys((manifestOf(directory).dependencies ?? {}) as object)) {
    const own = join(directory, 'node_modules', name);
    const place = existsSync(own) ? own : join(MODULES, name);
    if (!found.has(place)) closureOf(place, found.add(place));
  }
  return found;
}

describe('the packed client', () => {
  let directory: string;
  let installed: string;

  /** Packs, and installs from tarballs alone, so that no registry is asked. */
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'xfchat-package-'));
    const pack = async (place: string, ...options: string[]): Promise<string> => {
      const parameters = ['pack', place, '--json', '--pack-destination', directory, ...options];
      const { stdout } = await run(ROOT, 'npm', ...parameters);
      const [packed] = JSON.parse(stdout.slice(stdout.indexOf('['))) as { filename: string }[];
      return `./${packed!.filename}`;
    };
    const tarballs = [await pack(CLIENT)];
    for (const place of closureOf(CLIENT)) tarballs.push(await pack(place, '--ignore-scripts'));
    writeFileSync(join(directory, 'package.json'), '{"name": "application", "private": true}');
    await run(directory, 'npm', 'install', '--offline', '--no-audit', '--no-fund', ...tarballs);
    installed = join(directory, 'node_modules/@xfchat/client');
  }, 300_000);
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('contains the files of its manifest, its licence and its README, and no tests', () => {
    const { exports, license, repository } = manifestOf(installed) as Record<string, unknown>;
    const named = Object.values(exports as Record<string, string | Record<string, string>>).flatMap(
      (entry) => (typeof entry === 'string' ? [entry] : Object.values(entry)),
    );
    expect(named.filter((file) => !existsSync(join(installed, file)))).toEqual([]);
    expect(named.length).toBeGreaterThanOrEqual(9);
    expect({ license, repository }).toMatchObject({ license: 'MIT', repository: { directory: 'client' } });
    const files = readdirSync(installed, { recursive: true }) as string[];
    expect(files).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'package.json']));
    expect(files.filter((file) => /\.spec\./.test(file))).toEqual([]);
  }, 300_000);

  it('runs the example of its README as an ES module', async () => {
    writeFileSync(join(directory, 'hello.mjs'), /```js\n([\s\S]*?)```/.exec(README)![1]!);
    const server = await startTestServer({ environment: { CONTACT_POLICY: 'friends' } });
    try {
      const { stdout, stderr } = await run(directory, process.execPath, 'hello.mjs', server.url);
      expect({ stdout, stderr }).toEqual({ stdout: /```text\n([\s\S]*?)```/.exec(README)![1], stderr: '' });
    } finally {
      await server.close();
    }
  }, 300_000);

  it('is required from CommonJS, with each of its entries', async () => {
    const program = `
      const { XFChatClient } = require('@xfchat/client');
      const { FileStorage } = require('@xfchat/client/file');
      const { IndexedDbStorage } = require('@xfchat/client/indexed-db');
      const client = new XFChatClient({ url: 'http://localhost:1', storage: new FileStorage('state') });
      client.resume().then((user) => console.log(user, typeof IndexedDbStorage));`;
    writeFileSync(join(directory, 'program.cjs'), program);
    expect(await run(directory, process.execPath, 'program.cjs')).toEqual({
      stdout: 'undefined function\n',
      stderr: '',
    });
  }, 300_000);

  it('compiles in a strict TypeScript project, with the examples of its README', async () => {
    const source = `
      import { XFChatClient, type Conversation, type OutgoingMessage } from '@xfchat/client';
      import { FileStorage } from '@xfchat/client/file';
      import { IndexedDbStorage } from '@xfchat/client/indexed-db';
      const client = new XFChatClient({ url: 'https://chat.example.org', storage: new FileStorage('state') });
      export const shown = (conversation: Conversation): readonly OutgoingMessage[] => conversation.outgoing;
      export const other = (): IndexedDbStorage => new IndexedDbStorage();
      // @ts-expect-error a message has a text
      client.conversations[0]?.send({ type: 'text' });`;
    const examples = [...README.matchAll(/```ts\n(import [\s\S]*?)```/g)].map(([, example]) => example!);
    expect(examples.length).toBeGreaterThanOrEqual(3);
    const files = [source, ...examples].map((text, index) => {
      writeFileSync(join(directory, `application-${index}.mts`), text);
      return `application-${index}.mts`;
    });
    for (const resolution of [
      ['--module', 'nodenext'],
      ['--module', 'esnext', '--moduleResolution', 'bundler'],
    ]) {
      const checks = ['--strict', '--noEmit', '--target', 'es2022', '--lib', 'es2022,dom'];
      const compiler = createRequire(join(ROOT, 'package.json')).resolve('typescript/bin/tsc');
      const result = await run(directory, process.execPath, compiler, ...checks, ...resolution, ...files);
      expect(result.stdout).toBe('');
    }
  }, 300_000);

  it('is bundled for browsers by Vite', async () => {
    const project = join(directory, 'page');
    mkdirSync(project, { recursive: true });
    writeFileSync(join(project, 'index.html'), '<script type="module" src="/main.js"></script>');
    writeFileSync(
      join(project, 'main.js'),
      `import { XFChatClient } from '@xfchat/client';
       import { IndexedDbStorage } from '@xfchat/client/indexed-db';
       window.client = new XFChatClient({ url: location.origin, storage: new IndexedDbStorage() });`,
    );
    const vite = join(MODULES, 'vite/bin/vite.js');
    const { stderr } = await run(project, process.execPath, vite, 'build', '--logLevel', 'warn');
    expect(stderr).toBe('');
    const assets = join(project, 'dist/assets');
    const [bundle] = readdirSync(assets).filter((name) => name.endsWith('.js'));
    const text = readFileSync(join(assets, bundle!), 'utf8');
    expect(text).toContain('/api/v1');
    expect(text).not.toMatch(/node:fs|require\(/);
  }, 300_000);
});
