import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { version } from '../version';
import { CONNECTION_FAILURES } from '../database/connection-failure';
import { FAULTS } from '../problems/general-problems';
import { WORKER_REPLACEMENTS, WORKER_SERVING } from './worker-metrics';

export const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Many operations have a histogram of statements; fewer steps are enough to see which of them is slow. */
export const STATEMENT_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1, 5];

/** Gauges with names of counters, against Prometheus' conventions. Each is the sum of a gauge that stays. */
export const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

/**
 * The series of this process, in Prometheus' conventions; docs/metrics.md lists them. Label values come from fixed
 * sets only. A counter that an alert watches begins at 0, because Prometheus does not count the first value of a
 * series as an increase.
 */
@Injectable()
export class Metrics {
  readonly registry = new Registry();

  readonly httpRequests = this.counter(
    'xfchat_http_requests_total',
    'HTTP requests answered, by route pattern',
    ['method', 'route', 'status'],
  );
  readonly httpSeconds = this.histogram(
    'xfchat_http_request_duration_seconds',
    'Time from the first byte of a request to the end of its answer',
    SECONDS,
    ['method', 'route'],
  );
  readonly socketCommands = this.counter(
    'xfchat_socket_commands_total',
    'Socket commands answered, by event and outcome (ok or the problem code)',
    ['event', 'outcome'],
  );
  readonly socketSeconds = this.histogram(
    'xfchat_socket_command_duration_seconds',
    'Time from the arrival of a socket command to its acknowledgement',
    SECONDS,
    ['event'],
  );
  readonly problems = this.counter(
    'xfchat_problems_total',
    'Rejected requests and commands, by problem code',
    ['transport', 'code'],
  );

  readonly eventFailures = this.counter(
    'xfchat_event_failures_total',
    'Event listeners that threw after the commit',
    ['event'],
  );

  readonly slowSockets = this.counter(
    'xfchat_slow_sockets_closed_total',
    'Sockets closed because their clients did not read what was written',
  );

  readonly databaseConnectionFailures = this.counter(
    'xfchat_db_connection_failures_total',
    'Database connections that failed to open, or broke during a check of the monitor',
    ['source', 'reason'],
  );
  readonly databaseAcquireSeconds = this.histogram(
    'xfchat_db_pool_acquire_duration_seconds',
    'Time that a request waited for a connection of the pool',
    SECONDS,
  );
  readonly databaseQuerySeconds = this.histogram(
    'xfchat_db_query_duration_seconds',
    'Duration of statements, by the route or command that needed them',
    STATEMENT_SECONDS,
    ['operation'],
  );
  readonly databaseSlowQueries = this.counter(
    'xfchat_db_slow_queries_total',
    'Statements that took longer than a second',
  );
  readonly databaseErrors = this.counter(
    'xfchat_db_errors_total',
    'Statements that failed, by SQLSTATE ("other" when the connection did)',
    ['code'],
  );
  readonly databaseLeaks = this.counter(
    'xfchat_db_pool_leaks_total',
    'Connections that were held for longer than any request may last',
  );

  readonly spans = this.counter(
    'xfchat_trace_spans_total',
    'Spans that were recorded, exported to the collector, or rejected by it (failed)',
    ['outcome'],
  );

  /**
   * @param worker the number of this worker, which becomes a label of every series; the primary adds its own series
   */
  constructor(worker?: number) {
    if (worker === undefined) this.addOnlyWorker();
    else this.registry.setDefaultLabels({ worker: String(worker) });
    collectDefaultMetrics({ register: this.registry });
    for (const name of MISNAMED) this.registry.removeSingleMetric(name);
    new Gauge({
      name: 'xfchat_build_info',
      help: 'Which release runs, on which Node.js',
      labelNames: ['version', 'node'],
      registers: [this.registry],
    }).set({ version, node: process.version }, 1);
    for (const { code } of FAULTS) {
      for (const transport of ['http', 'socket']) this.problems.inc({ transport, code }, 0);
    }
    for (const source of ['pool', 'monitor', 'relay'])
      for (const reason of CONNECTION_FAILURES) this.databaseConnectionFailures.inc({ source, reason }, 0);
  }

  /** All series as text, in the format of Prometheus. */
  async page(): Promise<string> {
    return this.registry.metrics();
  }

  /** A process without workers is its own only one. */
  private addOnlyWorker(): void {
    new Gauge({ ...WORKER_SERVING, registers: [this.registry] }).set(1);
    new Counter({ ...WORKER_REPLACEMENTS, registers: [this.registry] });
  }

  /** A gauge that is read at each scrape; it has no sample while its value is unknown. */
  gauge(name: string, help: string, read: () => number | undefined): void {
    this.gauges(name, help, [], () => [{ labels: {}, value: read() }]);
  }

  /** The same with labels, from a fixed set. */
  gauges<L extends string>(
    name: string,
    help: string,
    labelNames: L[],
    read: () => { labels: Partial<Record<L, string>>; value: number | undefined }[],
  ): void {
    new Gauge({
      name,
      help,
      labelNames,
      registers: [this.registry],
      collect() {
        for (const { labels, value } of read()) {
          if (value === undefined) this.remove(labels);
          else this.set(labels, value);
        }
      },
    });
  }

  /** A counter whose value another component counts. */
  counterOf(name: string, help: string, read: () => number): void {
    new Counter({
      name,
      help,
      registers: [this.registry],
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  }

  /** A counter; the code that registers it increments it. */
  counter<L extends string = never>(name: string, help: string, labelNames: L[] = []): Counter<L> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  /** A histogram of durations or sizes. @param buckets the upper bounds of its buckets */
  histogram<L extends string = never>(
    name: string,
    help: string,
    buckets: number[],
    labelNames: L[] = [],
  ): Histogram<L> {
    return new Histogram({ name, help, buckets, labelNames, registers: [this.registry] });
  }
}
