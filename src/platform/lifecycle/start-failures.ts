import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const NAME = 'start-failures';

/**
 * How many starts have failed so far, ever. A server that does not start can be asked nothing, so it leaves a number
 * behind for the one that does. 0 where nothing could be written.
 */
export async function countStartFailures(folder: string): Promise<number> {
  const text = await readFile(join(folder, NAME), 'utf8').catch(() => '');
  return /^\d{1,9}\n$/.test(text) ? Number(text) : 0;
}

/** Never rejects, and makes no folder: why the start has failed is what people want to read. */
export async function recordStartFailure(folder: string): Promise<void> {
  const count = await countStartFailures(folder);
  await writeFile(join(folder, NAME), `${count + 1}\n`).catch(() => undefined);
}
