import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { Configuration } from '../../platform/configuration/configuration';
import type { DatabaseSchema } from '../../platform/database/database-options';
import { DATABASE_SCHEMA, SchemaMonitor } from '../../platform/database/schema-monitor';
import { diskOf, type Disk } from '../../platform/disk';
import { countStartFailures } from '../../platform/lifecycle/start-failures';
import { WorkInFlight } from '../../platform/lifecycle/work-in-flight';
import { Metrics } from '../../platform/metrics/metrics';
import { PeriodicReadings } from '../../platform/metrics/periodic-readings';
import { compareSchema } from '../../platform/migrations/compare-schema';
import type { SchemaVerdict } from '../../platform/migrations/schema-verdict';
import { readDatabaseStatistics } from './database-statistics.queries';

/** The metrics of the server as a whole: its work, its database, its schema and its disks. */
@Injectable()
export class ServerMetrics {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(DATABASE_SCHEMA) private readonly program: DatabaseSchema,
    private readonly configuration: Configuration,
    private readonly readings: PeriodicReadings,
    schemaMonitor: SchemaMonitor,
    work: WorkInFlight,
    private readonly metrics: Metrics,
  ) {
    metrics.gauge(
      'xfchat_work_in_flight',
      'Requests and commands that are not answered yet',
      () => work.size,
    );
    metrics.gauge('xfchat_draining', '1 once the server drains', () => Number(work.isDraining));
    metrics.gauge('xfchat_schema_fits', '1 while this program can run on the schema', () =>
      Number(schemaMonitor.fits),
    );
    this.addDatabase();
    this.addSchema();
    this.addDisks();
    const startFailures = readings.add('failed starts', () => countStartFailures(configuration.DATA_DIR));
    metrics.counterOf(
      'xfchat_start_failures_total',
      'Failed starts since the installation',
      () => startFailures() ?? 0,
    );
  }

  private addDatabase(): void {
    const database = this.readings.addFromDatabase('size and load of the database', () =>
      readDatabaseStatistics(this.dataSource),
    );
    this.metrics.gauge('xfchat_db_size_bytes', 'Size of the database on disk', () => database()?.sizeBytes);
    this.metrics.gauge(
      'xfchat_db_oldest_transaction_seconds',
      'Age of the oldest open transaction that the server may see',
      () => database()?.oldestTransactionSeconds,
    );
    this.metrics.gauge(
      'xfchat_db_replication_lag_seconds',
      'Lag of the slowest replica',
      () => database()?.replicationLagSeconds,
    );
  }

  private addSchema(): void {
    const schema = this.readings.addFromDatabase('schema', () =>
      compareSchema(this.dataSource, this.program),
    );
    this.metrics.gauge(
      'xfchat_migrations_pending',
      'Migrations of this release that the database lacks',
      () => schema()?.pending.length,
    );
    this.metrics.gauge(
      'xfchat_migrations_failed',
      'Migrations that are unfinished, edited, missing, out of order or in dispute',
      () => failedMigrations(schema()),
    );
    this.metrics.gauge(
      'xfchat_schema_version',
      'Timestamp of the youngest migration in the database',
      () => schema()?.schemaVersion,
    );
  }

  private addDisks(): void {
    const { DATA_DIR, backupFolder, attachmentsFolder } = this.configuration;
    const disks = {
      data: this.readings.add('disk of the data', () => diskOfExisting(DATA_DIR)),
      backups: this.readings.add('disk of the backups', () => diskOfExisting(backupFolder)),
      attachments: this.readings.add('disk of the attachments', () => diskOfExisting(attachmentsFolder)),
    };
    const add = (name: string, help: string, read: (disk: Disk) => number): void =>
      this.metrics.gauges(name, help, ['folder'], () =>
        Object.entries(disks).map(([folder, readDisk]) => {
          const disk = readDisk();
          return { labels: { folder }, value: disk && read(disk) };
        }),
      );
    add(
      'xfchat_disk_free_bytes',
      'Free space on the disk of the folder that the server may use',
      (disk) => disk.freeBytes,
    );
    add('xfchat_disk_size_bytes', 'Size of the disk of the folder', (disk) => disk.sizeBytes);
  }
}

/** An external database has no data folder here, and before the first backup there is no folder of backups. */
async function diskOfExisting(folder: string): Promise<Disk | undefined> {
  try {
    return await diskOf(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function failedMigrations(schema: SchemaVerdict | undefined): number | undefined {
  if (!schema) return undefined;
  const { halfApplied, disputed, edited, missing, outOfOrder } = schema;
  return new Set([...halfApplied, ...disputed, ...edited, ...missing, ...outOfOrder]).size;
}
