import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseClient } from '../src/platform/database/database-client';
import {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '../src/platform/embedded-postgres/embedded-postgres';

const ROOT = join(__dirname, '..');
const START_MS = 60_000;

export interface Server {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** A durable PostgreSQL with the memory settings of a dedicated machine. */
export class Database {
  private constructor(
    private readonly server: EmbeddedPostgres,
    private readonly directory: string,
  ) {}

  static async start(): Promise<Database> {
    const directory = mkdtempSync(join(tmpdir(), 'xfchat-bench-'));
    const settings = { shared_buffers: '512MB', max_wal_size: '4GB', max_connections: '200' };
    return new Database(await startEmbeddedPostgres({ directory, settings }), directory);
  }

  get pid(): number {
    return this.server.pid;
  }

  /** The address of a new, empty database. */
  async create(name: string): Promise<string> {
    await query(this.server.url('postgres'), `drop database if exists ${name} with (force)`);
    await query(this.server.url('postgres'), `create database ${name}`);
    return this.server.url(name);
  }

  async stop(): Promise<void> {
    await this.server.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Runs one statement over a new connection and returns its rows. */
export async function query<T extends object>(
  url: string,
  text: string,
  values: unknown[] = [],
): Promise<T[]> {
  const client = new DatabaseClient({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<T>(text, values)).rows;
  } finally {
    await client.end();
  }
}

/**
 * Starts XFChat as in production, with authentication, checks and logs. Only the rate limits of a person are off.
 * @param folder the folder of the revision, which is built
 * @param environment additional environment variables
 */
export function startXFChat(
  databaseUrl: string,
  folder = ROOT,
  environment: Record<string, string> = {},
): Promise<Server> {
  return start([join(folder, 'dist/cli.js'), 'start'], /XFChat serves at (http:\S+)/, {
    NODE_ENV: 'production',
    PORT: '0',
    HOST: '127.0.0.1',
    DATABASE_URL: databaseUrl,
    MIGRATE_ON_START: 'true',
    AUTH_SECRET: 'a secret of the benchmark, 0123456789',
    ACCESS_TOKEN_LIFETIME_MS: '86400000',
    CONTACT_POLICY: 'open',
    RATE_LIMITS: 'off',
    DRAIN_DELAY_MS: '0',
    METRICS_TOKEN: 'metrics',
    ...environment,
  });
}

/** Starts the typical program on the same stack. */
export function startTypical(databaseUrl: string): Promise<Server> {
  const program = ['-r', '@swc-node/register', join(ROOT, 'bench/typical/main.ts')];
  return start(program, /serves at (http:\S+)/, { NODE_ENV: 'production', DATABASE_URL: databaseUrl });
}

async function start(argv: string[], ready: RegExp, environment: Record<string, string>): Promise<Server> {
  const child = spawn(process.execPath, argv, {
    cwd: ROOT,
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  process.once('exit', () => child.kill('SIGKILL')); // no server outlives the benchmark
  const url = await new Promise<string>((resolve, reject) => {
    let output = '';
    const timer = setTimeout(() => reject(new Error(`no server after ${START_MS} ms: ${output}`)), START_MS);
    child.stdout.on('data', (data: Buffer) => {
      if (timer.hasRef() === false) return; // from here on, the log is read and dropped
      output += data.toString();
      const found = ready.exec(output)?.[1];
      if (!found) return;
      clearTimeout(timer.unref());
      resolve(found);
    });
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${output}`)));
  });
  return { url, pid: child.pid!, stop: () => stop(child) };
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
  await ended;
  clearTimeout(timer);
}
