import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** A fake server for `watch`, with the metrics that it reads and a readiness state. */
export class FakeExporter {
  isReady = true;
  private registry = new Registry();
  private series = this.begin(1);
  private restarts = 1;

  /** Starts a new process: all counters begin at 0, except those that are kept in a file. */
  restart(failedStarts = 0): void {
    this.registry = new Registry();
    this.series = this.begin(++this.restarts);
    this.series.failedStarts.inc(failedStarts);
  }

  /** Counts answers, half of them to requests and half to commands. `errors` of them are errors. */
  answer(count: number, errors = 0, code = 'internal'): void {
    const { requests, commands, problems } = this.series;
    const half = Math.floor(count / 2);
    requests.inc({ method: 'GET', route: '/api/v1/conversations', status: '200' }, half);
    requests.inc({ method: 'GET', route: '/health/ready', status: '503' }, count);
    commands.inc({ event: 'message:send', outcome: 'ok' }, count - half);
    if (errors > 0) problems.inc({ transport: 'socket', code }, errors);
    problems.inc({ transport: 'http', code: 'draining' }, count);
    problems.inc({ transport: 'http', code: 'validation-failed' }, count);
  }

  /** Counts messages, each of which takes `seconds` in each stage. */
  deliver(seconds: number, count: number): void {
    for (let n = 0; n < count; n++)
      for (const stage of ['queued', 'stored', 'broadcast']) this.series.stages.observe({ stage }, seconds);
  }

  execute(seconds: number, count: number): void {
    for (let n = 0; n < count; n++) this.series.statements.observe({ operation: 'message:send' }, seconds);
  }

  signIn(outcome: string, count: number): void {
    this.series.signIns.inc({ outcome }, count);
  }

  usePool(inUse: number, waiting: number): void {
    this.series.inUse.set(inUse);
    this.series.waiting.set(waiting);
  }

  hearCanary(ageSeconds: number): void {
    this.series.canary.set(ageSeconds);
  }

  failToTell(): void {
    this.series.untold.inc({ event: 'MessageCreated' });
  }

  metrics(): Promise<string> {
    return this.registry.metrics();
  }

  /** The answer of `/health/ready`. */
  health(): { status: number; body: object } {
    const error = this.isReady ? {} : { database: { status: 'down', reason: 'unreachable' } };
    return { status: this.isReady ? 200 : 503, body: { status: this.isReady ? 'ok' : 'error', error } };
  }

  private begin(startedAt: number) {
    const registers = [this.registry];
    const counter = <L extends string>(name: string, labelNames: L[]): Counter<L> =>
      new Counter({ name: `xfchat_${name}`, help: name, labelNames, registers });
    const gauge = (name: string, value: number): Gauge => {
      const made = new Gauge({ name, help: name, registers });
      made.set(value);
      return made;
    };
    const histogram = <L extends string>(name: string, labelNames: L[]): Histogram<L> =>
      new Histogram({ name: `xfchat_${name}`, help: name, labelNames, registers });
    gauge('process_start_time_seconds', startedAt);
    gauge('xfchat_db_pool_max', 25);
    return {
      requests: counter('http_requests_total', ['method', 'route', 'status']),
      commands: counter('socket_commands_total', ['event', 'outcome']),
      problems: counter('problems_total', ['transport', 'code']),
      signIns: counter('sign_ins_total', ['outcome']),
      untold: counter('event_failures_total', ['event']),
      failedStarts: counter('start_failures_total', []),
      stages: histogram('message_stage_duration_seconds', ['stage']),
      statements: histogram('db_query_duration_seconds', ['operation']),
      inUse: gauge('xfchat_db_pool_in_use', 1),
      waiting: gauge('xfchat_db_pool_waiting', 0),
      canary: gauge('xfchat_canary_age_seconds', 3),
    };
  }
}
