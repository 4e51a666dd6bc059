import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Client } from 'pg';
import { Configuration } from '../configuration/configuration';

/** What the last look at the database found. */
export interface DatabaseVerdict {
  readonly isUp: boolean;
  /** Why it is down, as a word for operators: never the driver's text. */
  readonly reason: 'ok' | 'unreachable' | 'timeout' | 'authentication' | 'read-only' | 'starting';
  /** Since when the verdict is what it is, and when it was last confirmed; milliseconds of `Date.now()`. */
  readonly since: number;
  readonly checkedAt: number;
  readonly pingMs: number | undefined;
  readonly serverVersion: string | undefined;
}

const INTERVAL_MS = 500;
const TIMEOUT_MS = 1_000;

type Listener = (verdict: DatabaseVerdict) => void;

/**
 * Looks at the database twice a second, over a connection of its own: the pool may be exhausted by people while the
 * database is well, and a probe that waited in its queue would make that worse. Health answers from here and costs
 * the database nothing.
 */
@Injectable()
export class DatabaseMonitor implements OnApplicationShutdown {
  private readonly logger = new Logger(DatabaseMonitor.name);
  private readonly listeners: Listener[] = [];
  private client: Client | undefined;
  private timer: NodeJS.Timeout | undefined;
  private isStopped = false;
  private url = '';
  private current: DatabaseVerdict = {
    isUp: false,
    reason: 'starting',
    since: Date.now(),
    checkedAt: 0,
    pingMs: undefined,
    serverVersion: undefined,
  };

  constructor(configuration: Configuration) {
    this.url = configuration.DATABASE_URL ?? '';
  }

  get verdict(): DatabaseVerdict {
    return this.current;
  }

  onChange(listener: Listener): void {
    this.listeners.push(listener);
  }

  /** The first look; later ones follow by themselves. */
  async start(): Promise<void> {
    await this.look();
  }

  async onApplicationShutdown(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.drop();
  }

  private async look(): Promise<void> {
    const started = performance.now();
    try {
      const client = await this.connected();
      const { rows } = await client.query<{ version: string; read_only: string }>(
        `select current_setting('server_version') as version, current_setting('transaction_read_only') as read_only`,
      );
      const isWritable = rows[0]!.read_only === 'off';
      this.conclude(isWritable ? 'ok' : 'read-only', performance.now() - started, rows[0]!.version);
    } catch (error) {
      await this.drop();
      this.conclude(reasonOf(error as NodeJS.ErrnoException), undefined, undefined);
    }
    if (!this.isStopped) {
      this.timer = setTimeout(() => void this.look(), INTERVAL_MS);
    }
  }

  private async connected(): Promise<Client> {
    if (this.client) return this.client;
    const client = new Client({
      connectionString: this.url,
      connectionTimeoutMillis: TIMEOUT_MS,
      query_timeout: TIMEOUT_MS,
      application_name: 'xfchat-monitor',
    });
    client.on('error', () => void this.drop());
    this.client = client;
    await client.connect();
    return client;
  }

  private async drop(): Promise<void> {
    const { client } = this;
    this.client = undefined;
    await client?.end().catch(() => undefined);
  }

  private conclude(
    reason: DatabaseVerdict['reason'],
    pingMs: number | undefined,
    serverVersion?: string,
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
    };
    if (!changed || this.isStopped) return;
    if (isUp) this.logger.log('the database is up');
    else this.logger.warn(`the database is down: ${reason}`);
    for (const listener of this.listeners) listener(this.current);
  }
}

function reasonOf(error: NodeJS.ErrnoException): DatabaseVerdict['reason'] {
  if (error.code === '28P01' || error.code === '28000' || error.code === '3D000') return 'authentication';
  if (error.code === '57P03') return 'starting';
  if (/timeout/i.test(error.message)) return 'timeout';
  return 'unreachable';
}
