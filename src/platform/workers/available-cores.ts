import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

const QUOTA_FILE = '/sys/fs/cgroup/cpu.max';

/**
 * How many cores this process may use. Node ignores the quota of a container (`resources.limits.cpu`), so a
 * container with two of 64 cores would get 64 workers.
 */
export function availableCores(cores = availableParallelism(), quota = readQuota()): number {
  const [limit, period] = quota.trim().split(' ').map(Number);
  if (!limit || !period) return cores; // no file, or "max": no quota
  return Math.max(1, Math.min(cores, Math.floor(limit / period)));
}

/** `<microseconds> <period>`, or `max <period>`; empty without control groups of version 2. */
function readQuota(): string {
  try {
    return readFileSync(QUOTA_FILE, 'utf8');
  } catch {
    return '';
  }
}
