import { join } from 'node:path';
import { freePort } from '../../support/free-port';
import { ServerProcess } from '../../support/server-process';
import { until } from '../../support/until';

/** The most output of a server to keep. */
const LAST_WORDS = 1_000_000;

/** Signs the tokens of all servers of these tests, so that each server accepts the sessions of the others. */
export const AUTH_SECRET = 'the-servers-of-a-test-share-this-secret-0123456789';

/** A server that can be killed and started again. It keeps its port. */
export class RestartableServer {
  private life: ServerProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly directory: string,
    private readonly environment: Record<string, string>,
    private readonly program: string | undefined,
  ) {}

  /** Starts on an unused port. */
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
        await new Promise((resolve) => setTimeout(resolve, 40)); // polling uses the machine, too
        return (await fetch(`${this.url}/health/ready`).catch(() => undefined))?.ok;
      },
      120_000,
    );
  }

  /** Kills it without a chance to shut down. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** Stops it as an operator does. @returns the exit code; null if a signal ended it */
  async stop(): Promise<number | null> {
    const ending = await this.end('SIGTERM');
    return typeof ending === 'number' ? ending : null;
  }

  /** Freezes it, so that it falls silent for others. */
  freeze(): void {
    this.life?.signal('SIGSTOP');
  }

  resume(): void {
    this.life?.signal('SIGCONT');
  }

  /** The latest output. */
  get lastWords(): string {
    return this.life?.log.slice(-LAST_WORDS) ?? '';
  }

  private async end(signal: NodeJS.Signals): Promise<number | string | undefined> {
    this.life?.signal(signal);
    this.resume(); // a frozen process does not handle SIGTERM
    return this.life?.ended();
  }
}
