import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The folder of `package.json`, with what is read at run time and is no code beside it. It is looked for from here upwards,
 * since this file may be a source, compiled, or a part of the one file that the build makes of all.
 */
export const PACKAGE_ROOT = folderAbove(__dirname);

function folderAbove(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  if (folder === dirname(folder)) throw new Error(`There is no package.json above ${__dirname}.`);
  return folderAbove(dirname(folder));
}
