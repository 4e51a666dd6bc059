import type { Worker } from 'node:cluster';
import { Channel, type Handlers } from './channel';
import type { FailureNotice, ServingNotice } from './worker-states';

/** After this many failed checks in a row, a second apart, a worker counts as not answering. */
const SILENT_AFTER = 3;
/**
 * After this many failed checks it is killed. Checks are counted and not timed, because the machine may have been
 * suspended.
 */
const KILLED_AFTER = 10;

const CHECK_TIMEOUT_MS = 900;

/** How a worker's process ended. */
export interface WorkerEnd {
  /** The exit code, or the name of the signal. */
  readonly how: number | string;
  /** How long it served; 0 if it never did. */
  readonly servedMs: number;
  readonly failure: FailureNotice | undefined;
}

/** One process of a worker, as the primary sees it: from its start to its end. */
export class WorkerProcess {
  readonly channel: Channel;
  /** Resolves once the worker serves, or ended before that. Never rejects. */
  readonly started: Promise<ServingNotice | undefined>;
  /** Never rejects. */
  readonly ended: Promise<WorkerEnd>;
  serving: ServingNotice | undefined;
  isReady = true;
  private failure: FailureNotice | undefined;
  private unanswered = 0;
  private servingSince: number | undefined;
  hasEnded = false;

  constructor(
    private readonly worker: Worker,
    handlers: Handlers,
  ) {
    let resolveStarted: (serving: ServingNotice | undefined) => void;
    this.started = new Promise((resolve) => (resolveStarted = resolve));
    this.channel = new Channel(worker.process, {
      ...handlers,
      serving: (serving) => {
        this.serving = serving as ServingNotice;
        this.servingSince = performance.now();
        resolveStarted(this.serving);
      },
      failed: (failure) => void (this.failure = failure as FailureNotice),
    });
    this.ended = new Promise((resolve) => {
      worker.once('exit', (code, signal) => {
        this.hasEnded = true;
        resolveStarted(undefined);
        const servedMs = this.servingSince === undefined ? 0 : performance.now() - this.servingSince;
        resolve({ how: signal || code, servedMs, failure: this.failure });
      });
    });
    worker.on('error', () => undefined); // of the channel; what it means is told by the exit
  }

  get pid(): number {
    return this.worker.process.pid ?? 0;
  }

  get isAnswering(): boolean {
    return this.unanswered < SILENT_AFTER;
  }

  get isHanging(): boolean {
    return this.unanswered >= KILLED_AFTER;
  }

  /** Asks it whether it is ready. Never rejects. */
  async check(): Promise<void> {
    if (!this.serving || this.hasEnded) return;
    try {
      this.isReady = await this.channel.ask<boolean>('ready', undefined, CHECK_TIMEOUT_MS);
      this.unanswered = 0;
    } catch {
      this.unanswered++;
    }
  }

  stop(): void {
    this.channel.tell('stop');
  }

  kill(): void {
    this.worker.process.kill('SIGKILL');
  }
}
