import { join } from 'node:path';
import { freePort } from '../../support/free-port';
import { ServerProcess } from '../../support/server-process';
import { until } from '../../support/until';

/** More than this of what a server has said is of no use to anybody. */
const LAST_WORDS = 1_000_000;

/** Signs the tokens of all servers that these tests start, so that each server knows the sessions of the others. */
export const AUTH_SECRET = 'the-servers-of-a-test-share-this-secret-0123456789';

/** A server that can be killed and started again. It keeps its port over all its lives. */
export class RestartableServer {
  private life: ServerProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly directory: string,
    private readonly environment: Record<string, string>,
    private readonly program: string | undefined,
  ) {}

  /** Begins to serve on a port that nobody uses. */
  static async start(
    directory: string,
    environment: Record<string, string>,
    program?: string,
  ): Promise<RestartableServer> {
    const server = new RestartableServer(await freePort(), directory, environment, program);
    await server.start();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const life = ServerProcess.spawn({
      directory: this.directory,
      program: this.program,
      environment: {
        PORT: String(this.port),
        DATA_DIR: join(this.directory, `data-${this.port}`),
        AUTH_SECRET,
        CONTACT_POLICY: 'open',
        LOG_LEVEL: 'warn',
        ...this.environment,
      },
    });
    this.life = life;
    await until(
      'the server to serve',
      async () => {
        if (life.hasEnded) throw new Error(`the server has ended: ${this.lastWords}`);
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

  /** As an operator does. @returns the exit code; null when a signal ended it */
  async stop(): Promise<number | null> {
    const ending = await this.end('SIGTERM');
    return typeof ending === 'number' ? ending : null;
  }

  /** Stops it where it is; for others it has fallen silent. */
  freeze(): void {
    this.life?.signal('SIGSTOP');
  }

  resume(): void {
    this.life?.signal('SIGCONT');
  }

  /** What it has said of late. */
  get lastWords(): string {
    return this.life?.log.slice(-LAST_WORDS) ?? '';
  }

  private async end(signal: NodeJS.Signals): Promise<number | string | undefined> {
    this.life?.signal(signal);
    this.resume(); // a process that is frozen hears no SIGTERM
    return this.life?.ended();
  }
}
