import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { Configuration } from '../configuration/configuration';
import { StructuredLogger } from '../logging/structured-logger';
import { Metrics } from '../metrics/metrics';
import { identifiersOf, type PoolShare } from '../request-context';
import { DatabaseCircuit } from './circuit';
import type { Checkout, DeadlinePool } from './deadline-pool';
import { isSqlState } from './sql-state';
import { StatementWatch } from './statement-watch';

const SAMPLE_MS = 500;
/** A pool that has had no free connection for this long makes the server not ready. */
export const EXHAUSTED_MS = 10_000;
const WARN_AT = 0.8;
/** A warning is not repeated within this time. */
const QUIET_MS = 60_000;
/** A connection held for this much longer than a request may last counts as a leak. */
const LEAK_MARGIN_MS = 1_000;

export interface PoolState {
  readonly total: number;
  readonly idle: number;
  readonly waiting: number;
  readonly max: number;
}

/**
 * Measures how many connections of the pool are in use, by which operation and for how long. Logs when too many
 * are, or for too long.
 */
@Injectable()
export class PoolUsage implements OnModuleInit, OnApplicationShutdown {
  private exhaustedSince: number | undefined;
  private warnedAt = -Infinity;
  private sampledAt = performance.now();
  private timer: NodeJS.Timeout | undefined;
  private readonly reported = new WeakSet<Checkout>();
  private readonly leakAfterMs: { request: number; background: number };

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly configuration: Configuration,
    private readonly metrics: Metrics,
    private readonly circuit: DatabaseCircuit,
    private readonly watch: StatementWatch,
    private readonly logger: StructuredLogger,
  ) {
    const { REQUEST_TIMEOUT_MS, DATABASE_STATEMENT_TIMEOUT_MS } = configuration;
    this.leakAfterMs = {
      request: REQUEST_TIMEOUT_MS + LEAK_MARGIN_MS,
      background: Math.max(REQUEST_TIMEOUT_MS, DATABASE_STATEMENT_TIMEOUT_MS) + LEAK_MARGIN_MS,
    };
  }

  onModuleInit(): void {
    const { metrics } = this;
    metrics.gauge('xfchat_db_pool_max', 'Connections that the pool may open', () => this.figures.max);
    metrics.gauge('xfchat_db_pool_open', 'Connections that are open', () => this.figures.total);
    metrics.gauge('xfchat_db_pool_in_use', 'Connections in use', () => this.inUse);
    metrics.gauge('xfchat_db_pool_idle', 'Connections that are open and free', () => this.figures.idle);
    metrics.gauge(
      'xfchat_db_pool_waiting',
      'Requests that wait for a connection',
      () => this.figures.waiting,
    );
    metrics.gauge(
      'xfchat_db_pool_oldest_checkout_seconds',
      'Time since the longest held connection was taken',
      () => this.oldestCheckoutMs / 1_000,
    );
    metrics.gauge(
      'xfchat_db_circuit_open',
      '1 while the circuit breaker is open and no connection is tried',
      () => Number(this.circuit.isDisturbed),
    );
    this.watch.onFailure((code) => metrics.databaseErrors.inc({ code: sqlStateOrOther(code) }));
    this.timer = setInterval(() => this.sample(), SAMPLE_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  get figures(): PoolState {
    const { pool } = this;
    return {
      total: pool?.totalCount ?? 0,
      idle: pool?.idleCount ?? 0,
      waiting: pool?.budget.waiting ?? 0,
      max: this.configuration.DATABASE_POOL_MAX,
    };
  }

  get shares(): Record<PoolShare, { inUse: number; waiting: number; reserved: number }> | undefined {
    const budget = this.pool?.budget;
    return (
      budget && {
        'sign-in': budget.usage('sign-in'),
        messages: budget.usage('messages'),
        other: budget.usage('other'),
      }
    );
  }

  get oldestCheckoutMs(): number {
    const [oldest] = this.pool?.checkouts ?? [];
    return oldest ? performance.now() - oldest.since : 0;
  }

  /** Milliseconds since a connection was last free; 0 when one is. */
  get exhaustedMs(): number {
    return this.exhaustedSince === undefined ? 0 : performance.now() - this.exhaustedSince;
  }

  /** Milliseconds since the last measurement. */
  get ageMs(): number {
    return performance.now() - this.sampledAt;
  }

  private get pool(): DeadlinePool | undefined {
    return (this.dataSource.driver as unknown as { master?: DeadlinePool }).master;
  }

  private get inUse(): number {
    return this.pool?.checkouts.length ?? 0;
  }

  private sample(): void {
    const now = performance.now();
    this.sampledAt = now;
    const { max, waiting } = this.figures;
    if (waiting === 0) this.exhaustedSince = undefined;
    else this.exhaustedSince ??= now;
    if (this.inUse >= max * WARN_AT && now - this.warnedAt >= QUIET_MS) {
      this.warnedAt = now;
      this.logger.event('warn', 'the connection pool is nearly exhausted', {
        ...this.figures,
        inUse: this.inUse,
        operations: this.operations(),
      });
    }
    this.reportLeaks(now);
  }

  /** How many connections each operation holds. */
  private operations(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { operation } of this.pool?.checkouts ?? []) counts[operation] = (counts[operation] ?? 0) + 1;
    return counts;
  }

  private reportLeaks(now: number): void {
    for (const checkout of this.pool?.checkouts ?? []) {
      const { operation, context, since } = checkout;
      const limit = context === undefined ? this.leakAfterMs.background : this.leakAfterMs.request;
      if (now - since < limit || this.reported.has(checkout)) continue;
      this.reported.add(checkout);
      this.metrics.databaseLeaks.inc();
      this.logger.event('error', 'a database connection was not returned to the pool', {
        operation,
        heldMs: Math.round(now - since),
        ...(context && identifiersOf(context)),
      });
    }
  }
}

function sqlStateOrOther(code: string): string {
  return isSqlState(code) ? code : 'other';
}
