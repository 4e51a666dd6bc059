import type { Socket } from 'node:net';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Configuration } from '../configuration/configuration';
import { Metrics } from '../metrics/metrics';
import { DatabaseCircuit } from './circuit';
import { connectionFailureOf, type ConnectionFailure } from './connection-failure';
import { DatabaseClient } from './database-client';
import { isBehindPooler } from './database-options';
import { inTime } from './in-time';
import { Maintenance } from './maintenance';
import { MAINTENANCE_SINCE, MONITOR_NAME } from './maintenance.queries';
import { raiseEpochOnNewTimeline } from './postgres-timeline.queries';
import { needs, UNFIT_SETTINGS } from './unfit-settings';

/** The result of the last observation of the database. */
export interface DatabaseVerdict {
  readonly isUp: boolean;
  /** Why it is down, as a word for operators: never the driver's text. */
  readonly reason: 'ok' | 'read-only' | 'unfit-settings' | ConnectionFailure;
  /** When the verdict last changed, and when it was last confirmed; milliseconds of `Date.now()`. */
  readonly since: number;
  readonly checkedAt: number;
  readonly pingMs: number | undefined;
  readonly serverVersion: string | undefined;
  /** Settings that make the database unfit, such as `datestyle = German`. */
  readonly unfit: readonly string[];
}

const INTERVAL_MS = 500;
/** The limit for each answer. */
const TIMEOUT_MS = 1_000;
/**
 * The longest pause between observations. Retrying a wrong password does not help: servers count failures, and some
 * lock the account.
 */
const MAX_INTERVAL_MS = 3_000;
/**
 * A database without a free connection counts as down after this long; requests that have a connection are still
 * served.
 */
const CROWDED_MS = 10_000;
/** SQLSTATE of a missing table, column or function, of an unsupported feature, and of a missing right. */
const UNKNOWN = ['42P01', '42703', '42883', '0A000', '42501'];

/** A query that the monitor runs at every observation, and the handler of its result. */
export interface MonitorQuestion<Row extends object> {
  readonly text: string;
  values(): unknown[];
  /** Called in the turn in which the result arrives. */
  answered(rows: Row[]): void;
}

type Listener = (verdict: DatabaseVerdict) => void;

/**
 * Checks the database twice a second over a connection of its own. The pool may be exhausted while the database is
 * up, and a check in its queue would make that worse.
 */
@Injectable()
export class DatabaseMonitor implements OnApplicationShutdown {
  private readonly logger = new Logger(DatabaseMonitor.name);
  private readonly listeners: Listener[] = [];
  private readonly connectListeners: (() => void)[] = [];
  private readonly questions: MonitorQuestion<object>[] = [];
  private client: DatabaseClient | undefined;
  private timer: NodeJS.Timeout | undefined;
  private isStopped = false;
  private readonly url: string;
  private crowdedSince: number | undefined;
  private pause = INTERVAL_MS;
  private current: DatabaseVerdict = {
    isUp: false,
    reason: 'starting',
    since: Date.now(),
    checkedAt: 0,
    pingMs: undefined,
    serverVersion: undefined,
    unfit: [],
  };

  constructor(
    private readonly configuration: Configuration,
    private readonly circuit: DatabaseCircuit,
    private readonly maintenance: Maintenance,
    private readonly metrics: Metrics,
  ) {
    metrics.gauge('xfchat_db_up', '1 while the database answers and accepts writes', () =>
      Number(this.current.isUp),
    );
    metrics.gauge('xfchat_maintenance', '1 while maintenance rejects writes', () =>
      maintenance.isOn ? 1 : 0,
    );
    metrics.gauge(
      'xfchat_db_ping_seconds',
      'Time that the database took to answer the monitor; NaN without an answer',
      () => (this.current.pingMs ?? NaN) / 1_000,
    );
    this.url = configuration.DATABASE_URL ?? '';
    // The pool gets no connections any more, so an old connection proves nothing.
    circuit.onOpen(() => this.drop());
  }

  get verdict(): DatabaseVerdict {
    return this.current;
  }

  onChange(listener: Listener): void {
    this.listeners.push(listener);
  }

  /** Called on each new connection: it may lead to another database, or to another state of the same database. */
  onConnect(listener: () => void): void {
    this.connectListeners.push(listener);
  }

  /** Registers a query for changes that each server has to notice within a second. It has to be cheap. */
  addQuestion<Row extends object>(question: MonitorQuestion<Row>): void {
    this.questions.push(question);
  }

  /** Makes the first observation, and schedules the later ones. */
  async start(): Promise<void> {
    await this.look();
  }

  onApplicationShutdown(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
    this.drop();
  }

  private async look(): Promise<void> {
    const started = performance.now();
    try {
      const { version, isWritable, unfit } = await this.ask();
      // Some settings are fixed when a session begins, so the next observation begins a new session.
      if (!isWritable || unfit.length > 0) this.drop();
      this.crowdedSince = undefined;
      const reason = unfit.length > 0 ? 'unfit-settings' : isWritable ? 'ok' : 'read-only';
      this.conclude(reason, performance.now() - started, version, unfit);
    } catch (error) {
      this.drop();
      this.conclude(this.reasonOf(error as Error), undefined, undefined);
    }
    if (!this.isStopped) this.timer = setTimeout(() => void this.look(), this.nextPause());
  }

