import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './until';

const BEGINNING = 100_000;
/** The number of workers of each server, as in `TEST_WORKERS=2 npm run test:guarantees`. */
const { TEST_WORKERS } = process.env;
const WORKERS = TEST_WORKERS === undefined ? {} : { WORKERS: TEST_WORKERS };
const PROGRAM = join(__dirname, '../../dist/cli.js');

interface Options {
  environment: Record<string, string>;
  /** Words before the program, such as `sh -c 'ulimit …; exec "$@"' sh`. */
  prefix?: string[];
  nodeOptions?: string[];
  /** The working folder with the data; by default a new folder, which `close` removes. */
  directory?: string;
  /** Runs this build instead of the one of this tree. */
  program?: string | undefined;
  /** Runs the server in its own process group, which `signalGroup` reaches. */
  isGroup?: boolean;
}

/** The built server as a process. */
export class ServerProcess {
  private output = '';
  private address: string | undefined;

  private constructor(
    private readonly child: ChildProcess,
    private readonly ownDirectory: string | undefined,
  ) {
    for (const stream of [child.stdout!, child.stderr!])
      stream.on('data', (data: Buffer) => {
        this.output += data.toString();
        // Search the beginning of the output only, where this line appears if at all.
        if (this.output.length < BEGINNING)
          this.address ??= /XFChat serves at (http:\S+)/.exec(this.output)?.[1];
      });
  }

  /** Starts the process without waiting until it serves. */
  static spawn({
    environment,
    prefix = [],
    nodeOptions = [],
    directory: given,
    program = PROGRAM,
    isGroup = false,
  }: Options): ServerProcess {
    const directory = given ?? mkdtempSync(join(tmpdir(), 'xfchat-process-'));
    const [command, ...words] = [...prefix, process.execPath, ...nodeOptions, program, 'start'];
    const child = spawn(command!, words, {
      cwd: directory,
      detached: isGroup,
      env: {
        PATH: process.env.PATH,
        NODE_ENV: 'test',
        PORT: '0',
        HOST: '127.0.0.1',
        DATA_DIR: directory,
        RATE_LIMITS: 'off',
        ...WORKERS,
        ...environment,
      },
    });
    return new ServerProcess(child, given === undefined ? directory : undefined);
  }

  /** Starts the process and waits until it serves. */
  static async start(options: Options): Promise<ServerProcess> {
    const server = ServerProcess.spawn(options);
    await until('the server to serve', () => server.address ?? server.hasEnded, 60_000);
    if (!server.address) throw new Error(`the server ended: ${server.output}`);
    return server;
  }

  get url(): string {
    if (!this.address) throw new Error(`it does not serve: ${this.output}`);
    return this.address;
  }

  get log(): string {
    return this.output;
  }

  get serves(): boolean {
    return this.address !== undefined;
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** The resident memory, in bytes. */
  get memoryBytes(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) * 1024;
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Sends a signal to the whole process group, as Ctrl-C in a terminal or systemd does. */
  signalGroup(name: NodeJS.Signals): void {
    process.kill(-this.pid, name);
  }

  /** The exit code, or the signal that ended it. */
  async ended(): Promise<number | string> {
    await until('the server to end', () => this.hasEnded, 60_000);
    return this.child.exitCode ?? this.child.signalCode!;
  }

  async close(): Promise<void> {
    this.signal('SIGCONT');
    this.signal('SIGTERM');
    await this.ended();
    if (this.ownDirectory) rmSync(this.ownDirectory, { recursive: true, force: true });
  }
}
