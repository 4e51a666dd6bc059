import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Patch } from './mutant';

/**
 * Applies the patches. @returns the new texts of the changed files, by path
 * @throws Error if a patch does not find its text exactly once
 */
export function patchedFiles(root: string, patches: readonly Patch[]): Map<string, string> {
  const texts = new Map<string, string>();
  for (const { file, find, replace } of patches) {
    const path = join(root, file);
    const text = texts.get(path) ?? readFileSync(path, 'utf8');
    const places = text.split(find).length - 1;
    if (places !== 1) throw new Error(`${file} has ${places} places, not one, that say: ${find}`);
    texts.set(
      path,
      text.replace(find, () => replace),
    );
  }
  return texts;
}
