import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';

/** A folder of `tools`. Each has its own dependencies. */
export const toolsIn = (name) => join(import.meta.dirname, '../tools', name);

/** Installs the packages of the folder's lock file, if they are missing. @throws Error when npm fails */
export function installTools(folder) {
  const changedAt = (name) => statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (changedAt('node_modules/.package-lock.json') >= changedAt('package-lock.json')) return;
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) throw new Error(`npm ci failed in ${folder}`);
}
