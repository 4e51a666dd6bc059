import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { freePort } from '../../support/free-port';
import { until } from '../../support/until';

const PROGRAM = join(__dirname, '../../../dist/cli.js');

/** A server as a process of its own, which can be killed. It keeps its port over all its lives. */
export class ServerProcess {
  private child: ChildProcess | undefined;
  private output = '';

  private constructor(
    readonly port: number,
    private readonly directory: string,
    private readonly environment: Record<string, string>,
    private readonly program: string,
  ) {}

  /** Begins to serve on a port that nobody uses. */
  static async start(
    directory: string,
    environment: Record<string, string>,
    program = PROGRAM,
  ): Promise<ServerProcess> {
    const server = new ServerProcess(await freePort(), directory, environment, program);
    await server.start();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    this.output = '';
    const child = spawn(process.execPath, [this.program, 'start'], {
      cwd: this.directory,
      env: {
        PATH: process.env.PATH,
        PORT: String(this.port),
        HOST: '127.0.0.1',
        DATA_DIR: join(this.directory, `data-${this.port}`),
        AUTH_SECRET: 'the-servers-of-a-test-share-this-secret-0123456789',
        RATE_LIMITS: 'off',
        CONTACT_POLICY: 'open',
        LOG_LEVEL: 'warn',
        ...this.environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data: Buffer) => (this.output = (this.output + data.toString()).slice(-1_000_000)));
    await until(
      'the server to serve',
      async () => {
        if (child.exitCode !== null) throw new Error(`the server has ended: ${this.output}`);
        await new Promise((resolve) => setTimeout(resolve, 40)); // asking costs the machine, too
        return (await fetch(`${this.url}/health/ready`).catch(() => undefined))?.ok;
      },
      120_000,
    );
  }

  /** With no time for a last word. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** As an operator does. @returns the exit code */
  async stop(): Promise<number | null> {
    await this.end('SIGTERM');
    return this.child?.exitCode ?? null;
  }

  /** Stops it where it is; for others it has fallen silent. */
  freeze(): void {
    this.child?.kill('SIGSTOP');
  }

  resume(): void {
    this.child?.kill('SIGCONT');
  }

  /** What it has said of late. */
  get lastWords(): string {
    return this.output;
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    child.kill('SIGCONT'); // one that is frozen hears no SIGTERM
    await once(child, 'exit');
  }
}
