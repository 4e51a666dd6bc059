import cluster from 'node:cluster';
import { randomBytes } from 'node:crypto';
import type { StructuredLogger } from '../logging/structured-logger';
import { MemoryAttemptStore, type Budget, type Charges } from '../rate-limits/attempt-store';
import type { Handlers } from './channel';
import { MetricsPage, type ProcessMetrics } from './metrics-page';
import { Replacement } from './replacement';
import { WORKER_KEY, WORKER_NUMBER } from './this-worker';
import { WorkerLogs } from './worker-logs';
import { WorkerProcess, type WorkerEnd } from './worker-process';
import type { ServingNotice, WorkerStates } from './worker-states';

const CHECK_EVERY_MS = 1_000;
/** A scrape waits no longer than this for a worker. */
const METRICS_MS = 2_000;
/** After the longest drain, a worker that is still there is killed. */
const STOP_MARGIN_MS = 2_000;
/**
 * A replacement worker waits for the database as long as necessary, because an outage must not end a server (G7).
 */
const REPLACEMENT_WAIT_MS = '2147483647';

interface Options {
  readonly count: number;
  /** Variables that workers have in addition to the primary's environment. */
  readonly environment: Record<string, string>;
  readonly longestDrainMs: number;
  readonly logger: StructuredLogger;
}

interface Place {
  readonly number: number;
  readonly replacement: Replacement;
  process: WorkerProcess;
}

/** A worker failed to start; the message is from the worker. */
export class WorkerStartError extends Error {
  override name = 'WorkerStartError';

  constructor(
    message: string,
    readonly exitCode: number,
  ) {
    super(message);
  }
}

/**
 * The workers of this process, which is then their primary. It listens, distributes connections (`node:cluster`,
 * round robin) and replaces workers that end or hang. It serves no client itself. docs/states.md has the states of
 * a worker.
 */
export class Workers {
  /** Rejects, and never resolves, once a worker could not be kept alive. */
  readonly failed: Promise<never>;
  private fail: (error: Error) => void = () => undefined;
  private readonly places = new Map<number, Place>();
  private readonly logs = new WorkerLogs();
  private readonly attempts = new MemoryAttemptStore();
  private readonly page: MetricsPage;
  private readonly key = randomBytes(32).toString('base64url');
  private readonly logger: StructuredLogger;
  private states = '';
  private isStopping = false;
  private checks: NodeJS.Timeout | undefined;

  constructor(private readonly options: Options) {
    this.logger = options.logger;
    this.page = new MetricsPage(this.numbers);
    this.failed = new Promise((_resolve, reject) => (this.fail = reject));
    this.failed.catch(() => undefined);
    cluster.setupPrimary({
      exec: process.argv[1],
      args: ['start'],
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'], // its log comes here, line by line
      serialization: 'advanced', // JSON has no NaN, which metrics have
    });
  }

