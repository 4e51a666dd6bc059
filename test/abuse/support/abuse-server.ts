import { randomBytes } from 'node:crypto';
import { createTestDatabase, type TestDatabase } from '../../support/databases';
import { freePort } from '../../support/free-port';
import { ServerProcess } from '../../support/server-process';

/** The proxies of these tests: the attacker, the witnesses and others have different addresses. */
const BEHIND_A_PROXY = {
  TRUST_PROXY: '1',
  RATE_LIMITS: 'on',
  CONTACT_POLICY: 'open',
  CANARY_INTERVAL_MS: '0',
};

/** The built server as a separate process with limits on, so that an attack and its witnesses share nothing else. */
export class AbuseServer {
  private constructor(
    readonly database: TestDatabase,
    private readonly environment: Record<string, string>,
    private process: ServerProcess,
  ) {}

  static async start(environment: Record<string, string> = {}): Promise<AbuseServer> {
    const database = await createTestDatabase();
    const all = {
      ...BEHIND_A_PROXY,
      AUTH_SECRET: randomBytes(48).toString('base64'),
      DATABASE_URL: database.url,
      PORT: String(await freePort()),
      LOG_LEVEL: 'warn',
      ...environment,
    };
    return new AbuseServer(database, all, await ServerProcess.start({ environment: all }));
  }

  get url(): string {
    return this.process.url;
  }

  get authSecret(): string {
    return this.environment.AUTH_SECRET!;
  }

  /** Everything that the server has written to its standard output and standard error. */
  get log(): string {
    return this.process.log;
  }

  get pid(): number {
    return this.process.pid;
  }

  /** Kills the process and starts another one on the same port and database. */
  async killAndStartAgain(): Promise<void> {
    this.process.signal('SIGKILL');
    await this.process.ended();
    this.process = await ServerProcess.start({ environment: this.environment });
  }

  async close(): Promise<void> {
    await this.process.close();
    await this.database.drop();
  }
}

/** The header in which the proxy of these tests reports the address of a client. */
export const from = (address: string): Record<string, string> => ({ 'x-forwarded-for': address });
