import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Cluster, socketFile } from './cluster';
import { clusterProcesses, isAlive, signalProcess } from './cluster-processes';
import { EmbeddedPostgresError } from './embedded-postgres-error';
import type { EmbeddedPostgresLog } from './embedded-postgres-log';
import { pollUntil } from './polling';

/** Milliseconds from the beginning to each harder step. */
export interface ShutdownPatience {
  /** Until then the server may finish its checkpoint (SIGINT). Then it gets SIGQUIT, which loses no commit. */
  immediateAfter: number;
  /** Then every process gets SIGKILL. */
  killAfter: number;
  /** Then the shutdown fails: only the kernel can still hold the processes. */
  giveUpAfter: number;
}

const childrenQuitAfter = 5000;

/**
 * Ends every process of the cluster and resolves when none is left. Sessions whose postmaster is already dead get
 * SIGQUIT at once, because no server can use their shared memory again.
 * @throws EmbeddedPostgresError if processes are left after the last step
 */
export async function shutDownCluster(cluster: Cluster, patience: ShutdownPatience): Promise<void> {
  const begin = Date.now();
  let headlessSince: number | undefined;
  const signalled = new Map<number, NodeJS.Signals>();
  const signal = (pid: number, name: NodeJS.Signals) => {
    if (signalled.get(pid) === name) return;
    signalled.set(pid, name);
    signalProcess(pid, name);
    signalProcess(pid, 'SIGCONT'); // a stopped process would not notice
  };
  const gone = await pollUntil(() => {
    const left = clusterProcesses(cluster);
    const postmasters = left.filter((process) => process.isPostmaster);
    const elapsed = Date.now() - begin;
    headlessSince = postmasters.length === 0 ? (headlessSince ?? Date.now()) : undefined;
    const headless = headlessSince === undefined ? -1 : Date.now() - headlessSince;
    if (elapsed >= patience.killAfter || headless >= childrenQuitAfter) {
      left.forEach(({ pid }) => signal(pid, 'SIGKILL'));
    } else if (headless >= 0) {
      left.forEach(({ pid }) => signal(pid, 'SIGQUIT'));
    } else {
      const means = elapsed >= patience.immediateAfter ? 'SIGQUIT' : 'SIGINT';
      postmasters.forEach(({ pid }) => signal(pid, means));
    }
    return left.length === 0;
  }, patience.giveUpAfter);
  if (gone) return;
  const pids = clusterProcesses(cluster).map((process) => process.pid);
  throw new EmbeddedPostgresError(
    `The PostgreSQL processes ${pids.join(', ')} in ${cluster.dataFolder} cannot be ended: ` +
      'find what blocks them (often a disk that does not respond), or restart the machine.',
  );
}

/** An orphan may have a long checkpoint to write, and only this start waits for it. */
const patienceWithOrphans: ShutdownPatience = {
  immediateAfter: 60_000,
  killAfter: 75_000,
  giveUpAfter: 90_000,
};

/**
 * Ends the processes that an earlier run left: the server of a killed process, or sessions whose server was
 * killed. Call it with the directory locked, so that every process on the files is such a leftover.
 * @throws EmbeddedPostgresError if a process does not end within 90 s
 */
export async function endOrphans(cluster: Cluster, log: EmbeddedPostgresLog): Promise<void> {
  const orphans = clusterProcesses(cluster);
  if (orphans.length > 0) {
    log('info', 'Ending the PostgreSQL processes of an earlier run', { pids: orphans.map(({ pid }) => pid) });
    await shutDownCluster(cluster, patienceWithOrphans);
  }
  removeForeignLockFiles(cluster);
}

/**
 * Removes lock files whose process id now belongs to another program, because PostgreSQL would see a running server.
 * Call it only for a cluster without processes. It leaves a file that names a dead process to PostgreSQL, which
 * also checks the key of the shared memory in it.
 */
function removeForeignLockFiles(cluster: Cluster): void {
  const socket = socketFile(cluster);
  for (const file of [join(cluster.dataFolder, 'postmaster.pid'), `${socket}.lock`]) {
    const pid = firstProcessId(file);
    if (pid !== undefined && isAlive(pid)) rmSync(file, { force: true });
  }
}

/** PostgreSQL writes a negative number when it runs without a postmaster. */
export function firstProcessId(file: string): number | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  const pid = Math.abs(Number.parseInt(text, 10));
  return pid > 0 ? pid : undefined;
}
