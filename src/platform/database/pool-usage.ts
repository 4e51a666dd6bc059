import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { Configuration } from '../configuration/configuration';
import { Metrics } from '../metrics/metrics';

const SAMPLE_MS = 500;
/** A pool that has had no free connection for this long makes the server not ready. */
export const EXHAUSTED_MS = 10_000;

export interface PoolFigures {
  readonly total: number;
  readonly idle: number;
  readonly waiting: number;
  readonly max: number;
}

/** How much of the connection pool is in use, and for how long it has been used up. */
@Injectable()
export class PoolUsage implements OnModuleInit, OnApplicationShutdown {
  private exhaustedSince: number | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly configuration: Configuration,
    private readonly metrics: Metrics,
  ) {}

  onModuleInit(): void {
    const { metrics } = this;
    metrics.gauge('xfchat_db_pool_max', 'Connections that the pool may open', () => this.figures.max);
    metrics.gauge('xfchat_db_pool_total', 'Connections that are open', () => this.figures.total);
    metrics.gauge(
      'xfchat_db_pool_in_use',
      'Connections at work',
      () => this.figures.total - this.figures.idle,
    );
    metrics.gauge(
      'xfchat_db_pool_waiting',
      'Requests that wait for a connection',
      () => this.figures.waiting,
    );
    this.timer = setInterval(() => this.sample(), SAMPLE_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  get figures(): PoolFigures {
    const pool = (this.dataSource.driver as unknown as { master?: Pool }).master;
    return {
      total: pool?.totalCount ?? 0,
      idle: pool?.idleCount ?? 0,
      waiting: pool?.waitingCount ?? 0,
      max: this.configuration.DATABASE_POOL_MAX,
    };
  }

  /** Milliseconds since a connection was last free; 0 when one is. */
  get exhaustedMs(): number {
    return this.exhaustedSince === undefined ? 0 : performance.now() - this.exhaustedSince;
  }

  private sample(): void {
    const { idle, total, max, waiting } = this.figures;
    if (idle > 0 || total < max || waiting === 0) this.exhaustedSince = undefined;
    else this.exhaustedSince ??= performance.now();
  }
}
