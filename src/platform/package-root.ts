import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The folder of `package.json`, which also has the data files that are read at run time. It is searched from here
 * upwards, because this file may be a source, compiled, or part of the bundle.
 */
export const PACKAGE_ROOT = folderAbove(__dirname);

function folderAbove(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  if (folder === dirname(folder)) throw new Error(`There is no package.json above ${__dirname}.`);
  return folderAbove(dirname(folder));
}