  /**
   * Resolves when all of them serve.
   * @param signal stops them when it is aborted meanwhile; its reason is thrown
   * @throws WorkerStartError of the first worker that failed; the others have ended too
   */
  async start(signal?: AbortSignal): Promise<ServingNotice> {
    for (const number of this.numbers) {
      const place: Place = { number, replacement: new Replacement(), process: this.fork(number) };
      this.places.set(number, place);
    }
    const aborted = new Promise<undefined>((resolve) =>
      signal?.addEventListener('abort', () => resolve(undefined)),
    );
    const started = this.all.map(async (place) => {
      const serving = await place.process.started;
      if (serving) return serving;
      const { how, failure } = await place.process.ended;
      const message = failure?.message ?? `Worker ${place.number} ended before it served (${how}).`;
      throw new WorkerStartError(message, failure?.exitCode ?? 1);
    });
    try {
      const all = await Promise.race([Promise.all(started), aborted]);
      signal?.throwIfAborted();
      const [first] = all!;
      for (const place of this.all) this.keepAlive(place);
      this.tellStates();
      this.checks = setInterval(() => void this.checkAll(), CHECK_EVERY_MS);
      return first!;
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /**
   * Drains all workers at once, and resolves when they have ended. It kills those that outlive the longest drain.
   */
  async stop(): Promise<void> {
    this.isStopping = true;
    clearInterval(this.checks);
    for (const { process } of this.all) process.stop();
    const bound = setTimeout(() => {
      this.logger.event('warn', 'workers were killed because they did not stop in time');
      for (const { process } of this.all) process.kill();
    }, this.options.longestDrainMs + STOP_MARGIN_MS);
    await Promise.all(this.all.map(({ process }) => process.ended));
    clearTimeout(bound);
  }

  /**
   * The metrics of all workers. Those of a worker that does not answer in time are missing, and
   * `xfchat_worker_serving` shows that.
   */
  async metricsPage(): Promise<string> {
    const answers = this.all.map(async ({ number, process }) => {
      const answer = process.serving && process.channel.ask<ProcessMetrics>('metrics', undefined, METRICS_MS);
      return [number, await answer?.catch(() => undefined)] as const;
    });
    return this.page.write(new Map(await Promise.all(answers)));
  }

  private get numbers(): number[] {
    return Array.from({ length: this.options.count }, (_, index) => index + 1);
  }

  private get all(): Place[] {
    return [...this.places.values()];
  }

  private fork(number: number, environment: Record<string, string> = {}): WorkerProcess {
    const worker = cluster.fork({
      ...this.options.environment,
      ...environment,
      [WORKER_NUMBER]: String(number),
      [WORKER_KEY]: this.key,
    });
    this.logs.pass(worker.process.stdout!);
    return new WorkerProcess(worker, this.handlers);
  }

  /** Requests that workers send to the primary. It counts wrong passwords for all of them. */
  private get handlers(): Handlers {
    return {
      'metrics-page': () => this.metricsPage(),
      'attempts.take': (budgets) => this.attempts.take(budgets as Budget[]),
      'attempts.give-back': (charges) => this.attempts.giveBack(charges as Charges),
      'attempts.forget': (budget) => this.attempts.forget(budget as Budget),
    };
  }

  /** Starts a new process whenever the worker's process ends. */
  private keepAlive(place: Place): void {
    void place.process.ended.then((end) => this.replace(place, end));
  }

  private replace(place: Place, end: WorkerEnd): void {
    if (this.isStopping) return;
    this.tellStates();
    const { number, replacement } = place;
    const pauseMs = replacement.after(end);
    const { how, failure, servedMs } = end;
    this.logger.event('error', 'a worker ended', {
      worker: number,
      pid: place.process.pid,
      how,
      ...(failure && { reason: failure.message }),
      servedMs: Math.round(servedMs),
      ...(pauseMs !== undefined && { replacedInMs: pauseMs }),
    });
    if (pauseMs === undefined) {
      this.fail(new Error(`Worker ${number} ends repeatedly (${failure?.message ?? how}).`));
      return;
    }
    setTimeout(() => {
      if (this.isStopping) return;
      place.process = this.fork(number, { DATABASE_START_TIMEOUT_MS: REPLACEMENT_WAIT_MS });
      this.page.countReplacement(number);
      void place.process.started.then((serving) => {
        if (!serving) return;
        this.logger.event('info', 'a worker was replaced', { worker: number, pid: place.process.pid });
        this.states = ''; // the new worker has no states yet
        this.tellStates();
      });
      this.keepAlive(place);
    }, pauseMs);
  }

  private async checkAll(): Promise<void> {
    await Promise.all(this.all.map((place) => this.check(place)));
    if (!this.isStopping) this.tellStates();
  }

  private async check({ number, process }: Place): Promise<void> {
    await process.check();
    if (!process.isHanging || this.isStopping) return;
    this.logger.event('error', 'a worker does not answer and is killed', {
      worker: number,
      pid: process.pid,
    });
    process.kill();
  }

  /** Sends the states to all workers if they have changed. */
  private tellStates(): void {
    const serving = this.all.filter(({ process }) => process.serving && !process.hasEnded);
    const numbersOf = (places: Place[]): number[] => places.map(({ number }) => number);
    const states: WorkerStates = {
      peerPorts: Object.fromEntries(
        serving.map(({ number, process }) => [number, process.serving!.peerPort]),
      ),
      notAnswering: numbersOf(serving.filter(({ process }) => !process.isAnswering)),
      notReady: numbersOf(serving.filter(({ process }) => !process.isReady)),
      total: this.options.count,
    };
    const text = JSON.stringify(states);
    if (text === this.states) return;
    this.states = text;
    for (const { process } of serving) process.channel.tell('states', states);
  }
}
