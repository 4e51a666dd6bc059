import { spawnSync } from 'node:child_process';
import { lchownSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import type { PostgresBinaries } from './binaries';
import type { Cluster } from './cluster';
import { EmbeddedPostgresError } from './embedded-postgres-error';
import type { FileOwner } from './file-owner';

/** The way to run the programs of PostgreSQL, which refuses to run as root. */
export interface Runner {
  /** Words before the program, such as `unshare --user …`. */
  prefix: string[];
  /** Account to change to; undefined for the account of this process. */
  account?: FileOwner;
  /** The required owner of the files. */
  fileOwner: FileOwner;
  /** As `postgres --version` reports it, such as 18. */
  majorVersion: number;
}

type Candidate = Omit<Runner, 'majorVersion'>;

/** A user namespace in which this account appears as nobody; on disk the owner stays the same. */
const namespacePrefix = ['unshare', '--user', '--map-user=65534', '--map-group=65534', '--'];

// PG… variables and locales of the operator's shell would change the start of the server.
export const serverEnvironment = { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

/**
 * Finds an account that can reach both the programs and the data.
 * @throws EmbeddedPostgresError with the reason if there is none
 */
export function chooseRunner(binaries: PostgresBinaries, cluster: Cluster): Runner {
  const data = lstatSync(cluster.dataFolder, { throwIfNoEntry: false });
  const owner = data ?? lstatSync(cluster.directory);
  const folders = [cluster.directory, dirname(cluster.socketFolder)];
  let reason = '';
  for (const candidate of process.getuid?.() === 0
    ? candidatesForRoot(owner, data !== undefined)
    : candidatesForUser(data, cluster)) {
    const probe = probeVersion(candidate, folders, binaries.postgres);
    if (probe.majorVersion) return { ...candidate, majorVersion: probe.majorVersion };
    reason = probe.reason;
  }
  throw new EmbeddedPostgresError(`${adviceFor(reason)} (${reason.trim()})`);
}

function candidatesForUser(data: FileOwner | undefined, cluster: Cluster): Candidate[] {
  const own = ownFiles();
  if (data && data.uid !== own.uid) {
    throw new EmbeddedPostgresError(
      `${cluster.dataFolder} belongs to user id ${data.uid}, but this process runs as user id ${own.uid}: ` +
        'start XFChat as that user, or change the owner with chown -R.',
    );
  }
  const plain: Candidate = { prefix: [], fileOwner: own };
  // initdb requires a name for its account, and an arbitrary user id in a container has none.
  return hasName() ? [plain] : [{ prefix: namespacePrefix, fileOwner: own }, plain];
}

function candidatesForRoot(owner: FileOwner, initialised: boolean): Candidate[] {
  const accounts = ['postgres', 'nobody'].flatMap((name) => findAccount(name) ?? []);
  const namespace: Candidate = { prefix: namespacePrefix, fileOwner: ownFiles() };
  const candidates = [...accounts.map(asAccount), namespace];
  // The owner of the files does not change, so that switching between root and that account still works.
  if (owner.uid !== 0) return [asAccount({ uid: owner.uid, gid: owner.gid }), ...candidates];
  return initialised ? [namespace, ...candidates] : candidates;
}

function asAccount(account: FileOwner): Candidate {
  return { prefix: [], account, fileOwner: account };
}

function ownFiles(): FileOwner {
  return { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
}

function hasName(): boolean {
  try {
    return userInfo().username !== '';
  } catch {
    return false;
  }
}

/** Reads only the local accounts: `postgres` and `nobody` come with the system, not from a directory service. */
export function findAccount(
  name: string,
  accounts = readFileSync('/etc/passwd', 'utf8'),
): FileOwner | undefined {
  const fields = accounts
    .split('\n')
    .map((line) => line.split(':'))
    .find(([account]) => account === name);
  const [uid, gid] = [Number(fields?.[2]), Number(fields?.[3])];
  return Number.isInteger(uid) && uid > 0 && Number.isInteger(gid) ? { uid, gid } : undefined;
}

/** Runs the program, which is the only exact test: modes, access lists, mount options and missing libraries count. */
function probeVersion(candidate: Candidate, folders: string[], postgres: string) {
  const script = 'program=$1; shift; for folder; do cd "$folder" || exit 1; done; exec "$program" --version';
  const [command, ...words] = [...candidate.prefix, 'sh', '-c', script, 'sh', postgres, ...folders];
  const { stdout, stderr, error } = spawnSync(command ?? 'sh', words, {
    ...candidate.account,
    cwd: '/',
    encoding: 'utf8',
    env: serverEnvironment,
    timeout: 20_000,
  });
  return { majorVersion: parseMajorVersion(stdout ?? ''), reason: error?.message ?? stderr ?? '' };
}

export function parseMajorVersion(text: string): number {
  return Number(/PostgreSQL\D*(\d+)/.exec(text)?.[1] ?? 0);
}

function adviceFor(reason: string): string {
  if (process.platform === 'linux' && /not found|ENOENT|No such file/.test(reason) && !usesGlibc())
    return 'The built-in PostgreSQL needs glibc, which Alpine and other musl systems lack: set DATABASE_URL.';
  if (process.getuid?.() !== 0)
    return 'This account cannot run the built-in PostgreSQL: check the permissions of node_modules and of the data directory, or set DATABASE_URL.';
  return 'PostgreSQL refuses to run as root, and no other account can reach its programs and the data directory: run XFChat as an ordinary user, move both out of private folders, or set DATABASE_URL.';
}

function usesGlibc(): boolean {
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
  return Boolean(report?.header?.glibcVersionRuntime);
}

/** Changes the owner of a whole folder. Only root may do that; the server of these files must not be running. */
export function changeOwner(path: string, owner: FileOwner): void {
  lchownSync(path, owner.uid, owner.gid);
  if (!lstatSync(path).isDirectory()) return;
  for (const entry of readdirSync(path)) changeOwner(join(path, entry), owner);
}
