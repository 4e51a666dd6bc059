import { Injectable, Optional } from '@nestjs/common';
import {
  HealthCheckService,
  HealthIndicatorService,
  type HealthCheckResult,
  type HealthIndicatorResult,
} from '@nestjs/terminus';
import { WorkInFlight } from '../../platform/lifecycle/work-in-flight';
import { DatabaseMonitor } from '../../platform/database/database-monitor';
import { Maintenance } from '../../platform/database/maintenance';
import { EXHAUSTED_MS, PoolUsage } from '../../platform/database/pool-usage';
import { SchemaMonitor } from '../../platform/database/schema-monitor';
import { StatementWatch } from '../../platform/database/statement-watch';
import { ValueMonitor } from '../../platform/database/value-monitor';
import { Flags } from '../../platform/flags/flags';
import { RedisLink } from '../../platform/redis/redis-link';
import { EventRelay } from '../../platform/servers/event-relay';
import { version } from '../../platform/version';
import { ThisWorker } from '../../platform/workers/this-worker';
import { Canary } from './canary';

/** A verdict counts only when it was confirmed within this time. */
const STALE_MS = 5_000;
const DISK_FULL = '53100';
/** For this long after a full disk was noticed, it counts as full. */
const FULL_FOR_MS = 60_000;

/** A server that is catching up with the others is live again within this time. */
const NOT_LIVE_MS = 10_000;

/** Answers probes. Each indicator gives one word as the reason for its state, and the age of that observation. */
@Injectable()
export class HealthService {
  constructor(
    private readonly terminus: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly monitor: DatabaseMonitor,
    private readonly pool: PoolUsage,
    private readonly schema: SchemaMonitor,
    private readonly values: ValueMonitor,
    private readonly watch: StatementWatch,
    private readonly maintenance: Maintenance,
    private readonly work: WorkInFlight,
    private readonly canary: Canary,
    private readonly flags: Flags,
    private readonly relay: EventRelay,
    private readonly redisLink: RedisLink,
    @Optional() private readonly worker?: ThisWorker,
  ) {
    worker?.onReadinessAsked(async () => (await this.check(this.ownReadiness)).status === 'ok');
  }

  /** Whether the process is alive. Checks nothing else, since restarting the process does not repair a database. */
  async live(): Promise<HealthCheckResult> {
    return this.check([() => this.process()]);
  }

  /** Whether a load balancer should send traffic here. */
  async ready(): Promise<HealthCheckResult> {
    return this.check([...this.ownReadiness, ...this.ofOthers]);
  }

  /** Whether the start was verified. The server listens only after that. */
  async startup(): Promise<HealthCheckResult> {
    return this.check([() => this.schemaState()]);
  }

  async full(): Promise<HealthCheckResult> {
    return this.check([
      () => this.process(),
      ...this.ownReadiness,
      ...this.ofOthers,
      () => this.featureFlags(),
    ]);
  }

  private readonly ownReadiness = [
    () => this.database(),
    () => this.connectionPool(),
    () => this.schemaState(),
    () => this.valuesKept(),
    () => this.storage(),
    () => this.eventRelay(),
    () => this.redis(),
    () => this.maintenanceMode(),
    () => this.lifecycle(),
    () => this.canaryRoundTrip(),
  ];

  private get ofOthers(): (() => HealthIndicatorResult)[] {
    const { worker } = this;
    return worker ? [() => this.workers(worker)] : [];
  }

  private async check(indicators: (() => HealthIndicatorResult)[]): Promise<HealthCheckResult> {
    try {
      return await this.terminus.check(indicators);
    } catch (error) {
      // Terminus throws its result when something is down; here that is an ordinary answer.
      return (error as { getResponse(): unknown }).getResponse() as HealthCheckResult;
    }
  }

  private process(): HealthIndicatorResult {
    return this.indicators.check('process').up({
      reason: 'ok',
      ageMs: 0,
      version,
      node: process.version,
      uptimeSeconds: Math.floor(process.uptime()),
      inFlight: this.work.size,
    });
  }

  private database(): HealthIndicatorResult {
    const { isUp, reason, since, checkedAt, pingMs, serverVersion, unfit } = this.monitor.verdict;
    const ageMs = Date.now() - checkedAt;
    const isStale = ageMs > STALE_MS;
    const details = {
      reason: isStale ? 'stale' : reason,
      since: new Date(since).toISOString(),
      ageMs,
      ...(pingMs !== undefined && { pingMs: Math.round(pingMs * 10) / 10 }),
      ...(serverVersion && { serverVersion }),
      ...(unfit.length > 0 && { settings: unfit }),
    };
    const indicator = this.indicators.check('database');
    return isUp && !isStale ? indicator.up(details) : indicator.down(details);
  }

  private connectionPool(): HealthIndicatorResult {
    const indicator = this.indicators.check('pool');
    const { exhaustedMs, figures, shares, oldestCheckoutMs, ageMs } = this.pool;
    const isExhausted = exhaustedMs >= EXHAUSTED_MS;
    const details = {
      reason: isExhausted ? 'exhausted' : 'ok',
      ageMs: Math.round(ageMs),
      ...figures,
      shares,
      exhaustedMs: Math.round(exhaustedMs),
      oldestCheckoutMs: Math.round(oldestCheckoutMs),
    };
    return isExhausted ? indicator.down(details) : indicator.up(details);
  }

