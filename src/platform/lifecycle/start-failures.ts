import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const NAME = 'start-failures';

/**
 * How many starts have failed so far. A failed start cannot be scraped, so it stores a count for the next server
 * that starts. 0 when nothing could be written.
 */
export async function countStartFailures(folder: string): Promise<number> {
  const text = await readFile(join(folder, NAME), 'utf8').catch(() => '');
  return /^\d{1,9}\n$/.test(text) ? Number(text) : 0;
}

/** Never rejects, and makes no folder, so that the reason of the failed start stays the only error. */
export async function recordStartFailure(folder: string): Promise<void> {
  const count = await countStartFailures(folder);
  await writeFile(join(folder, NAME), `${count + 1}\n`).catch(() => undefined);
}
