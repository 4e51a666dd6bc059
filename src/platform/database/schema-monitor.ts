import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { DatabaseMonitor } from './database-monitor';
import { compareSchema, type SchemaVerdict } from './schema-check';

/** Whether the database has the schema of this program: looked at when the database comes up, again after outages. */
@Injectable()
export class SchemaMonitor implements OnModuleInit {
  private readonly logger = new Logger(SchemaMonitor.name);
  private current: SchemaVerdict | undefined;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly monitor: DatabaseMonitor,
  ) {}

  async onModuleInit(): Promise<void> {
    this.monitor.onChange(({ isUp }) => {
      if (isUp) this.look().catch((error) => this.logger.warn('the schema could not be compared', error));
    });
    await this.look();
  }

  /** Undefined until the first look. */
  get verdict(): SchemaVerdict | undefined {
    return this.current;
  }

  private async look(): Promise<void> {
    this.current = await compareSchema(this.dataSource);
  }
}
