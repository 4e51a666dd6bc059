import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, rmSync } from 'node:fs';
import { DatabaseClient } from '../database/database-client';
import { isSqlState } from '../database/sql-state';
import type { PostgresBinaries } from './binaries';
import { type Cluster, connectionUrl, port, socketFile } from './cluster';
import { EmbeddedPostgresError, errorCode } from './embedded-postgres-error';
import { pollUntil } from './polling';
import { type Runner, serverEnvironment } from './runner';
import { logSettings, markServerLog } from './server-log';

/** The server must give any answer within this time; replaying the log after a crash may take longer. */
const silenceLimitMilliseconds = 60_000;

/** One run of the server program, from its start to its end. */
export class Postmaster {
  readonly pid: number;
  /** Never rejects. How it ended, for the log: `code 1`, `signal SIGKILL`. */
  readonly ended: Promise<string>;
  private end: string | undefined;
  private readonly logSinceStart: () => string;

  constructor(
    private readonly cluster: Cluster,
    private readonly child: ChildProcess,
    logSinceStart: () => string,
  ) {
    this.logSinceStart = logSinceStart;
    this.pid = child.pid ?? 0;
    this.ended = new Promise((resolve) => {
      const settle = (how: string) => resolve((this.end ??= how));
      child.on('error', (error) => settle(error.message));
      child.on('exit', (code, signal) => settle(signal ? `signal ${signal}` : `code ${code}`));
    });
    child.unref(); // a database must not keep the process alive
  }

  get hasEnded(): boolean {
    return this.end !== undefined;
  }

  /** Keeps this process alive until the server has ended, because the caller has work to do afterwards. */
  signal(name: NodeJS.Signals): void {
    if (this.hasEnded) return;
    this.child.ref();
    this.child.kill(name);
  }

  /**
   * Resolves when the server has accepted a connection. Waits while the server replays the log after a crash.
   * @throws EmbeddedPostgresError with the end of the log if the server ends, rejects or stays silent for 60 s
   */
  async waitUntilReady(): Promise<void> {
    let lastAnswer = Date.now();
    let refusal = '';
    const ready = async (): Promise<boolean> => {
      if (this.hasEnded) throw this.failure(`ended with ${this.end}`);
      if (!existsSync(socketFile(this.cluster))) return false;
      const answer = await tryConnection(connectionUrl(this.cluster, 'postgres'));
      if (answer !== 'silent') lastAnswer = Date.now();
      if (typeof answer === 'object') refusal = answer.refusal;
      return answer === 'ready' || refusal !== '';
    };
    while (!(await pollUntil(ready, 1000))) {
      if (Date.now() - lastAnswer > silenceLimitMilliseconds) throw this.failure('does not answer');
    }
    if (refusal) throw this.failure(`rejects connections: ${refusal}`);
  }

  private failure(what: string): EmbeddedPostgresError {
    const log = this.logSinceStart();
    return new EmbeddedPostgresError(
      `The built-in PostgreSQL ${what}. ${adviceFor(log)} The end of its log:\n${log || '(empty)'}`,
      isTransient(log),
    );
  }
}

/** Starts the server as a direct child of this process. */
export function startPostmaster(
  cluster: Cluster,
  binaries: PostgresBinaries,
  runner: Runner,
  settings: Record<string, string>,
): Postmaster {
  const logSinceStart = markServerLog(cluster);
  const options = Object.entries({ ...settings, ...fixedSettings(cluster) });
  const [command, ...words] = [
    ...[...runner.prefix, binaries.postgres, '-D', cluster.dataFolder],
    ...options.flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
  // A file and not a pipe: a pipe would break under the server when this process is killed.
  // Always a new file, so that neither an old owner nor a symbolic link matters.
  rmSync(cluster.startLog, { force: true });
  const output = openSync(cluster.startLog, 'wx', 0o600);
  try {
    const child = spawn(command ?? binaries.postgres, words, {
      ...runner.account,
      cwd: cluster.dataFolder, // by which it can be recognised from its first moment on
      detached: true, // out of reach of the terminal's Ctrl-C: the server must outlive the last request
      env: serverEnvironment,
      stdio: ['ignore', output, output],
    });
    return new Postmaster(cluster, child, logSinceStart);
  } finally {
    closeSync(output);
  }
}

export const defaultSettings: Record<string, string> = { ...logSettings, jit: 'off', timezone: 'UTC' };

export const forgetfulSettings: Record<string, string> = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
};

/** Settings for safety and recognition. Connections need no password, so no other account may reach the socket. */
function fixedSettings(cluster: Cluster): Record<string, string> {
  return {
    listen_addresses: '',
    port: String(port),
    unix_socket_directories: `"${cluster.socketFolder.replaceAll('"', '""')}"`,
    unix_socket_permissions: '0700',
    cluster_name: cluster.name,
  };
}

async function tryConnection(url: string): Promise<'ready' | 'starting' | 'silent' | { refusal: string }> {
  const client = new DatabaseClient({
    connectionString: url,
    connectionTimeoutMillis: 2000,
    query_timeout: 2000,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
    return 'ready';
  } catch (error) {
    const code = errorCode(error);
    if (code.startsWith('57P0')) return 'starting';
    if (code === '53300') return 'ready'; // all connections are in use, so the server does accept clients
    return isSqlState(code) ? { refusal: String(error) } : 'silent';
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Errors that a stopping server causes for a moment. */
export function isTransient(log: string): boolean {
  return /lock file ".*" (already exists|is empty)|pre-existing shared memory block/.test(log);
}

export function adviceFor(log: string): string {
  if (/could not (resize|create|open) shared memory/.test(log)) return 'Give /dev/shm more room.';
  if (/No space left on device/.test(log)) return 'Free some disk space and start again.';
  if (/wrong ownership|invalid permissions|Permission denied/.test(log))
    return 'Make the account that created the data directory its owner again, with mode 0700.';
  if (/unrecognized configuration parameter|invalid value for parameter/.test(log))
    return 'Correct the settings of the built-in PostgreSQL.';
  if (isTransient(log)) return 'Another PostgreSQL still holds the data directory; stop it and start again.';
  return 'If the log names damaged files, restore a backup.';
}
