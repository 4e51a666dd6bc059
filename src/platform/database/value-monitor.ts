import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { DatabaseMonitor } from './database-monitor';
import type { DatabaseSchema } from './database-options';
import { databaseProblem } from './database-problem';
import { DATABASE_SCHEMA } from './schema-monitor';
import { changedValues } from './value-sample';

const INTERVAL_MS = 30_000;

export interface ValueState {
  readonly reason: 'ok' | 'changed' | 'refused';
  /** The kinds of values that came back changed, or the SQLSTATE of the rejection. */
  readonly details: readonly string[];
  /** On the clock of `performance.now()`. */
  readonly checkedAt: number;
}

/**
 * Checks that the database returns the values that were written. It writes a row with a value of each kind over the
 * pool, when the database comes up and every 30 s. While the database is down, busy, full or read-only, the last
 * state stays.
 */
@Injectable()
export class ValueMonitor implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(ValueMonitor.name);
  private current: ValueState = { reason: 'ok', details: [], checkedAt: performance.now() };
  private looking: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private isStopped = false;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(DATABASE_SCHEMA) private readonly schema: DatabaseSchema,
    private readonly monitor: DatabaseMonitor,
  ) {}

  get state(): ValueState {
    return this.current;
  }

  async onModuleInit(): Promise<void> {
    this.monitor.onChange(({ isUp }) => isUp && void this.lookOnce());
    await this.lookOnce();
  }

  onApplicationShutdown(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  private lookOnce(): Promise<void> {
    this.looking ??= this.look().finally(() => {
      this.looking = undefined;
      clearTimeout(this.timer);
      if (!this.isStopped) this.timer = setTimeout(() => void this.lookOnce(), INTERVAL_MS).unref();
    });
    return this.looking;
  }

  /** Never rejects. */
  private async look(): Promise<void> {
    try {
      const changed = await changedValues(this.dataSource, this.schema);
      this.conclude(changed.length > 0 ? 'changed' : 'ok', changed);
    } catch (error) {
      if (!databaseProblem(error)) this.conclude('refused', [(error as { code?: string }).code ?? 'no code']);
    }
  }

  private conclude(reason: ValueState['reason'], details: readonly string[]): void {
    if (reason !== this.current.reason && reason !== 'ok')
      this.logger.warn(
        `the database returns other values than were written: ${[reason, ...details].join(', ')}`,
      );
    this.current = { reason, details, checkedAt: performance.now() };
  }
}
