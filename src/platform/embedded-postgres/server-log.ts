import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Cluster } from './cluster';

const largestKeptBytes = 32 * 1024 * 1024;
const tailBytes = 2000;

/** One file per weekday in `data/log`. PostgreSQL's own collector writes it, so it works without Node. */
export const logSettings: Record<string, string> = {
  logging_collector: 'on',
  log_directory: 'log',
  log_filename: 'postgres-%a.log',
  log_rotation_age: '1d',
  log_rotation_size: '0',
  log_truncate_on_rotation: 'on',
  log_line_prefix: '%m [%p] ',
  log_timezone: 'UTC',
  // The details of a rejected row would write messages of users into the log.
  log_error_verbosity: 'terse',
};

/**
 * Bounds the log for a server that never runs at midnight, when PostgreSQL itself empties the file of a week ago.
 * Removes files older than six days and empties those over 32 MiB.
 */
export function pruneServerLog(cluster: Cluster, now = Date.now()): void {
  for (const file of logFiles(cluster)) {
    const { mtimeMs, size } = statSync(file);
    if (now - mtimeMs > 6 * 24 * 3600 * 1000) rmSync(file, { force: true });
    else if (size > largestKeptBytes) truncateSync(file);
  }
}

/** Records the current end of the log, so that a failed start shows only its own lines. */
export function markServerLog(cluster: Cluster): () => string {
  const sizes = new Map(logFiles(cluster).map((file) => [file, statSync(file).size]));
  return () =>
    [cluster.startLog, ...logFiles(cluster)]
      .map((file) => readTail(file, sizes.get(file) ?? 0))
      .filter((text) => text !== '')
      .join('\n');
}

function logFiles(cluster: Cluster): string[] {
  const folder = join(cluster.dataFolder, 'log');
  try {
    return readdirSync(folder)
      .filter((name) => /^postgres-\w+\.log$/.test(name))
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}

/** The last 2000 bytes that were written after `from`. */
function readTail(file: string, from: number): string {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW);
    const { size } = fstatSync(descriptor);
    const start = Math.max(from, size - tailBytes);
    const buffer = Buffer.alloc(Math.max(0, size - start));
    readSync(descriptor, buffer, 0, buffer.length, start);
    return buffer.toString('utf8').trim();
  } catch {
    return '';
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
