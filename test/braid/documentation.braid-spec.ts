import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { signUpAll, type Person } from '../support/people';
import { startTestServer } from '../support/test-server';

const ROOT = join(__dirname, '../..');
/** The folder is inside the project, so that Node finds the imports of the examples. */
const DIRECTORY = join(ROOT, 'node_modules', '.cache', `braid-guide-${process.pid}`);

it('the examples of docs/braid.md have the documented results', async () => {
  const guide = readFileSync(join(ROOT, 'docs/braid.md'), 'utf8');
  const blocks = (kind: string): string =>
    [...guide.matchAll(new RegExp(`\`\`\`${kind}\n([\\s\\S]*?)\`\`\``, 'g'))]
      .map(([, text]) => text)
      .join('');
  mkdirSync(DIRECTORY, { recursive: true });
  const file = join(DIRECTORY, 'example.mjs');
  // The client logs to the console.
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
