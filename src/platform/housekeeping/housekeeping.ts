import {
  Injectable,
  Logger,
  Optional,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { setTimeout as pause } from 'node:timers/promises';
import { Configuration } from '../configuration/configuration';
import { tryLockName } from '../database/advisory-lock';
import { DatabaseMonitor } from '../database/database-monitor';
import { Maintenance } from '../database/maintenance';
import { inTransaction } from '../database/transaction';
import { WorkInFlight } from '../lifecycle/work-in-flight';
import { Metrics } from '../metrics/metrics';
import { Problem } from '../problems/problem';
import { inBackground } from '../request-context';
import { ThisWorker } from '../workers/this-worker';

const HOUR_MS = 3_600_000;
/** The first round begins some time after the start, when clients have come back. */
const FIRST_AFTER_MS = 600_000;
const EVERY_MS = 24 * HOUR_MS;
const AGAIN_AFTER_FAILURE_MS = HOUR_MS;
/** Between two batches, so that people's statements come first. */
const PAUSE_MS = 50;

/** Deletes one batch, in a transaction of its own. */
export type HousekeepingStep = (manager: EntityManager) => Promise<{ deleted: number; isDone: boolean }>;

/** Rows that nobody needs any more after some days. */
export interface HousekeepingTask {
  /** Also the label of its metrics. */
  readonly name: string;
  /** @param days how long finished rows stay. @returns the steps of one round, which is over when one says so */
  readonly begin: (days: number) => HousekeepingStep;
}

/**
 * Deletes finished rows once a day, in small batches, after `HOUSEKEEPING_DAYS`. Features register what is theirs. Every
 * server does it, its first worker alone; two servers never do the same batch at once.
 */
@Injectable()
export class Housekeeping implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(Housekeeping.name);
  private readonly tasks: HousekeepingTask[] = [];
  private readonly deleted;
  private readonly stop = new AbortController();
  private completedAt: number | undefined;
  private timer: NodeJS.Timeout | undefined;
  private working: Promise<void> | undefined;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly configuration: Configuration,
    private readonly monitor: DatabaseMonitor,
    private readonly maintenance: Maintenance,
    private readonly work: WorkInFlight,
    metrics: Metrics,
    @Optional() private readonly worker?: ThisWorker,
  ) {
    this.deleted = metrics.counter(
      'xfchat_housekeeping_deleted_total',
      'Finished rows that were deleted after HOUSEKEEPING_DAYS',
      ['task'],
    );
    metrics.gauge(
      'xfchat_housekeeping_age_seconds',
      'Time since this server last went through all finished rows',
      () => this.completedAt && (performance.now() - this.completedAt) / 1_000,
    );
  }

  add(task: HousekeepingTask): void {
    this.tasks.push(task);
    this.deleted.inc({ task: task.name }, 0);
  }

  onApplicationBootstrap(): void {
    if (this.worker === undefined || this.worker.number === 1) this.schedule(FIRST_AFTER_MS);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stop.abort();
    clearTimeout(this.timer);
    await this.working;
  }

  /**
   * Goes through all tasks.
   * @returns whether each was completed, by this server or by another one
   * @throws Problem or the error of the database
   */
  async round(): Promise<boolean> {
    for (const { name, begin } of this.tasks) {
      const step = begin(this.configuration.HOUSEKEEPING_DAYS);
      while (!(await this.batch(name, step))) {
        if (!this.mayWork) return false;
        await pause(PAUSE_MS);
      }
    }
    this.completedAt = performance.now();
    return true;
  }

  /** @returns whether the task is done */
  private async batch(name: string, step: HousekeepingStep): Promise<boolean> {
    return inTransaction(this.dataSource, async (manager, _announce, afterCommit) => {
      // Another server is at it.
      if (!(await tryLockName(manager, `housekeeping ${name}`))) return true;
      const { deleted, isDone } = await step(manager);
      afterCommit(() => this.deleted.inc({ task: name }, deleted));
      return isDone;
    });
  }

  private get mayWork(): boolean {
    const isServing = !this.stop.signal.aborted && !this.work.isDraining;
    return isServing && this.monitor.verdict.isUp && !this.maintenance.isOn;
  }

  private schedule(milliseconds: number): void {
    if (this.stop.signal.aborted) return;
    this.timer = inBackground(() => setTimeout(() => this.begin(), milliseconds)).unref();
  }

  private begin(): void {
    this.working = (this.mayWork ? this.round() : Promise.resolve(false))
      .catch((error: unknown) => {
        // Maintenance or an outage may begin at any time; those need no log line.
        if (!(error instanceof Problem)) this.logger.error('finished rows could not be deleted', error);
        return false;
      })
      .then((isDone) => this.schedule(isDone ? EVERY_MS : AGAIN_AFTER_FAILURE_MS));
  }
}
