import { randomUUID } from 'node:crypto';
import {
  Injectable,
  Logger,
  Optional,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Server } from 'node:http';
import { uuidv7 } from 'uuidv7';
import { Configuration } from '../../platform/configuration/configuration';
import { Maintenance } from '../../platform/database/maintenance';
import { DatabaseMonitor } from '../../platform/database/database-monitor';
import { WorkInFlight } from '../../platform/lifecycle/work-in-flight';
import { Metrics } from '../../platform/metrics/metrics';
import { toProblem } from '../../platform/problems/to-problem';
import { runInContext } from '../../platform/request-context';
import { KEY_HEADER } from '../../platform/workers/peer-listener';
import { ThisWorker } from '../../platform/workers/this-worker';
import { CanaryAccount } from './canary-account';
import { measureRoundTrip, type RoundTrip } from './canary-round-trip';
import { CONVERSATION_NOT_FOUND } from '../../features/membership/membership.problems';
import { SESSION_REVOKED, TOKEN_EXPIRED, UNAUTHENTICATED } from '../../platform/problems/general-problems';

const FIRST_AFTER_MS = 1_000;
const REMOVAL_MS = 1_000;
/** Rejections after which a new account helps. */
const LOCKED_OUT = [UNAUTHENTICATED, TOKEN_EXPIRED, SESSION_REVOKED, CONVERSATION_NOT_FOUND].map(
  ({ code }) => code,
);

export interface CanaryState {
  /** How the last round trip ended: `ok`, a problem code, or the step that timed out. */
  readonly reason: string;
  /** Since the last complete round trip, or since the start without one. */
  readonly ageMs: number;
  readonly roundTripMs: number | undefined;
}

/**
 * Sends a message over a socket to this process, as a client does, and waits until it receives it. This check cannot
 * succeed while the chat does not work. Operators and alerts use its age. It fails no probe, because the other
 * indicators notice the same faults sooner. A fault of the canary alone (no file descriptor, a firewall on the loopback)
 * harms no user.
 */
@Injectable()
export class Canary implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(Canary.name);
  private timer: NodeJS.Timeout | undefined;
  private measurement: Promise<void> | undefined;
  private isStopped = false;
  private receivedAt = performance.now();
  private reason = 'starting';
  private roundTripMs: number | undefined;
  private readonly failures;

  constructor(
    private readonly configuration: Configuration,
    private readonly http: HttpAdapterHost,
    private readonly account: CanaryAccount,
    private readonly monitor: DatabaseMonitor,
    private readonly maintenance: Maintenance,
    private readonly work: WorkInFlight,
    private readonly metrics: Metrics,
    @Optional() private readonly worker?: ThisWorker,
  ) {
    this.failures = metrics.counter(
      'xfchat_canary_failures_total',
      'Failed round trips of the canary, by reason',
      ['reason'],
    );
  }

  get isOn(): boolean {
    return this.configuration.CANARY_INTERVAL_MS > 0;
  }

  get state(): CanaryState {
    return { reason: this.reason, ageMs: performance.now() - this.receivedAt, roundTripMs: this.roundTripMs };
  }

  onApplicationBootstrap(): void {
    this.metrics.gauge(
      'xfchat_canary_age_seconds',
      'Time since the server last sent itself a message and received it',
      () => (this.isOn ? this.state.ageMs / 1_000 : undefined),
    );
    this.metrics.gauge(
      'xfchat_canary_round_trip_seconds',
      'Duration of the last round trip of the canary, handshake included',
      () => (this.isOn ? (this.roundTripMs ?? NaN) / 1_000 : undefined),
    );
    if (!this.isOn) return;
    this.schedule(Math.min(FIRST_AFTER_MS, this.configuration.CANARY_INTERVAL_MS));
  }

  /** Removes the account and its messages while the server still has a database connection. */
  async beforeApplicationShutdown(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.measurement;
    await this.within(REMOVAL_MS, () => this.account.close()).catch((error: unknown) =>
      this.logger.warn(`the canary could not be removed: ${toProblem(error).code}`),
    );
  }

  private schedule(milliseconds: number): void {
    if (this.isStopped) return;
    this.timer = setTimeout(() => {
      this.measurement = this.measure().finally(() => this.schedule(this.configuration.CANARY_INTERVAL_MS));
    }, milliseconds).unref();
  }

  private async measure(): Promise<void> {
    if (this.work.isDraining) return;
    const roundTrip = await this.attempt();
    this.reason = roundTrip.reason;
    if (roundTrip.reason === 'ok') {
      this.receivedAt = performance.now();
      this.roundTripMs = roundTrip.durationMs;
      return;
    }
    if (roundTrip.reason === 'maintenance') {
      // The server rejects all writes on purpose, so this is not a failure.
      this.receivedAt = performance.now();
      return;
    }
    this.failures.inc({ reason: roundTrip.reason });
    if (LOCKED_OUT.includes(roundTrip.reason)) await this.account.close().catch(() => undefined);
  }

  /** Never rejects. */
  private async attempt(): Promise<RoundTrip> {
    if (!this.monitor.verdict.isUp) return { reason: 'database-down', durationMs: 0 };
    if (this.maintenance.isOn) return { reason: 'maintenance', durationMs: 0 };
    const target = this.target();
    if (!target) return { reason: 'not-listening', durationMs: 0 };
    const limitMs = this.configuration.REQUEST_TIMEOUT_MS;
    try {
      const { token, conversationId } = await this.within(limitMs, () => this.account.next());
      return await measureRoundTrip({ ...target, token, conversationId, id: uuidv7(), limitMs });
    } catch (error) {
      return { reason: toProblem(error).code, durationMs: 0 };
    }
  }

  private within<T>(milliseconds: number, work: () => Promise<T>): Promise<T> {
    const deadline = performance.now() + milliseconds;
    return runInContext({ requestId: randomUUID(), operation: 'canary', deadline }, work);
  }

  /** The address of this process: the port that all workers share leads to any of them. */
  private target(): { url: string; headers?: Record<string, string> } | undefined {
    const { worker } = this;
    if (!worker) {
      const url = this.url();
      return url === undefined ? undefined : { url };
    }
    const port = worker.states.peerPorts[worker.number];
    return port === undefined
      ? undefined
      : { url: `http://127.0.0.1:${port}`, headers: { [KEY_HEADER]: worker.key } };
  }

  private url(): string | undefined {
    const address = (this.http.httpAdapter.getHttpServer() as Server).address();
    if (address === null || typeof address === 'string') return undefined;
    const { HOST } = this.configuration;
    const host = HOST && !['0.0.0.0', '::'].includes(HOST) ? HOST : 'localhost';
    return `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`;
  }
}
