import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { tryLockName } from '../../platform/database/advisory-lock';
import { DatabaseMonitor } from '../../platform/database/database-monitor';
import { Maintenance } from '../../platform/database/maintenance';
import { inTransaction } from '../../platform/database/transaction';
import { WorkInFlight } from '../../platform/lifecycle/work-in-flight';
import { Metrics } from '../../platform/metrics/metrics';
import { Problem } from '../../platform/problems/problem';
import { inBackground } from '../../platform/request-context';
import { AttachmentStore } from './attachment-store';
import { ATTACHMENT_FILES, deleteAttachments, lockGarbage } from './attachments.queries';

const LOOK_EVERY_MS = 60_000;
/** Files that one transaction removes while it holds the locks of their rows. */
const BATCH = 50;

/**
 * Removes attachments that nobody can ever read, in batches. Any server does it. The rows list what to remove, and a
 * file goes before its row. So if a server is killed in between, the next run finds the row and removes the rest.
 * One server does so at a time, and none while a backup or a restore copies files.
 */
@Injectable()
export class AttachmentCollector implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(AttachmentCollector.name);
  private readonly collected;
  private timer: NodeJS.Timeout | undefined;
  private working: Promise<void> | undefined;
  private isStopped = false;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly store: AttachmentStore,
    private readonly monitor: DatabaseMonitor,
    private readonly maintenance: Maintenance,
    private readonly work: WorkInFlight,
    metrics: Metrics,
  ) {
    this.collected = metrics.counter(
      'xfchat_attachments_collected_total',
      'Attachments removed because nobody could read them any more',
    );
  }

  onApplicationBootstrap(): void {
    this.schedule();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.working;
  }

  /** Removes everything that is due. */
  async collect(): Promise<void> {
    while (this.mayWork && (await this.collectBatch()) === BATCH);
  }

  private get mayWork(): boolean {
    const isServing = !this.isStopped && !this.work.isDraining;
    return isServing && this.monitor.verdict.isUp && !this.maintenance.isOn;
  }

  private schedule(): void {
    if (this.isStopped) return;
    this.timer = inBackground(() => setTimeout(() => this.look(), LOOK_EVERY_MS)).unref();
  }

  private look(): void {
    this.working = this.collect()
      .catch((error: unknown) => {
        // Maintenance or an outage may begin at any time; those need no log line.
        if (!(error instanceof Problem)) this.logger.error('could not remove attachments', error);
      })
      .finally(() => this.schedule());
  }

  private async collectBatch(): Promise<number> {
    return inTransaction(this.dataSource, async (manager, _announce, afterCommit) => {
      // A backup or a restore copies files: what it names has to stay until it has ended.
      if (!(await tryLockName(manager, ATTACHMENT_FILES))) return 0;
      const ids = await lockGarbage(manager, BATCH);
      await Promise.all(ids.map((id) => this.store.remove(id)));
      if (ids.length > 0) await deleteAttachments(manager, ids);
      afterCommit(() => this.collected.inc(ids.length));
      return ids.length;
    });
  }
}