  private schemaState(): HealthIndicatorResult {
    const indicator = this.indicators.check('schema');
    const { state, fits } = this.schema;
    const { fault, pending, newer, missing, edited, outOfOrder, halfApplied, damage } = state ?? {};
    const ageMs = Math.round(performance.now() - (state?.checkedAt ?? performance.now()));
    if (fits) return indicator.up({ reason: 'ok', ageMs });
    return indicator.down({
      reason: fault?.replace(/^(schema|migration)-/, '') ?? 'unknown',
      ageMs,
      ...{ pending, newer, missing, edited, outOfOrder, halfApplied, damage },
    });
  }

  /** Whether the database returns values as they were written; see `ValueMonitor`. */
  private valuesKept(): HealthIndicatorResult {
    const { reason, details, checkedAt } = this.values.state;
    const indicator = this.indicators.check('values');
    const ageMs = Math.round(performance.now() - checkedAt);
    return reason === 'ok' ? indicator.up({ reason, ageMs }) : indicator.down({ reason, ageMs, details });
  }

  /**
   * A server that does not deliver events is useless to sockets. While the database is down, its own indicator shows
   * that.
   */
  private eventRelay(): HealthIndicatorResult {
    const indicator = this.indicators.check('relay');
    const { isLive, notLiveMs } = this.relay;
    const ageMs = Number.isFinite(notLiveMs) ? Math.round(notLiveMs) : 0;
    if (isLive) return indicator.up({ reason: 'ok', ageMs });
    const isLasting = notLiveMs >= NOT_LIVE_MS && this.monitor.verdict.isUp;
    return isLasting
      ? indicator.down({ reason: 'not-live', ageMs })
      : indicator.up({ reason: 'catching-up', ageMs });
  }

  /** Never red: without Redis, servers notify each other through PostgreSQL. */
  private redis(): HealthIndicatorResult {
    const { isUp, downMs, lagMs } = this.redisLink.state;
    const reason = !this.redisLink.isConfigured ? 'off' : isUp ? 'ok' : 'down';
    return this.indicators.check('redis').up({
      reason,
      ageMs: reason === 'down' ? Math.round(downMs) : 0,
      ...(isUp && lagMs !== undefined && { lagMs: Math.round(lagMs * 10) / 10 }),
    });
  }

  /**
   * A probe reaches any worker, and has to report the state of all. A worker that is being replaced is not red: it gets
   * no connections.
   */
  private workers({ states, number }: ThisWorker): HealthIndicatorResult {
    const indicator = this.indicators.check('workers');
    const { total, peerPorts } = states;
    const notAnswering = states.notAnswering.filter((other) => other !== number);
    const notReady = states.notReady.filter((other) => other !== number);
    const details = { ageMs: 0, total, serving: Object.keys(peerPorts).length, notAnswering, notReady };
    if (notAnswering.length > 0) return indicator.down({ reason: 'not-answering', ...details });
    return notReady.length > 0
      ? indicator.down({ reason: 'not-ready', ...details })
      : indicator.up({ reason: 'ok', ...details });
  }

  /** Never red: reads still work, and moving traffic elsewhere does not free space. */
  private storage(): HealthIndicatorResult {
    const fullMs = this.watch.ageOf(DISK_FULL);
    const isFull = fullMs !== undefined && fullMs < FULL_FOR_MS;
    return this.indicators
      .check('storage')
      .up({ reason: isFull ? 'full' : 'ok', ageMs: Math.round(fullMs ?? 0) });
  }

  /** Never red: reads still work, and every other server rejects writes as well. */
  private maintenanceMode(): HealthIndicatorResult {
    const { since } = this.maintenance;
    return this.indicators.check('maintenance').up({
      reason: since ? 'on' : 'off',
      ageMs: since ? Math.max(0, Date.now() - since.getTime()) : 0,
    });
  }

  /** Never red: while the file is broken, the last valid flags stay in force. */
  private featureFlags(): HealthIndicatorResult {
    const { file, state } = this.flags;
    return this.indicators.check('flags').up({
      reason: file === undefined ? 'no-file' : file.fault === undefined ? 'ok' : 'broken-file',
      ageMs: Math.round(file?.ageMs ?? 0),
      ...(file?.fault !== undefined && { fault: file.fault }),
      ...(file && { unknown: file.unknown }),
      flags: state,
    });
  }

  private lifecycle(): HealthIndicatorResult {
    const indicator = this.indicators.check('draining');
    return this.work.isDraining
      ? indicator.down({ reason: 'draining', ageMs: 0, inFlight: this.work.size })
      : indicator.up({ reason: 'ok', ageMs: 0 });
  }

  /** Never red by itself, see `Canary`. */
  private canaryRoundTrip(): HealthIndicatorResult {
    const { reason, ageMs, roundTripMs } = this.canary.state;
    return this.indicators.check('canary').up({
      reason: this.canary.isOn ? reason : 'off',
      ageMs: Math.round(ageMs),
      ...(roundTripMs !== undefined && { roundTripMs: Math.round(roundTripMs) }),
    });
  }
}