  /** A random pause, so that processes do not query at the same moment. */
  private nextPause(): number {
    const isRefused = this.current.reason === 'authentication';
    this.pause = isRefused ? Math.min(this.pause * 2, MAX_INTERVAL_MS) : INTERVAL_MS;
    return this.pause * (0.8 + Math.random() * 0.4);
  }

  private async ask(): Promise<{ version: string; isWritable: boolean; unfit: string[] }> {
    const isNew = this.client === undefined;
    const client = this.client ?? (await this.connect());
    const { rows } = await inTime(
      TIMEOUT_MS,
      client.query<{ version: string; read_only: string; unfit: string[] }>(
        `select current_setting('server_version') as version, current_setting('transaction_read_only') as read_only,
           ${UNFIT_SETTINGS} as unfit`,
        needs(this.configuration, this.configuration.isProduction),
      ),
    );
    const { version, read_only, unfit } = rows[0]!;
    const isWritable = read_only === 'off';
    if (isNew) await this.meet(client, isWritable);
    for (const question of this.questions) await this.askQuestion(client, question);
    // The last statement of an observation: `serversUnaware` recognises it.
    await this.askForMaintenance(client);
    return { version, isWritable, unfit };
  }

  /**
   * Checks once for each connection: a database cannot change into another one, or become writable again, while the
   * connection lasts.
   */
  private async meet(client: DatabaseClient, isWritable: boolean): Promise<void> {
    if (isWritable) {
      const epoch = await unlessUnknown(inTime(TIMEOUT_MS, raiseEpochOnNewTimeline(client)));
      if (epoch !== undefined)
        this.logger.warn(`the database was promoted and may have lost commits: epoch ${epoch} begins`);
    }
    for (const listener of this.connectListeners) this.tell(listener);
  }

  private async askQuestion(client: DatabaseClient, question: MonitorQuestion<object>): Promise<void> {
    const result = await unlessUnknown(
      inTime(TIMEOUT_MS, client.query<object>(question.text, question.values())),
    );
    if (result) this.tell(() => question.answered(result.rows));
  }

  private async askForMaintenance(client: DatabaseClient): Promise<void> {
    const result = await unlessUnknown(
      inTime(TIMEOUT_MS, client.query<{ since: Date | null }>(MAINTENANCE_SINCE)),
    );
    if (result) this.maintenance.set(result.rows[0]?.since ?? undefined);
  }

  private async connect(): Promise<DatabaseClient> {
    const client = new DatabaseClient({
      connectionString: this.url,
      application_name: MONITOR_NAME,
      isPooler: isBehindPooler(this.configuration),
    });
    client.on('error', () => {
      if (this.client === client) this.drop();
    });
    this.client = client;
    await inTime(TIMEOUT_MS, client.connect());
    return client;
  }

  /** Destroys the socket: a graceful end would wait for ever on a silent connection. */
  private drop(): void {
    const { client } = this;
    this.client = undefined;
    (client as unknown as { connection: { stream: Socket } } | undefined)?.connection.stream.destroy();
  }

  private reasonOf(error: Error): DatabaseVerdict['reason'] {
    const reason = connectionFailureOf(error);
    this.metrics.databaseConnectionFailures.inc({ source: 'monitor', reason });
    if (reason === 'no-connection-free') {
      this.crowdedSince ??= performance.now();
      const isLasting = performance.now() - this.crowdedSince >= CROWDED_MS;
      return isLasting ? reason : 'ok';
    }
    this.crowdedSince = undefined;
    return reason;
  }

  private conclude(
    reason: DatabaseVerdict['reason'],
    pingMs: number | undefined,
    serverVersion?: string,
    unfit: readonly string[] = [],
  ): void {
    const now = Date.now();
    const isUp = reason === 'ok';
    const changed = reason !== this.current.reason;
    this.current = {
      isUp,
      reason,
      since: changed ? now : this.current.since,
      checkedAt: now,
      pingMs,
      serverVersion: serverVersion ?? this.current.serverVersion,
      unfit,
    };
    // A read-only server, and one without free connections, still serves requests that have a connection.
    this.circuit.set(!isUp && reason !== 'read-only' && reason !== 'no-connection-free');
    if (!changed || this.isStopped) return;
    if (isUp) this.logger.log('the database is up');
    else this.logger.warn(`the database is down: ${[reason, ...unfit].join(', ')}`);
    for (const listener of this.listeners) this.tell(listener);
  }

  /** A listener that throws must not stop the monitor. */
  private tell(listener: Listener): void {
    try {
      listener(this.current);
    } catch (error) {
      this.logger.error('a listener of the database monitor failed', error);
    }
  }
}

/** `SchemaMonitor` reports missing objects; the last known state stays until they exist. */
async function unlessUnknown<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (!UNKNOWN.includes((error as { code?: string }).code ?? '')) throw error;
    return undefined;
  }
}
