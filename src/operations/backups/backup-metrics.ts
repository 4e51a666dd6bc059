import { Injectable, Module } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { Configuration } from '../../platform/configuration/configuration';
import { readInstallationOf } from '../../platform/database/installation.queries';
import { Metrics } from '../../platform/metrics/metrics';
import { PeriodicReadings } from '../../platform/metrics/periodic-readings';
import { backupTimes } from './backup-times';

/** How old the backups of this installation are. */
@Injectable()
class BackupMetrics {
  private installation: { id: string; database: string } | undefined;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    configuration: Configuration,
    readings: PeriodicReadings,
    metrics: Metrics,
  ) {
    const times = readings.add('backups', async () => {
      this.installation ??= await readInstallationOf(this.dataSource);
      return backupTimes(configuration.backupFolder, this.installation);
    });
    metrics.gauge(
      'xfchat_backup_last_created_timestamp_seconds',
      'Timestamp at which the newest backup began',
      () => seconds(times()?.created),
    );
    metrics.gauge(
      'xfchat_backup_last_proven_timestamp_seconds',
      'Timestamp of the last verified restore of a backup',
      () => seconds(times()?.proven),
    );
  }
}

const seconds = (milliseconds: number | undefined): number | undefined =>
  milliseconds === undefined ? undefined : milliseconds / 1_000;

@Module({ providers: [BackupMetrics] })
export class BackupMetricsModule {}
