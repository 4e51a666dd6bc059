import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';

/** The folder of linters and generators for the documents, with dependencies of their own. */
export const tools = join(import.meta.dirname, '../tools/documents');

const changedAt = (name) => statSync(join(tools, name), { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** Installs what the lock file says, when that is not there. @throws Error */
export function installDocumentTools() {
  if (changedAt('node_modules/.package-lock.json') >= changedAt('package-lock.json')) return;
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: tools,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) throw new Error(`npm ci failed in ${tools}`);
}

if (process.argv[1] === import.meta.filename) installDocumentTools();
