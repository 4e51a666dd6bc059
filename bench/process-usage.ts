import { readdirSync, readFileSync } from 'node:fs';

/** The kernel's unit of processor time (`getconf CLK_TCK`): 100 per second on every Linux that Node supports. */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4_096;

export interface Usage {
  /** Processor time so far of the process and all its descendants, ended ones included; in seconds. */
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

interface Entry {
  readonly parent: number;
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

/** Reads the usage of a process and its descendants from /proc of Linux. */
export function usageOf(pid: number): Usage {
  const entries = new Map<number, Entry>();
  for (const name of readdirSync('/proc')) {
    const entry = /^\d+$/.test(name) ? read(name) : undefined;
    if (entry) entries.set(Number(name), entry);
  }
  const family = new Set([pid]);
  for (let size = 0; size !== family.size;) {
    size = family.size;
    for (const [id, { parent }] of entries) if (family.has(parent)) family.add(id);
  }
  let cpuSeconds = 0;
  let residentBytes = 0;
  for (const id of family) {
    cpuSeconds += entries.get(id)?.cpuSeconds ?? 0;
    residentBytes += entries.get(id)?.residentBytes ?? 0;
  }
  return { cpuSeconds, residentBytes };
}

function read(pid: string): Entry | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [, parent] = fields;
    const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + fields[index]!, 0);
    return {
      parent: parent!,
      cpuSeconds: ticks / TICKS_PER_SECOND,
      residentBytes: fields[21]! * PAGE_BYTES,
    };
  } catch {
    return undefined; // the process has ended meanwhile
  }
}
