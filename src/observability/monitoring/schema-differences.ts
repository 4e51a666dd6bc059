import { Inject, Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { DatabaseSchema } from '../../platform/database/database-options';
import { DATABASE_SCHEMA } from '../../platform/database/schema-monitor';
import { differencesOf, readShape, type SchemaDifference } from '../../platform/database/schema-shape';
import { Metrics } from '../../platform/metrics/metrics';
import { PeriodicReadings } from '../../platform/metrics/periodic-readings';
import { compareSchema } from '../../platform/migrations/compare-schema';

/**
 * Notices damage to the schema while the server runs: a dropped index, a column that lost its NOT NULL, a disabled trigger.
 * Reports it as a metric and in the log. Readiness stays as it is: an operator may be building an index anew.
 */
@Injectable()
export class SchemaDifferences {
  private readonly logger = new Logger(SchemaDifferences.name);
  private reported = '';

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(DATABASE_SCHEMA) private readonly schema: DatabaseSchema,
    readings: PeriodicReadings,
    metrics: Metrics,
  ) {
    const differences = readings.addFromDatabase('shape of the schema', () => this.read());
    metrics.gauge(
      'xfchat_schema_differences',
      'Objects of the schema that are missing or not as the migrations make them',
      () => differences()?.length,
    );
  }

  /** @returns undefined while the database has other migrations than this release: then it is theirs to differ */
  private async read(): Promise<SchemaDifference[] | undefined> {
    const { pending, newer, halfApplied } = await compareSchema(this.dataSource, this.schema);
    if (pending.length + newer.length + halfApplied.length > 0) return undefined;
    const differences = differencesOf(this.schema.shape ?? {}, await readShape(this.dataSource));
    this.report(differences);
    return differences;
  }

  /** One line for each change, not for each reading. */
  private report(differences: readonly SchemaDifference[]): void {
    const text = differences
      .map(({ object, isMissing }) => `${object} ${isMissing ? 'is missing' : 'differs'}`)
      .join(', ');
    if (text === this.reported) return;
    if (text) this.logger.warn(`the schema differs from the migrations: ${text}`);
    else this.logger.log('the schema equals the migrations again');
    this.reported = text;
  }
}
