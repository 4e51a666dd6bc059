import { Channel, type ChannelEnd } from './channel';
import type { FailureNotice, ServingNotice, WorkerStates } from './worker-states';

/** Environment variables that a primary gives its workers. Nobody else sets them. */
export const WORKER_NUMBER = 'XFCHAT_WORKER';
export const WORKER_KEY = 'XFCHAT_WORKER_KEY';

/** The limit for an answer of the primary, which has little other work. */
const ANSWER_MS = 5_000;

const NO_STATES: WorkerStates = { peerPorts: {}, notAnswering: [], notReady: [], total: 0 };

/** This process as a worker: its number, and its channel to the primary. */
export class ThisWorker {
  /** From 1. A worker that replaces another one has the same number. */
  readonly number: number;
  /** Proves to the other workers that a connection comes from one of them. */
  readonly key: string;
  states = NO_STATES;
  private readonly channel: Channel;
  private isReady: () => Promise<boolean> = async () => false;
  private readMetrics: () => Promise<unknown> = async () => [];

  /** @param stop called once, when the primary tells this worker to stop; the worker exits afterwards */
  constructor(end: ChannelEnd, environment: Record<string, string | undefined>, stop: () => void) {
    this.number = Number(environment[WORKER_NUMBER]);
    this.key = environment[WORKER_KEY] ?? '';
    delete environment[WORKER_KEY];
    this.channel = new Channel(end, {
      states: (states) => (this.states = states as WorkerStates),
      ready: () => this.isReady(),
      metrics: () => this.readMetrics(),
      stop,
    });
  }

  /** The primary asks every second whether this worker, by itself, is ready. */
  onReadinessAsked(isReady: () => Promise<boolean>): void {
    this.isReady = isReady;
  }

  /** Registers the function that reads the metrics, in prom-client's JSON format. */
  onMetricsAsked(readMetrics: () => Promise<unknown>): void {
    this.readMetrics = readMetrics;
  }

  announceServing(notice: ServingNotice): void {
    this.channel.tell('serving', notice);
  }

  /** Resolves when the primary has received the notice. Never rejects. */
  async announceFailure(notice: FailureNotice): Promise<void> {
    await this.channel.ask('failed', notice, ANSWER_MS).catch(() => undefined);
  }

  /** One page of the metrics of all workers. */
  async metricsPage(): Promise<string> {
    return this.channel.ask('metrics-page', undefined, ANSWER_MS);
  }

  /**
   * Asks the primary for state that it keeps for all workers.
   * @throws NoWordError
   */
  async ask<T>(name: string, content: unknown): Promise<T> {
    return this.channel.ask(name, content, ANSWER_MS);
  }
}
