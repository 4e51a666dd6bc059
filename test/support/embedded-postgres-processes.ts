import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client } from 'pg';

export interface HostEvent {
  event: 'log' | 'ready' | 'stopped' | 'failed' | 'interrupted' | 'unhandled' | 'exited';
  pid: number;
  url: string;
  milliseconds: number;
  message: string;
  name: string;
}

/** Waits until the condition holds, and returns its last answer. */
export async function eventually<T>(
  what: string,
  condition: () => T | Promise<T>,
  limit = 30_000,
): Promise<T> {
  const deadline = Date.now() + limit;
  for (;;) {
    const answer = await condition();
    if (answer) return answer;
    if (Date.now() > deadline) throw new Error(`Not within ${limit} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A Node process that runs the embedded PostgreSQL, as `xfchat start` does. */
export class Host {
  readonly events: HostEvent[] = [];
  private readonly child: ChildProcess;

  constructor(
    options: Record<string, unknown>,
    { prefix = [] as string[], uid = process.getuid?.(), gid = process.getgid?.() } = {},
  ) {
    const script = join(__dirname, 'embedded-postgres-process.js');
    const [command = '', ...words] = [...prefix, process.execPath, script, JSON.stringify(options)];
    this.child = spawn(command, words, { uid, gid, detached: true, stdio: ['pipe', 'pipe', 'inherit'] });
    this.child.stdin?.on('error', () => undefined);
    this.child.on('exit', () => this.events.push({ event: 'exited' } as HostEvent));
    createInterface({ input: this.child.stdout! }).on('line', (line) => this.events.push(JSON.parse(line)));
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  has(event: HostEvent['event'], text = ''): HostEvent | undefined {
    return this.events.find((entry) => entry.event === event && (entry.message ?? '').includes(text));
  }

  async waitFor(event: HostEvent['event'], text = ''): Promise<HostEvent> {
    await eventually(
      `${event} ${text} of ${JSON.stringify(this.events)}`,
      () => this.has(event, text) ?? this.has('exited'),
      30_000,
    );
    const found = this.has(event, text);
    if (!found)
      throw new Error(`The process ended without "${event} ${text}": ${JSON.stringify(this.events)}`);
    return found;
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    this.child.kill(signal);
  }

  interruptGroup(): void {
    process.kill(-this.pid, 'SIGINT');
  }

  /** Resolves when PostgreSQL has stopped. The Node process continues. */
  async stopServer(): Promise<HostEvent> {
    this.child.stdin?.write('stop\n');
    return this.waitFor('stopped');
  }

  async stop(): Promise<void> {
    await this.stopServer();
    this.child.stdin?.write('exit\n');
    await this.waitFor('exited');
  }
}

/** A temporary folder, and every process that works in it or names it. */
export class Workspace {
  readonly root: string;

  constructor() {
    this.root = realpathSync(mkdtempSync(join(tmpdir(), 'xfchat-test-')));
    chmodSync(this.root, 0o755);
  }

  path(...names: string[]): string {
    return join(this.root, ...names);
  }

  processes(text = ''): { pid: number; commandLine: string }[] {
    return readdirSync('/proc').flatMap((entry) => {
      if (!/^\d+$/.test(entry) || Number(entry) === process.pid) return [];
      try {
        const commandLine = readFileSync(`/proc/${entry}/cmdline`, 'utf8').replaceAll('\0', ' ');
        const inside = `${readlinkSync(`/proc/${entry}/cwd`)} ${commandLine}`.includes(`${this.root}/`);
        return inside && commandLine.includes(text) ? [{ pid: Number(entry), commandLine }] : [];
      } catch {
        return [];
      }
    });
  }

  async dispose(): Promise<void> {
    await eventually('all processes killed', () => {
      const left = this.processes();
      for (const { pid } of left) killQuietly(pid);
      return left.length === 0;
    });
    rmSync(this.root, { recursive: true, force: true, maxRetries: 5 });
  }
}

export function killQuietly(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}

export function isRunning(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
}

/** Runs one statement on a new connection. */
export async function query(
  url: string,
  text: string,
  values: unknown[] = [],
): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 3000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query(text, values)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Inserts numbers over several connections until they break, and remembers the committed ones. */
export class WriteLoad {
  readonly committed: number[] = [];
  private readonly writers: Promise<void>[];

  constructor(url: string, first: number, connections = 4) {
    this.writers = Array.from({ length: connections }, (_, index) =>
      this.write(url, first + index, connections),
    );
  }

  /** Resolves when every connection has broken. */
  async broken(): Promise<void> {
    await Promise.all(this.writers);
  }

  private async write(url: string, first: number, step: number): Promise<void> {
    const client = new Client({ connectionString: url });
    client.on('error', () => undefined);
    await client.connect();
    try {
      for (let number = first; ; number += step) {
        await client.query('insert into numbers values ($1)', [number]);
        this.committed.push(number);
      }
    } catch {
      await client.end().catch(() => undefined);
    }
  }
}

export function succeeds(
  command: string,
  words: string[],
  account: { uid?: number; gid?: number } = {},
): boolean {
  return spawnSync(command, words, { ...account, cwd: '/' }).status === 0;
}
