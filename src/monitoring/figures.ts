import { randomUUID } from 'node:crypto';
import { Inject, Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { readInstallationOf } from '../platform/database/installation.queries';
import { backupTimes, type BackupTimes } from '../backups/backup-times';
import { Configuration } from '../platform/configuration/configuration';
import { DatabaseMonitor } from '../platform/database/database-monitor';
import type { DatabaseSchema } from '../platform/database/database-options';
import { DATABASE_SCHEMA, SchemaMonitor } from '../platform/database/schema-monitor';
import { diskOf, type Disk } from '../platform/disk';
import { countStartFailures } from '../platform/lifecycle/start-failures';
import { WorkInFlight } from '../platform/lifecycle/work-in-flight';
import { Metrics } from '../platform/metrics/metrics';
import { compareSchema } from '../platform/migrations/compare-schema';
import type { SchemaVerdict } from '../platform/migrations/schema-verdict';
import { toProblem } from '../platform/problems/to-problem';
import { runInContext } from '../platform/request-context';
import { readDatabaseFigures, type DatabaseFigures } from './database-figures.queries';

const INTERVAL_MS = 15_000;
/** For all statements of one look together. */
const PATIENCE_MS = 5_000;

/**
 * Figures that are too slow, or too far away, to be looked at whenever somebody reads the metrics: what the database,
 * the folders and the backups say, every fifteen seconds. What could not be found out has no sample until it can.
 */
@Injectable()
export class Figures implements BeforeApplicationShutdown {
  private readonly logger = new Logger(Figures.name);
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> | undefined;
  private isStopped = false;
  private database: DatabaseFigures | undefined;
  private schema: SchemaVerdict | undefined;
  private installation: { id: string; database: string } | undefined;
  private backups: BackupTimes | undefined;
  private disks: { data?: Disk; backups?: Disk } = {};
  private startFailures = 0;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(DATABASE_SCHEMA) private readonly program: DatabaseSchema,
    private readonly configuration: Configuration,
    private readonly monitor: DatabaseMonitor,
    private readonly schemaMonitor: SchemaMonitor,
    private readonly work: WorkInFlight,
    private readonly metrics: Metrics,
  ) {}

  /** The first look; later ones follow by themselves. */
  async start(): Promise<void> {
    this.declare();
    await this.lookOnce();
  }

  /** While there still is a database connection. */
  async beforeApplicationShutdown(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.looking;
  }

  private declare(): void {
    const { metrics } = this;
    const folders = ['data', 'backups'] as const;
    const ofDisks = (read: (disk: Disk) => number) => () =>
      folders.map((folder) => {
        const disk = this.disks[folder];
        return { labels: { folder }, value: disk && read(disk) };
      });
    metrics.gauge(
      'xfchat_work_in_flight',
      'Requests and commands begun and not answered',
      () => this.work.size,
    );
    metrics.gauge('xfchat_draining', '1 once the server has been told to stop', () =>
      Number(this.work.isDraining),
    );
    metrics.gauge('xfchat_db_size_bytes', 'The database on its disk', () => this.database?.sizeBytes);
    metrics.gauge(
      'xfchat_db_oldest_transaction_seconds',
      'Age of the oldest open transaction that may be seen',
      () => this.database?.oldestTransactionSeconds,
    );
    metrics.gauge(
      'xfchat_db_replication_lag_seconds',
      'How far the slowest replica is behind',
      () => this.database?.replicationLagSeconds,
    );
    metrics.gauge(
      'xfchat_migrations_pending',
      'Migrations of this program that the database lacks',
      () => this.schema?.pending.length,
    );
    metrics.gauge(
      'xfchat_migrations_failed',
      'Migrations that were begun and not finished, edited, missing, out of order or in dispute',
      () => this.schema && failed(this.schema),
    );
    metrics.gauge(
      'xfchat_schema_version',
      'Timestamp of the youngest migration in the database',
      () => this.schema?.schemaVersion,
    );
    metrics.gauge('xfchat_schema_fits', '1 while this program can run on the schema', () =>
      Number(this.schemaMonitor.fits),
    );
    metrics.gauge('xfchat_backup_last_created_timestamp_seconds', 'When the newest backup was begun', () =>
      seconds(this.backups?.created),
    );
    metrics.gauge(
      'xfchat_backup_last_proven_timestamp_seconds',
      'When a backup was last proven by restoring it',
      () => seconds(this.backups?.proven),
    );
    metrics.gauges(
      'xfchat_disk_free_bytes',
      'What is free for us on the disk of the folder',
      ['folder'],
      ofDisks(({ freeBytes }) => freeBytes),
    );
    metrics.gauges(
      'xfchat_disk_size_bytes',
      'Size of the disk of the folder',
      ['folder'],
      ofDisks(({ sizeBytes }) => sizeBytes),
    );
    metrics.counterOf('xfchat_start_failures_total', 'Starts that failed, ever', () => this.startFailures);
  }

  private lookOnce(): Promise<void> {
    this.looking = this.look().finally(() => {
      if (!this.isStopped) this.timer = setTimeout(() => void this.lookOnce(), INTERVAL_MS).unref();
    });
    return this.looking;
  }

  /** Never rejects. */
  private async look(): Promise<void> {
    const { DATA_DIR, backupFolder } = this.configuration;
    const [data, backups] = await Promise.all(
      [DATA_DIR, backupFolder].map((folder) => diskOf(folder).catch(() => undefined)),
    );
    this.disks = { data, backups };
    this.startFailures = await countStartFailures(DATA_DIR);
    this.backups = await this.unlessItFails('backups', async () => {
      this.installation ??= await readInstallationOf(this.dataSource);
      return backupTimes(backupFolder, this.installation);
    });
    const deadline = performance.now() + PATIENCE_MS;
    await runInContext({ requestId: randomUUID(), operation: 'figures', deadline }, async () => {
      this.database = await this.fromDatabase('database', () => readDatabaseFigures(this.dataSource));
      this.schema = await this.fromDatabase('schema', () => compareSchema(this.dataSource, this.program));
    });
  }

  private async fromDatabase<T>(what: string, read: () => Promise<T>): Promise<T | undefined> {
    return this.monitor.verdict.isUp ? this.unlessItFails(what, read) : undefined;
  }

  private async unlessItFails<T>(what: string, read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      this.logger.warn(`figures of the ${what} could not be read: ${toProblem(error).code}`);
      return undefined;
    }
  }
}

function failed({ halfApplied, disputed, edited, missing, outOfOrder }: SchemaVerdict): number {
  return new Set([...halfApplied, ...disputed, ...edited, ...missing, ...outOfOrder]).size;
}

const seconds = (milliseconds: number | undefined): number | undefined =>
  milliseconds === undefined ? undefined : milliseconds / 1_000;
