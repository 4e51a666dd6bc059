import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { DatabaseMonitor } from '../../platform/database/database-monitor';
import { Maintenance } from '../../platform/database/maintenance';
import { WorkInFlight } from '../../platform/lifecycle/work-in-flight';
import { Problem } from '../../platform/problems/problem';
import { inBackground } from '../../platform/request-context';
import { Erasures } from './erasures';
import { JournalKeeper } from './journal-keeper';

/** How often each server looks for work that a killed one left. A starting server looks at once. */
const LOOK_EVERY_MS = 60_000;

/**
 * Finishes acknowledged erasures: their messages, and missing journal entries. Any server does it, in batches with a
 * pause as long as the batch took. The database knows the remaining work, so a killed server loses nothing. After each
 * new connection to the database, it first erases people again whom the journal names and the database still has. They
 * are back if somebody restored an earlier database without `xfchat backup restore`.
 */
@Injectable()
export class ErasureWorker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(ErasureWorker.name);
  private timer: NodeJS.Timeout | undefined;
  private working: Promise<void> | undefined;
  private isStopped = false;
  private isHurried = false;
  private hasCompared = false;

  constructor(
    private readonly erasures: Erasures,
    private readonly journal: JournalKeeper,
    private readonly monitor: DatabaseMonitor,
    private readonly maintenance: Maintenance,
    private readonly work: WorkInFlight,
  ) {}

  onApplicationBootstrap(): void {
    this.monitor.onConnect(() => {
      this.hasCompared = false;
      this.hurry();
    });
    this.monitor.onChange(() => this.hurry());
    this.maintenance.onChange(() => this.hurry());
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.working;
  }

  /** Looks for work now. */
  hurry(): void {
    this.isHurried = true;
    if (!this.working) this.schedule(0);
  }

  private schedule(milliseconds: number): void {
    clearTimeout(this.timer);
    if (this.isStopped) return;
    this.timer = inBackground(() => setTimeout(() => this.look(), milliseconds)).unref();
  }

  private look(): void {
    this.isHurried = false;
    this.working = this.attempt().finally(() => {
      this.working = undefined;
      this.schedule(this.isHurried ? 0 : LOOK_EVERY_MS);
    });
  }

  private get mayWork(): boolean {
    const isServing = !this.isStopped && !this.work.isDraining;
    return isServing && this.monitor.verdict.isUp && !this.maintenance.isOn;
  }

  private async attempt(): Promise<void> {
    await this.step('the journal could not be compared with the database', () => this.compare());
    await this.step('could not continue an erasure', () => this.goOn());
  }

  /** Runs one kind of work. A failure is retried at the next look and does not stop the other kinds. */
  private async step(failure: string, work: () => Promise<void>): Promise<void> {
    if (!this.mayWork) return;
    try {
      await work();
    } catch (error) {
      // Maintenance or an outage may begin at any time; those need no log line.
      if (!(error instanceof Problem)) this.logger.error(failure, error);
    }
  }

  private async goOn(): Promise<void> {
    if (!(await this.erasures.areLeft())) return;
    await this.step('the journal could not be written', () => this.journal.writeOpen());
    while (this.mayWork) {
      const started = performance.now();
      if (!(await this.erasures.eraseNextBatch())) return;
      await new Promise((resolve) => setTimeout(resolve, performance.now() - started));
    }
  }

  private async compare(): Promise<void> {
    if (this.hasCompared) return;
    const erased = await this.journal.findReturned();
    for (const erasure of erased) await this.erasures.erase(erasure);
    if (erased.length > 0)
      this.logger.warn(`the data contained ${erased.length} erased users again; they were erased again`);
    this.hasCompared = true;
  }
}
