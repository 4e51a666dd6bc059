import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import type { Cluster } from './cluster';
import { errorCode } from './embedded-postgres-error';

export interface ClusterProcess {
  pid: number;
  /** False for the processes that a postmaster forks: sessions, checkpointer, logger and so on. */
  isPostmaster: boolean;
}

interface Member {
  pid: number;
  parent: number;
  commandLine: string;
}

type FilesOfCluster = Pick<Cluster, 'dataFolder' | 'name'>;

/**
 * Every process that has the cluster's files open, whoever started it; zombies are left out. Each runs inside the data
 * directory, which distinguishes it from servers of other directories with similar paths.
 */
export function clusterProcesses(cluster: FilesOfCluster): ClusterProcess[] {
  const members = process.platform === 'linux' ? membersInProc(cluster) : membersInProcessTable(cluster);
  const pids = new Set(members.map((member) => member.pid));
  return members.map(({ pid, parent, commandLine }) => ({
    pid,
    isPostmaster: !pids.has(parent) && !commandLine.startsWith('postgres: '),
  }));
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

/** Sends the signal; meanwhile the process may have ended, or its id may belong to another account. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Whoever calls this looks again at which processes are left.
  }
}

function membersInProc(cluster: FilesOfCluster): Member[] {
  const data = statSync(cluster.dataFolder, { bigint: true, throwIfNoEntry: false });
  if (!data) return [];
  return readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      return worksInside(entry, data, cluster) ? [memberInProc(entry)] : [];
    } catch {
      return []; // the process ended meanwhile
    }
  });
}

type FolderIdentity = { dev: bigint; ino: bigint; uid: bigint };

function worksInside(pid: string, data: FolderIdentity, cluster: FilesOfCluster): boolean {
  try {
    // A shell in the folder must not count. The program is checked first, because asking for the folder of an arbitrary
    // process can hang on a dead network mount.
    if (!isPostgresProgram(readlinkSync(`/proc/${pid}/exe`))) return false;
    const folder = statSync(`/proc/${pid}/cwd`, { bigint: true });
    return folder.dev === data.dev && folder.ino === data.ino;
  } catch (error) {
    if (!['EACCES', 'EPERM'].includes(errorCode(error))) throw error;
    // In a container, root may not be allowed to inspect processes of other accounts.
    const owner = statSync(`/proc/${pid}`, { bigint: true }).uid;
    return owner === data.uid && belongsToCluster(readCommandLine(pid), '\0', cluster);
  }
}

/** Includes `unshare`, which runs until it becomes postgres. */
export function isPostgresProgram(path: string): boolean {
  return ['postgres', 'initdb', 'unshare'].includes(basename(path.replace(/ \(deleted\)$/, '')));
}

/**
 * Whether this is the command line of a postmaster of the cluster, or the title of one of its processes.
 * @param separator the separator of two words: a zero byte in /proc, a space in the output of ps
 */
export function belongsToCluster(commandLine: string, separator: string, cluster: FilesOfCluster): boolean {
  if (commandLine.startsWith(`postgres: ${cluster.name}: `)) return true;
  // The pattern includes the next option: `/data` must not match `/data 2` or `/data-old`.
  return commandLine.includes(['', '-D', cluster.dataFolder, '-c', ''].join(separator));
}

function readCommandLine(pid: string): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
}

function memberInProc(pid: string): Member {
  const status = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name in brackets may itself contain spaces and brackets.
  const [, parent] = status.slice(status.lastIndexOf(')') + 2).split(' ');
  return { pid: Number(pid), parent: Number(parent), commandLine: readCommandLine(pid) };
}

function membersInProcessTable(cluster: FilesOfCluster): Member[] {
  const table = spawnSync('ps', ['-axww', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' }).stdout ?? '';
  return parseProcessTable(table).filter((member) => belongsToCluster(member.commandLine, ' ', cluster));
}

export function parseProcessTable(table: string): Member[] {
  return [...table.matchAll(/^ *(\d+) +(\d+) +(.*)$/gm)].map(([, pid, parent, commandLine]) => ({
    pid: Number(pid),
    parent: Number(parent),
    commandLine: commandLine ?? '',
  }));
}
