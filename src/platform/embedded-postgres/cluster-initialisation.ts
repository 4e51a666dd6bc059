import { spawn } from 'node:child_process';
import {
  chownSync,
  closeSync,
  fsyncSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import type { PostgresBinaries } from './binaries';
import { type Cluster, superuser } from './cluster';
import { clusterProcesses, signalProcess } from './cluster-processes';
import { EmbeddedPostgresError } from './embedded-postgres-error';
import { pollUntil } from './polling';
import { changeOwner, type Runner, serverEnvironment } from './runner';

const unfinishedPrefix = 'unfinished-';

// Decides which characters are letters for text search. PostgreSQL's builtin provider, which is the same on every
// machine, decides order and case. With plain C, `word—word` would be one word.
const characterTypes = ['C.UTF-8', 'en_US.UTF-8', 'C'];

/**
 * Ensures complete database files of the right version and owner. It creates them in a folder beside their place and
 * moves them in one step. So an interruption at any moment leaves all or nothing.
 * Call it with the directory locked and no server on the files.
 * @throws EmbeddedPostgresError if the files belong to another version or program, or cannot be created
 */
export async function initialiseCluster(
  cluster: Cluster,
  binaries: PostgresBinaries,
  runner: Runner,
  durable: boolean,
  onLaunched: () => void = () => undefined,
): Promise<void> {
  await removeUnfinished(cluster);
  if (holdsFiles(cluster.dataFolder)) {
    requireVersion(cluster.dataFolder, runner.majorVersion);
    const { uid } = lstatSync(cluster.dataFolder);
    if (uid !== runner.fileOwner.uid) changeOwner(cluster.dataFolder, runner.fileOwner);
    return;
  }
  const unfinished = mkdtempSync(join(cluster.directory, unfinishedPrefix));
  if (runner.account) chownSync(unfinished, runner.account.uid, runner.account.gid);
  const created = createFiles(unfinished, binaries, runner, durable);
  onLaunched();
  await created;
  renameSync(unfinished, cluster.dataFolder);
  if (durable) flushFolder(cluster.directory);
}

function holdsFiles(dataFolder: string): boolean {
  const found = lstatSync(dataFolder, { throwIfNoEntry: false });
  return found !== undefined && (!found.isDirectory() || readdirSync(dataFolder).length > 0);
}

function requireVersion(dataFolder: string, programs: number): void {
  let files: string;
  try {
    files = readFileSync(join(dataFolder, 'PG_VERSION'), 'utf8').trim();
  } catch {
    throw new EmbeddedPostgresError(
      `${dataFolder} is not empty and contains no complete PostgreSQL files (PG_VERSION is missing): ` +
        'move it away, or restore it from a backup.',
    );
  }
  if (files === String(programs)) return;
  throw new EmbeddedPostgresError(
    `The database files in ${dataFolder} are of PostgreSQL ${files}, but this XFChat contains PostgreSQL ${programs}, ` +
      'which cannot read them. Either return to the XFChat release that created them, or export the data with that ' +
      'release, move the folder away and import it here, or run your own PostgreSQL and set DATABASE_URL.',
  );
}

/** An interrupted initialisation may still be running as an orphan of a killed server. */
async function removeUnfinished(cluster: Cluster): Promise<void> {
  for (const name of readdirSync(cluster.directory)) {
    if (!name.startsWith(unfinishedPrefix)) continue;
    const dataFolder = join(cluster.directory, name);
    await pollUntil(() => {
      const left = clusterProcesses({ dataFolder, name: cluster.name });
      left.forEach(({ pid }) => signalProcess(pid, 'SIGKILL'));
      return left.length === 0;
    }, 10_000);
    rmSync(dataFolder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }
}

async function createFiles(folder: string, binaries: PostgresBinaries, runner: Runner, durable: boolean) {
  let output = '';
  for (const characterType of characterTypes) {
    const result = await runInitdb(folder, binaries, runner, durable, characterType);
    if (result.succeeded) return;
    output = result.output;
    if (!/invalid locale name/.test(output)) break;
  }
  throw new EmbeddedPostgresError(
    `The database files could not be created in ${folder}: ${output.trim().slice(-2000)}`,
  );
}

function runInitdb(
  folder: string,
  binaries: PostgresBinaries,
  runner: Runner,
  durable: boolean,
  characterType: string,
): Promise<{ succeeded: boolean; output: string }> {
  const options = [
    ...['-D', folder, '-U', superuser, '--auth=trust', '--encoding=UTF8', '--data-checksums'],
    ...['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C', `--lc-ctype=${characterType}`],
    ...(durable ? [] : ['--no-sync']),
  ];
  const [command, ...words] = [...runner.prefix, binaries.initdb, ...options];
  return new Promise((resolve) => {
    // Runs inside the folder, so that an orphan can be recognised.
    const initdb = spawn(command ?? binaries.initdb, words, {
      ...runner.account,
      cwd: folder,
      env: serverEnvironment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [initdb.stdout, initdb.stderr])
      stream.on('data', (chunk) => (output += String(chunk)));
    initdb.on('error', (error) => resolve({ succeeded: false, output: error.message }));
    initdb.on('close', (code) => resolve({ succeeded: code === 0, output }));
  });
}

function flushFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  fsyncSync(descriptor);
  closeSync(descriptor);
}
