// Starts the built server on Node 24 and lets two people chat with it. The binary comes from the npm registry.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const directory = mkdtempSync(join(tmpdir(), 'xfchat-node24-'));
const binaryPackage = `node-${process.platform}-${process.arch}`;

function run(command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${stderr}`);
  return stdout;
}

function waitFor(child, pattern) {
  return new Promise((resolve, reject) => {
    let output = '';
    const read = (data) => {
      output += data;
      const match = pattern.exec(output);
      if (match) resolve(match[1]);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${output}`)));
  });
}

let server;
try {
  run('npm', ['install', '--no-save', '--no-package-lock', '--prefix', directory, `${binaryPackage}@24`]);
  const node = join(directory, 'node_modules', binaryPackage, 'bin', 'node');
  console.log(`Node ${run(node, ['--version']).trim()}`);

  server = spawn(node, ['bin/start.js'], {
    env: { ...process.env, PORT: '0', DATA_DIR: join(directory, 'data') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const url = await waitFor(server, /XFChat serves at (http:\S+)/);
  process.stdout.write(run(node, ['examples/two-people.mjs', url]));

  const ended = new Promise((resolve) => server.removeAllListeners('exit').once('exit', resolve));
  server.kill('SIGTERM');
  const code = await ended;
  if (code !== 0) throw new Error(`the server ended with ${code} after SIGTERM`);
  console.log('the smoke test on Node 24 passed');
} finally {
  server?.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
}
