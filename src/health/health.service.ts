import { Injectable } from '@nestjs/common';
import {
  HealthCheckService,
  HealthIndicatorService,
  type HealthCheckResult,
  type HealthIndicatorResult,
} from '@nestjs/terminus';
import { WorkInFlight } from '../platform/lifecycle/work-in-flight';
import { DatabaseMonitor } from '../platform/database/database-monitor';
import { EXHAUSTED_MS, PoolUsage } from '../platform/database/pool-usage';
import { SchemaMonitor } from '../platform/database/schema-monitor';
import { version } from '../version';

/** A verdict that was not confirmed for this long is no verdict. */
const STALE_MS = 3_500;

/** What the probes are told; each indicator says why it is down, in a word. */
@Injectable()
export class HealthService {
  constructor(
    private readonly terminus: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly monitor: DatabaseMonitor,
    private readonly pool: PoolUsage,
    private readonly schema: SchemaMonitor,
    private readonly work: WorkInFlight,
  ) {}

  /** Is the process alive? Nothing else: restarting it does not mend a database. */
  async live(): Promise<HealthCheckResult> {
    return this.check([() => this.process()]);
  }

  /** Should traffic be sent here? */
  async ready(): Promise<HealthCheckResult> {
    return this.check([
      () => this.database(),
      () => this.connectionPool(),
      () => this.schemaState(),
      () => this.lifecycle(),
    ]);
  }

  /** Has the start been verified? The server listens only after that. */
  async startup(): Promise<HealthCheckResult> {
    return this.check([() => this.schemaState()]);
  }

  async full(): Promise<HealthCheckResult> {
    return this.check([
      () => this.process(),
      () => this.database(),
      () => this.connectionPool(),
      () => this.schemaState(),
      () => this.lifecycle(),
    ]);
  }

  private async check(indicators: (() => HealthIndicatorResult)[]): Promise<HealthCheckResult> {
    try {
      return await this.terminus.check(indicators);
    } catch (error) {
      // Terminus throws its result when something is down; here that is an answer like any other.
      return (error as { getResponse(): unknown }).getResponse() as HealthCheckResult;
    }
  }

  private process(): HealthIndicatorResult {
    return this.indicators.check('process').up({
      version,
      node: process.version,
      uptimeSeconds: Math.floor(process.uptime()),
      inFlight: this.work.size,
    });
  }

  private database(): HealthIndicatorResult {
    const { isUp, reason, since, checkedAt, pingMs, serverVersion } = this.monitor.verdict;
    const ageMs = Date.now() - checkedAt;
    const isStale = ageMs > STALE_MS;
    const details = {
      reason: isStale ? 'stale' : reason,
      since: new Date(since).toISOString(),
      ageMs,
      ...(pingMs !== undefined && { pingMs: Math.round(pingMs * 10) / 10 }),
      ...(serverVersion && { serverVersion }),
    };
    const indicator = this.indicators.check('database');
    return isUp && !isStale ? indicator.up(details) : indicator.down(details);
  }

  private connectionPool(): HealthIndicatorResult {
    const indicator = this.indicators.check('pool');
    const { exhaustedMs } = this.pool;
    const details = { ...this.pool.figures, exhaustedMs: Math.round(exhaustedMs) };
    return exhaustedMs >= EXHAUSTED_MS ? indicator.down(details) : indicator.up(details);
  }

  private schemaState(): HealthIndicatorResult {
    const indicator = this.indicators.check('schema');
    const { verdict } = this.schema;
    const fits = verdict !== undefined && verdict.pending.length === 0 && verdict.unknown.length === 0;
    return fits
      ? indicator.up()
      : indicator.down({ pending: verdict?.pending ?? [], unknown: verdict?.unknown ?? [] });
  }

  private lifecycle(): HealthIndicatorResult {
    const indicator = this.indicators.check('draining');
    return this.work.isDraining ? indicator.down({ inFlight: this.work.size }) : indicator.up();
  }
}
