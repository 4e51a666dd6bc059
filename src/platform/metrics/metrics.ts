import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The series of this process, in Prometheus' conventions. Label values come from fixed sets only. */
@Injectable()
export class Metrics {
  readonly registry = new Registry();

  readonly httpRequests = new Counter({
    name: 'xfchat_http_requests_total',
    help: 'HTTP requests answered, by route pattern',
    labelNames: ['method', 'route', 'status'] as const,
    registers: [this.registry],
  });
  readonly httpSeconds = new Histogram({
    name: 'xfchat_http_request_duration_seconds',
    help: 'Time from the first byte of a request to the end of its answer',
    labelNames: ['method', 'route'] as const,
    buckets: SECONDS,
    registers: [this.registry],
  });
  readonly socketCommands = new Counter({
    name: 'xfchat_socket_commands_total',
    help: 'Socket commands answered, by event and outcome (ok or the problem code)',
    labelNames: ['event', 'outcome'] as const,
    registers: [this.registry],
  });
  readonly socketSeconds = new Histogram({
    name: 'xfchat_socket_command_duration_seconds',
    help: 'Time from the arrival of a socket command to its acknowledgement',
    labelNames: ['event'] as const,
    buckets: SECONDS,
    registers: [this.registry],
  });
  readonly sockets = new Gauge({
    name: 'xfchat_sockets_connected',
    help: 'Sockets that are connected and authenticated',
    registers: [this.registry],
  });
  readonly slowSockets = new Counter({
    name: 'xfchat_slow_sockets_closed_total',
    help: 'Sockets closed because their clients did not read what was written',
    registers: [this.registry],
  });
  readonly slowStreams = new Counter({
    name: 'xfchat_slow_streams_closed_total',
    help: 'Braid subscriptions closed because their clients did not read what was written',
    registers: [this.registry],
  });
  readonly messages = new Counter({
    name: 'xfchat_messages_total',
    help: 'Messages given to the writer, by outcome',
    labelNames: ['outcome'] as const,
    registers: [this.registry],
  });
  readonly signIns = new Counter({
    name: 'xfchat_sign_ins_total',
    help: 'Attempts to sign in, by outcome (ok or the problem code)',
    labelNames: ['outcome'] as const,
    registers: [this.registry],
  });

  readonly databaseErrors = new Counter({
    name: 'xfchat_db_errors_total',
    help: 'Statements that failed, by SQLSTATE ("other" when the connection did)',
    labelNames: ['code'] as const,
    registers: [this.registry],
  });
  readonly databaseLeaks = new Counter({
    name: 'xfchat_db_pool_leaks_total',
    help: 'Connections that were held for longer than any request may last',
    registers: [this.registry],
  });
  readonly canaryFailures = new Counter({
    name: 'xfchat_canary_failures_total',
    help: 'Messages of the server to itself that did not arrive, by reason',
    labelNames: ['reason'] as const,
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /** A gauge that is read when the metrics are. */
  gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.registry],
      collect() {
        this.set(read());
      },
    });
  }
}
