import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { signUpAll, type Person } from '../support/people';
import { startTestServer } from '../support/test-server';

const ROOT = join(__dirname, '../..');
/** Inside the project, so that what the examples import is found. */
const DIRECTORY = join(ROOT, 'node_modules', '.cache', `braid-guide-${process.pid}`);

it('the examples of docs/braid.md do what they say', async () => {
  const guide = readFileSync(join(ROOT, 'docs/braid.md'), 'utf8');
  const blocks = (kind: string): string =>
    [...guide.matchAll(new RegExp(`\`\`\`${kind}\n([\\s\\S]*?)\`\`\``, 'g'))]
      .map(([, text]) => text)
      .join('');
  mkdirSync(DIRECTORY, { recursive: true });
  const file = join(DIRECTORY, 'example.mjs');
  // The client tells the console of itself.
  writeFileSync(file, `console.debug = () => undefined;\n${blocks('js')}`);
  const server = await startTestServer();
  const [ada] = (await signUpAll(server.url, 1)) as [Person];
  const timeline = `${server.url}/api/v1/conversations/${await ada.group()}/messages`;
  const { id } = await ada.send(timeline.split('/').at(-2)!, 'one');
  const words = [file, `${timeline}/${id}`, timeline, ada.accessToken];
  const { stdout } = await promisify(execFile)(process.execPath, words, { timeout: 60_000 });
  expect(stdout).toBe(blocks('text'));
  await server.close();
  rmSync(DIRECTORY, { recursive: true, force: true });
}, 120_000);
