import type { StructuredLogger } from '../logging/structured-logger';
import type { Metrics } from '../metrics/metrics';
import { currentContext } from '../request-context';
import { connectionFailureOf } from './connection-failure';

/** A statement that takes longer than this is logged. */
const SLOW_MS = 1_000;

type Listener = (code: string) => void;

/**
 * Observes every connection and statement of the pool: failures with their codes, and slow ones with their operation.
 */
export class StatementWatch {
  private readonly listeners: Listener[] = [];
  private readonly seen = new Map<string, number>();

  constructor(
    private readonly logger: StructuredLogger,
    private readonly metrics: Metrics,
  ) {}

  onFailure(listener: Listener): void {
    this.listeners.push(listener);
  }

  /** Milliseconds since a statement last failed with this SQLSTATE; undefined when none has. */
  ageOf(code: string): number | undefined {
    const at = this.seen.get(code);
    return at === undefined ? undefined : performance.now() - at;
  }

  /** A request got a connection after waiting for this long. */
  acquired(durationMs: number): void {
    this.metrics.databaseAcquireSeconds.observe(durationMs / 1_000);
  }

  /** An attempt to connect failed. */
  notConnected(error: Error): void {
    this.metrics.databaseConnectionFailures.inc({ source: 'pool', reason: connectionFailureOf(error) });
  }

  /** Logs the operation, never the statement, whose text may contain what a user wrote. */
  ended(durationMs: number, code: string | undefined): void {
    const operation = currentContext()?.operation ?? 'background';
    this.metrics.databaseQuerySeconds.observe({ operation }, durationMs / 1_000);
    if (durationMs >= SLOW_MS) {
      this.metrics.databaseSlowQueries.inc();
      this.logger.event('warn', 'a statement was slow', {
        operation,
        durationMs: Math.round(durationMs),
        ...(code && { code }),
      });
    }
    if (code === undefined) return;
    this.seen.set(code, performance.now());
    for (const listener of this.listeners) listener(code);
  }
}
