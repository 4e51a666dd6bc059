import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPostgresBinaries } from '../../src/platform/embedded-postgres/binaries';
import { clusterAt, superuser, type Cluster } from '../../src/platform/embedded-postgres/cluster';
import { initialiseCluster } from '../../src/platform/embedded-postgres/cluster-initialisation';
import { chooseRunner, serverEnvironment, type Runner } from '../../src/platform/embedded-postgres/runner';
import { withClient } from './databases';
import { freePort } from './free-port';
import { until } from './until';

export const ROLE = 'chat';
export const ROLE_PASSWORD = 'the role has this password';
const DATABASE = 'chat';
/** SQLSTATE `too_many_connections`. */
const TOO_MANY_CONNECTIONS = '53300';

/**
 * A durable PostgreSQL that a test can break. It is a direct child of the test. The server under test connects over TCP with a
 * password (scram-sha-256), the test itself over a Unix socket without one. Only `start` starts it again.
 */
export class PostgresController {
  private child: ChildProcess | undefined;

  private constructor(
    private readonly cluster: Cluster,
    private readonly runner: Runner,
    private readonly port: number,
    private readonly settings: Record<string, string>,
  ) {}

  /** Starts it with an empty database that belongs to `ROLE`. */
  static async create(settings: Record<string, string> = {}): Promise<PostgresController> {
    const directory = realpathSync(mkdtempSync(join(tmpdir(), 'xfchat-fault-')));
    chmodSync(directory, 0o711);
    const binaries = findPostgresBinaries();
    const cluster = clusterAt(directory);
    const runner = chooseRunner(binaries, { ...cluster, socketFolder: directory });
    await initialiseCluster(cluster, binaries, runner, true);
    const postgres = new PostgresController(cluster, runner, await freePort(), settings);
    writeFileSync(
      join(cluster.dataFolder, 'pg_hba.conf'),
      'local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n',
    );
    await postgres.start();
    await postgres.query(`create role ${ROLE} login password '${ROLE_PASSWORD}'`, 'postgres');
    await postgres.query(`create database ${DATABASE} owner ${ROLE}`, 'postgres');
    await postgres.query(`alter schema public owner to ${ROLE}`);
    return postgres;
  }

  /** The URL for the server under test. */
  url(options: { user?: string; password?: string; database?: string } = {}): string {
    const { user = ROLE, password = ROLE_PASSWORD, database = DATABASE } = options;
    return `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1:${this.port}/${database}`;
  }

  /** The URL for the test, without a proxy and without a password. */
  administratorUrl(database = DATABASE): string {
    const host = encodeURIComponent(this.cluster.dataFolder);
    return `postgres://${superuser}@localhost:${this.port}/${database}?host=${host}`;
  }

  /**
   * Runs a statement of the test in its own transaction. Even the reserved connections may be taken for a moment, by clients
   * that are about to be rejected; then it tries again.
   */
  async query(text: string, database = DATABASE): Promise<Record<string, unknown>[]> {
    const { rows } = await until('a connection that is reserved for superusers', () =>
      withClient(this.administratorUrl(database), (client) => client.query(text)).catch(
        (error: { code?: string }) => {
          if (error.code === TOO_MANY_CONNECTIONS) return undefined;
          throw error;
        },
      ),
    );
    return rows as Record<string, unknown>[];
  }

  /** Starts PostgreSQL. After `killAll` it retries, because remains of the old processes may block the start for a moment. */
  async start(): Promise<void> {
    await until(
      'PostgreSQL to start',
      async () => {
        if (!this.child || this.child.exitCode !== null || this.child.signalCode !== null) this.spawn();
        return withClient(this.administratorUrl('postgres'), (client) => client.query('select 1')).catch(
          () => new Promise<false>((resolve) => setTimeout(resolve, 50, false)),
        );
      },
      30_000,
    );
  }

  get pid(): number {
    return this.child!.pid!;
  }

  /** The postmaster and its child processes. */
  processes(): number[] {
    const children = execFileSync('ps', ['-o', 'pid=', '--ppid', String(this.pid)], { encoding: 'utf8' });
    return [this.pid, ...children.trim().split(/\s+/).map(Number)];
  }

  signalAll(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void {
    for (const pid of this.processes()) kill(pid, signal);
  }

  /** Creates a standby with the current state, which receives nothing afterwards. */
  async makeStandby(): Promise<void> {
    await this.end();
    execFileSync('cp', ['-a', this.cluster.dataFolder, this.standby]);
    await this.start();
  }

  /** Kills the primary and starts the standby in its place, at first read-only and then promoted. */
  async failOver(): Promise<void> {
    const { child } = this;
    this.signalAll('SIGKILL');
    await until('the primary to be gone', () => child!.signalCode !== null);
    rmSync(this.cluster.dataFolder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    renameSync(this.standby, this.cluster.dataFolder);
    writeFileSync(join(this.cluster.dataFolder, 'standby.signal'), '');
    await this.start();
    await this.query('select pg_promote()', 'postgres');
  }

  async stop(): Promise<void> {
    await this.end();
    rmSync(this.cluster.directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  private get standby(): string {
    return join(this.cluster.directory, 'standby');
  }

  private async end(): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    this.signalAll('SIGCONT');
    kill(this.pid, 'SIGINT');
    await until('PostgreSQL to stop', () => child.exitCode !== null || child.signalCode !== null, 20_000);
  }

  private spawn(): void {
    const { dataFolder, startLog } = this.cluster;
    const settings = {
      listen_addresses: '127.0.0.1',
      port: String(this.port),
      unix_socket_directories: dataFolder,
      jit: 'off',
      ...this.settings,
    };
    const [command, ...words] = [
      ...[...this.runner.prefix, findPostgresBinaries().postgres, '-D', dataFolder],
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ];
    this.child = spawn(command!, words, {
      ...this.runner.account,
      cwd: dataFolder,
      env: serverEnvironment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout!, this.child.stderr!])
      stream.on('data', (data: Buffer) => appendFileSync(startLog, data));
  }

  get log(): string {
    return readFileSync(this.cluster.startLog, 'utf8');
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has gone meanwhile, as children of a killed postmaster do.
  }
}
