import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { ClientStorage } from './storage.ts';

const SUFFIX = '.json';
const LOCK = 'lock-';
/** The lock file of a process that uses the directory or wants to. Files of keys have a dot in their names. */
const IS_LOCK = /^lock-[\w-]+$/;
/** Names of the locks that this process holds. A lock of an earlier process may have the same pid. */
const held = new Set<string>();

/** The process that uses a directory. */
interface Owner {
  readonly pid: number;
  /** The start time of the process. It tells processes with the same pid apart; empty if the system does not report it. */
  readonly startedAt: string;
  readonly host: string;
  readonly name: string;
}

/**
 * Keeps everything in a directory, one file for each key; for programs on Node. A write is on disk when it resolves. It goes
 * to a temporary file, which is flushed and then renamed, so a crash leaves either the old or the new value. One process at
 * a time uses a directory.
 */
export class FileStorage implements ClientStorage {
  private readonly own: Owner = {
    pid: process.pid,
    startedAt: '',
    host: hostname(),
    name: randomUUID(),
  };
  /** Resolves with the last operation. Operations run one after the other. */
  private last: Promise<unknown> = Promise.resolve();
  private isOpen = false;

  /** @param directory is created if it is missing; only this user of the system can read it */
  constructor(private readonly directory: string) {}

  /** @throws Error when another process uses the directory, or it cannot be read */
  get(key: string): Promise<unknown> {
    return this.run(async () => {
      const text = await read(this.fileOf(key));
      return text === undefined ? undefined : (JSON.parse(text) as unknown);
    });
  }

  /** @throws Error when another process uses the directory, or it cannot be written */
  set(key: string, value: unknown): Promise<void> {
    const text = JSON.stringify(value); // before the operation waits: the caller may change the value afterwards
    return this.run(async () => {
      await writeDurably(this.fileOf(key), text);
      await flushDirectory(this.directory);
    });
  }

  /** @throws Error as `set` */
  delete(key: string): Promise<void> {
    return this.run(async () => {
      await rm(this.fileOf(key), { force: true });
      await flushDirectory(this.directory);
    });
  }

  /** @throws Error as `get` */
  keys(prefix: string): Promise<string[]> {
    return this.run(async () => {
      const names = (await readdir(this.directory)).filter((name) => name.endsWith(SUFFIX));
      const keys = names.map((name) => decodeURIComponent(name.slice(0, -SUFFIX.length)));
      return keys.filter((key) => key.startsWith(prefix));
    });
  }

  /** Releases the directory for another process. The end of this process releases it, too. */
  async close(): Promise<void> {
    await this.last;
    if (!this.isOpen) return;
    this.isOpen = false;
    await this.unlock();
  }

  private run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.last.then(async () => {
      if (!this.isOpen) await this.open();
      return work();
    });
    this.last = result.catch(() => undefined);
    return result;
  }

  /** Writes its own lock before it reads the others. So at most one of two processes that begin at once finds no other. */
  private async open(): Promise<void> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    const own = { ...this.own, startedAt: await startOf(process.pid) };
    held.add(own.name);
    try {
      await writeFile(this.lock, JSON.stringify(own), { flag: 'wx', mode: 0o600 });
      await this.refuseOthers();
    } catch (error) {
      await this.unlock();
      throw error;
    }
    this.isOpen = true;
    await this.sweep();
  }

  /** @throws Error when another process uses the directory. Locks of processes that are gone are deleted. */
  private async refuseOthers(): Promise<void> {
    const names = (await readdir(this.directory)).filter((name) => IS_LOCK.test(name));
    for (const name of names) {
      const file = join(this.directory, name);
      if (file === this.lock) continue;
      const owner = await readOwner(file);
      if (owner && (await isAlive(owner))) throw new Error(inUse(this.directory, owner, name));
      await rm(file, { force: true });
    }
  }

  private async unlock(): Promise<void> {
    held.delete(this.own.name);
    await rm(this.lock, { force: true });
  }

  private get lock(): string {
    return join(this.directory, `${LOCK}${this.own.name}`);
  }

  /** Deletes the temporary files that a crash during a write has left. */
  private async sweep(): Promise<void> {
    const names = (await readdir(this.directory)).filter((name) => name.endsWith('.tmp'));
    for (const name of names) await rm(join(this.directory, name), { force: true });
  }

  private fileOf(key: string): string {
    return join(this.directory, `${encodeURIComponent(key).replaceAll('*', '%2A')}${SUFFIX}`);
  }
}

async function read(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function writeDurably(file: string, text: string): Promise<void> {
  const temporary = `${file}.${randomUUID()}.tmp`;
  const handle = await open(temporary, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
}

/** Flushes the directory, because a rename is durable only then. Windows cannot open a directory, and does not need this. */
async function flushDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(directory, 'r');
  await handle.sync().finally(() => handle.close());
}

/** @returns undefined for an incomplete lock: its writer has crashed, or will read our lock after writing its own */
async function readOwner(file: string): Promise<Owner | undefined> {
  try {
    return JSON.parse((await read(file)) ?? '') as Owner;
  } catch {
    return undefined;
  }
}

/** Whether the process still runs. A process on another host cannot be checked, so it counts as alive. */
async function isAlive({ pid, startedAt, host, name }: Owner): Promise<boolean> {
  if (host !== hostname()) return true;
  if (pid === process.pid) return held.has(name);
  try {
    process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
  return startedAt === '' || startedAt === (await startOf(pid));
}

/** The start time of a process, in ticks since the boot; empty if the system has no `/proc`. */
async function startOf(pid: number): Promise<string> {
  const text = await read(`/proc/${pid}/stat`).catch(() => undefined);
  // The name of the program may contain spaces and parentheses; the fields after it do not.
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

const codeOf = (error: unknown): unknown => (error as NodeJS.ErrnoException).code;
const inUse = (directory: string, { pid, host }: Owner, lock: string): string =>
  `${directory} is in use by process ${pid} on ${host}. If that process is gone, delete the file ${lock} in it.`;
