import type { PostgresBinaries } from './binaries';
import type { Cluster } from './cluster';
import { endOrphans, shutDownCluster, type ShutdownPatience } from './cluster-shutdown';
import { EmbeddedPostgresError } from './embedded-postgres-error';
import type { EmbeddedPostgresLog } from './embedded-postgres-log';
import { Guard } from './guard';
import { pause, pollUntil } from './polling';
import { type Postmaster, startPostmaster } from './postmaster';
import type { Runner } from './runner';
import { pruneServerLog } from './server-log';

export interface SupervisorOptions {
  cluster: Cluster;
  binaries: PostgresBinaries;
  runner: Runner;
  settings: Record<string, string>;
  log: EmbeddedPostgresLog;
  onLaunched: () => void;
}

const firstRestartDelay = 100;
const longestRestartDelay = 10_000;
const steadyAfter = 30_000;
const dyingServerLimit = 20_000;

const patienceAtStop: ShutdownPatience = { immediateAfter: 30_000, killAfter: 40_000, giveUpAfter: 50_000 };

/**
 * Keeps one server running on the cluster until it is stopped.
 *
 * The caller holds the lock of the data directory for the whole life of this object. Therefore every other server
 * on the files is an orphan, and this ends it before its own server starts.
 */
export class Supervisor {
  private postmaster: Postmaster | undefined;
  private readonly guard: Guard;
  private stopping = false;
  private supervision: Promise<void> = Promise.resolve();

  constructor(private readonly options: SupervisorOptions) {
    this.guard = new Guard(options.cluster.dataFolder, options.runner);
  }

  get pid(): number {
    return this.postmaster && !this.postmaster.hasEnded ? this.postmaster.pid : 0;
  }

  /** @throws EmbeddedPostgresError if it cannot succeed; no process is left running then */
  async start(): Promise<void> {
    const deadline = Date.now() + dyingServerLimit;
    try {
      while (!(await this.launchUnlessDying(deadline))) await pause(firstRestartDelay);
    } catch (error) {
      await this.stop().catch(() => undefined);
      throw error;
    }
    this.supervision = this.supervise();
  }

  /** Fast shutdown, within 50 s at most; resolves when no process is left. */
  async stop(): Promise<void> {
    this.stopping = true;
    const { cluster } = this.options;
    try {
      this.postmaster?.signal('SIGINT');
      await Promise.all([this.supervision, shutDownCluster(cluster, patienceAtStop)]);
      await shutDownCluster(cluster, patienceAtStop); // a restart may have started a server meanwhile
      await pollUntil(() => this.postmaster?.hasEnded ?? true, 5000);
    } finally {
      this.guard.watch(0);
      await this.guard.release();
    }
  }

  private async launchUnlessDying(deadline: number): Promise<boolean> {
    try {
      await this.launch();
      return true;
    } catch (error) {
      if (error instanceof EmbeddedPostgresError && error.transient && Date.now() < deadline) return false;
      throw error;
    }
  }

  private async launch(): Promise<void> {
    const { cluster, binaries, runner, settings, log, onLaunched } = this.options;
    await endOrphans(cluster, log);
    pruneServerLog(cluster);
    if (this.stopping) return;
    const postmaster = startPostmaster(cluster, binaries, runner, settings);
    this.postmaster = postmaster;
    this.guard.watch(postmaster.pid);
    onLaunched();
    try {
      await postmaster.waitUntilReady();
    } catch (error) {
      await shutDownCluster(cluster, patienceAtStop);
      throw error;
    }
  }

  /** Never rejects: from here on, failing queries report a broken database. */
  private async supervise(): Promise<void> {
    const { log } = this.options;
    let delay = firstRestartDelay;
    while (!this.stopping && this.postmaster) {
      const begin = Date.now();
      const how = await this.postmaster.ended;
      this.guard.watch(0);
      if (this.stopping) return;
      log('error', 'PostgreSQL ended unexpectedly and will be restarted', {
        how,
        afterMilliseconds: Date.now() - begin,
      });
      if (Date.now() - begin > steadyAfter) delay = firstRestartDelay;
      for (let restarted = false; !restarted && !this.stopping;) {
        await pollUntil(() => this.stopping, delay);
        delay = Math.min(delay * 2, longestRestartDelay);
        restarted = await this.restart();
      }
    }
  }

  private async restart(): Promise<boolean> {
    const { log } = this.options;
    if (this.stopping) return false;
    try {
      await this.launch();
      if (!this.stopping) log('info', 'PostgreSQL runs again', { pid: this.pid });
      return true;
    } catch (error) {
      if (!this.stopping) log('error', 'PostgreSQL could not be restarted', { error: String(error) });
      return false;
    }
  }
}
