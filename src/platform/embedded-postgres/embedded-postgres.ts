import { accessSync, chmodSync, constants, mkdirSync, realpathSync } from 'node:fs';
import { findPostgresBinaries } from './binaries';
import { type Cluster, clusterAt, connectionUrl } from './cluster';
import { initialiseCluster } from './cluster-initialisation';
import { endOrphans } from './cluster-shutdown';
import { type DataDirectoryLock, lockDataDirectory } from './data-directory-lock';
import { EmbeddedPostgresError, errorCode } from './embedded-postgres-error';
import { defaultSettings, forgetfulSettings } from './postmaster';
import { chooseRunner, type Runner } from './runner';
import { prepareSocketFolder, removeTemporarySocketFolder } from './socket-folder';
import type { EmbeddedPostgresLog } from './embedded-postgres-log';
import { Supervisor } from './supervisor';

export interface EmbeddedPostgresOptions {
  /** Folder for all files of the database, such as `<DATA_DIR>/postgres`; created if missing. */
  directory: string;
  /** False turns off fsync and similar settings, for tests whose data need not survive a power failure. Default true. */
  durable?: boolean;
  /** PostgreSQL settings on top of the built-in ones. The settings of the socket cannot be changed. */
  settings?: Record<string, string>;
  /** Milliseconds to wait for another process that holds the directory. Default 5000. */
  waitMs?: number;
  log?: EmbeddedPostgresLog;
  /** Called when initdb or the server has just started. Both run by themselves, so this process has time for long work. */
  onLaunched?: () => void;
}

export interface EmbeddedPostgres {
  /** Address of a database of this server. It stays the same across automatic restarts. */
  url(database: string): string;
  /** Process id of the running server; 0 while it restarts. */
  readonly pid: number;
  /** Stops the server and releases the directory, normally in well under a second, 50 s at most. Repeatable. */
  stop(): Promise<void>;
}

/**
 * Starts our own PostgreSQL on the directory and keeps it running. It restarts after every end without {@link
 * EmbeddedPostgres.stop}, and it ends when this process dies in any way. Resolves when a connection has succeeded:
 * after about 2 s with a new directory, and well under 1 s with an existing one. It takes longer if PostgreSQL must
 * replay changes, or if an orphaned server must stop first.
 * @throws DataDirectoryInUseError if another process holds the directory
 * @throws EmbeddedPostgresError if the start cannot succeed, with the reason and the remedy
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { durable = true, log = () => undefined, waitMs = 5000, onLaunched = () => undefined } = options;
  const binaries = findPostgresBinaries();
  const directory = makeDirectory(options.directory);
  const lock = await lockDataDirectory(directory, { waitMs });
  try {
    const planned = clusterAt(directory);
    await endOrphans(planned, log); // before anything changes their files
    const runner = openToAccount(directory, () => chooseRunner(binaries, planned));
    const socketFolder = prepareSocketFolder(planned.socketFolder, runner.fileOwner);
    const cluster: Cluster = { ...planned, socketFolder };
    await initialiseCluster(cluster, binaries, runner, durable, onLaunched);
    const settings = { ...defaultSettings, ...(durable ? {} : forgetfulSettings), ...options.settings };
    const supervisor = new Supervisor({ cluster, binaries, runner, settings, log, onLaunched });
    await supervisor.start();
    return handleOf(supervisor, cluster, lock);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

function handleOf(supervisor: Supervisor, cluster: Cluster, lock: DataDirectoryLock): EmbeddedPostgres {
  let stopped: Promise<void> | undefined;
  const stop = async () => {
    try {
      await supervisor.stop();
      removeTemporarySocketFolder(cluster.socketFolder, cluster.directory);
    } finally {
      await lock.release();
    }
  };
  return {
    url: (database) => connectionUrl(cluster, database),
    get pid() {
      return supervisor.pid;
    },
    stop: () => (stopped ??= stop()),
  };
}

function makeDirectory(directory: string): string {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    accessSync(directory, constants.W_OK | constants.X_OK);
    return realpathSync(directory);
  } catch (error) {
    throw new EmbeddedPostgresError(
      `The data directory ${directory} cannot be used (${errorCode(error)}): ` +
        'choose another DATA_DIR, or let this account write there.',
    );
  }
}

/**
 * As root, lets another account pass through the folder, but not list it, before the runner probes its access.
 * The content stays closed to everybody else: each entry has permissions of its own.
 */
function openToAccount(directory: string, choose: () => Runner): Runner {
  if (process.getuid?.() !== 0) return choose();
  chmodSync(directory, 0o711);
  const runner = choose();
  if (!runner.account) chmodSync(directory, 0o700);
  return runner;
}
