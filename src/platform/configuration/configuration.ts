import { join } from 'node:path';
import { Transform } from 'class-transformer';
import {
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsOptional,
  IsString,
  IsUrl,
  Matches,
  Max,
  Min,
  ValidateIf,
} from 'class-validator';
import { availableCores } from '../workers/available-cores';
import {
  IsRedisUrl,
  IsWholeNumber,
  POSTGRES_URL,
  toBoolean,
  toInteger,
  toList,
  toNumber,
  WEB_ADDRESS,
} from './setting-rules';

/** `WORKERS=auto` starts only as many workers as can have this many connections each. */
const CONNECTIONS_PER_WORKER = 5;
/** With fewer connections, a worker could not authenticate a request while it stores a message. */
export const MIN_CONNECTIONS_PER_WORKER = 2;

/** The samplers of the SDK. It silently replaces any other value by the first one. */
const TRACES_SAMPLERS = [
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
  'always_on',
  'always_off',
  'traceidratio',
];

/**
 * All settings, one field for each environment variable, with its default. Times are in milliseconds. Only
 * `loadConfiguration` and tests create it.
 */
export class Configuration {
  @IsIn(['development', 'test', 'production'])
  NODE_ENV: 'development' | 'test' | 'production' = 'development';

  /** 0 takes any free port. */
  @IsWholeNumber(0, 65_535)
  PORT = 3000;

  /** The address to listen on, for `METRICS_PORT` too. Unset: loopback, and in production every address. */
  @IsOptional()
  @IsString()
  HOST?: string;

  /** Unset: PostgreSQL from the embedded binaries, with its data under `DATA_DIR`. */
  @ValidateIf((configuration: Configuration) => configuration.DATABASE_URL !== undefined)
  @Matches(POSTGRES_URL, { message: 'must be a postgres:// URL' })
  DATABASE_URL?: string;

  /** A file that holds `DATABASE_URL`. */
  @IsOptional()
  @IsString()
  DATABASE_URL_FILE?: string;

  /** For migrations, backups and the event log: a direct address past a pooler, or another role. */
  @IsOptional()
  @Matches(POSTGRES_URL, { message: 'must be a postgres:// URL' })
  DIRECT_DATABASE_URL?: string;

  /**
   * Redis, through which servers exchange events and count rate limits together. Of a cluster, any of its nodes.
   */
  @IsOptional()
  @IsRedisUrl()
  REDIS_URL?: string;

  /** A file that holds `REDIS_URL`. */
  @IsOptional()
  @IsString()
  REDIS_URL_FILE?: string;

  /** A file that holds `DIRECT_DATABASE_URL`. */
  @IsOptional()
  @IsString()
  DIRECT_DATABASE_URL_FILE?: string;

  /** Whether `DATABASE_URL` names a pooler in transaction mode. When unset, `verifyDatabase` detects it. */
  @IsOptional()
  @IsIn(['none', 'transaction'])
  DATABASE_POOLER?: 'none' | 'transaction';

  /** For the whole instance; its workers share the connections. */
  @IsWholeNumber(2, 1_000)
  DATABASE_POOL_MAX = 25;

  /** Processes that serve on the same port. With 1, only this process; with `auto`, one for each available core. */
  @Transform(toInteger)
  @ValidateIf(({ WORKERS }: Configuration) => WORKERS !== 'auto')
  @IsInt({ message: 'must be a number or auto' })
  @Min(1)
  @Max(256)
  WORKERS: number | 'auto' = 1;

  /** Requests of one share of the pool that may wait for a connection; further ones are rejected at once. */
  @IsWholeNumber(1)
  DATABASE_QUEUE_MAX = 1_000;

  /**
   * Instances (`start` commands, with any number of workers) that share the database. Their pools have to fit into its
   * connections.
   */
  @IsWholeNumber(1)
  INSTANCES = 1;

  @IsWholeNumber(100)
  DATABASE_ACQUIRE_TIMEOUT_MS = 5_000;

  @IsWholeNumber(1_000)
  DATABASE_IDLE_TIMEOUT_MS = 600_000;

  @IsWholeNumber(10_000)
  DATABASE_MAX_LIFETIME_MS = 1_800_000;

  /** For background work; a statement inside a request ends with the request. */
  @IsWholeNumber(100)
  DATABASE_STATEMENT_TIMEOUT_MS = 30_000;

  @IsWholeNumber(1_000)
  REQUEST_TIMEOUT_MS = 10_000;

  /** How long the start waits for a database that does not answer yet. */
  @IsWholeNumber(0)
  DATABASE_START_TIMEOUT_MS = 60_000;

  @Transform(toBoolean)
  @IsBoolean()
  MIGRATE_ON_START = true;

  @IsString()
  DATA_DIR = '.xfchat';

  /** Where backups are kept; `DATA_DIR`/backups when unset. */
  @IsOptional()
  @IsString()
  BACKUP_DIR?: string;

  /** Where the files of attachments are kept, shared by all servers of one database; `DATA_DIR`/attachments when unset. */
  @IsOptional()
  @IsString()
  ATTACHMENTS_DIR?: string;

  /** The largest file that a user may upload. */
  @IsWholeNumber(1)
  ATTACHMENT_MAX_BYTES = 26_214_400;

  /** The largest total size of one person's attachments. */
  @IsWholeNumber(0)
  ATTACHMENT_QUOTA_BYTES = 5_368_709_120;

  /** Uploads stop while less than this is free on the disk of `ATTACHMENTS_DIR`, which others may need. */
  @IsWholeNumber(0)
  ATTACHMENTS_KEEP_FREE_BYTES = 268_435_456;

  /** Older backups are deleted after a new one was made, but never the newest one that is known to restore. */
  @IsWholeNumber(1)
  BACKUP_RETENTION_DAYS = 30;

  /**
   * Finished rows are deleted after this many days: ended sessions, answered friend requests, expired codes, messages of
   * deleted conversations. At least 31: the limit of friend requests without success counts 30 days.
   */
  @IsWholeNumber(31)
  HOUSEKEEPING_DAYS = 90;

  /** The folder of pg_dump and pg_restore; unset: where PostgreSQL is usually installed, and PATH. */
  @IsOptional()
  @IsString()
  PG_BIN_DIR?: string;

  /** Signs tokens. Outside production one is made once and kept in `DATA_DIR`. */
  @IsOptional()
  @IsString()
  AUTH_SECRET?: string;

  /** A file that holds `AUTH_SECRET`. */
  @IsOptional()
  @IsString()
  AUTH_SECRET_FILE?: string;

  /** A second secret whose tokens are accepted: the next or the previous `AUTH_SECRET` (docs/operating.md). */
  @IsOptional()
  @IsString()
  AUTH_SECRET_SECONDARY?: string;

  /** A file that holds `AUTH_SECRET_SECONDARY`. */
  @IsOptional()
  @IsString()
  AUTH_SECRET_SECONDARY_FILE?: string;

  @IsWholeNumber(1_000)
  ACCESS_TOKEN_LIFETIME_MS = 900_000;

  /** A session that is not refreshed for this long expires. */
  @IsWholeNumber(1_000)
  SESSION_IDLE_LIMIT_MS = 2_592_000_000;

  /** A session expires this long after the sign-in, however often it is refreshed. */
  @IsWholeNumber(1_000)
  SESSION_LIFETIME_MS = 31_536_000_000;

  /**
   * Decides who may create an account: everybody, people with an invitation (`xfchat invitation create`), or
   * nobody.
   */
  @IsIn(['open', 'invite', 'closed'])
  REGISTRATION: 'open' | 'invite' | 'closed' = 'open';

  /** Where people reach the server, for links that commands print; `http://localhost:<PORT>` when unset. */
  @IsOptional()
  @Matches(/^https?:\/\/[^/\s*?#]+$/, { message: 'must be an origin such as https://chat.example.org' })
  PUBLIC_URL?: string;

  /** How many days the authentication log is kept. */
  @IsWholeNumber(1, 3_650)
  AUTHENTICATION_LOG_DAYS = 90;

  /** After an outage of the database, sockets with an expired token get this long to refresh it (G7). */
  @IsWholeNumber(0)
  SOCKET_GRACE_AFTER_OUTAGE_MS = 60_000;

  /** How often this process sends itself a message to prove that sending works; 0 means never. */
  @IsWholeNumber(0)
  CANARY_INTERVAL_MS = 10_000;

  /** Decides with whom a user may start a conversation, or whom they may add to one. */
  @IsIn(['friends', 'open'])
  CONTACT_POLICY: 'friends' | 'open' = 'friends';

  /** Origins of browser clients besides the server's own, separated by commas. */
  @Transform(toList)
  @Matches(/^https?:\/\/[^/\s*]+$/, {
    each: true,
    message: 'must be origins such as https://chat.example.org',
  })
  CORS_ORIGINS: string[] = [];

  /** Trusted proxies: their number, or their addresses separated by commas. `true` (any address) is rejected. */
  @IsOptional()
  @IsString()
  TRUST_PROXY?: string;

  @IsIn(['trace', 'debug', 'info', 'warn', 'error', 'fatal'])
  LOG_LEVEL: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' = 'info';

  @IsIn(['on', 'off'])
  RATE_LIMITS: 'on' | 'off' = 'on';

  /** How long the server still accepts requests after it reports not ready. */
  @IsWholeNumber(0, 60_000)
  DRAIN_DELAY_MS = 0;

  /** The file of feature flags, in the format of flagd; read again when it changes. */
  @IsOptional()
  @IsString()
  FLAGS_FILE?: string;

  /** In production `/metrics` answers only to `Authorization: Bearer <this>`, and not at all without it. */
  @IsOptional()
  @IsString()
  METRICS_TOKEN?: string;

  /** A file that holds `METRICS_TOKEN`. */
  @IsOptional()
  @IsString()
  METRICS_TOKEN_FILE?: string;

  /** `/metrics` answers on this port and no longer on `PORT`. */
  @IsOptional()
  @IsWholeNumber(1, 65_535)
  METRICS_PORT?: number;

  /** The collector of OpenTelemetry, without `/v1/traces`. While neither this nor the next is set, nothing is traced. */
  @IsOptional()
  @IsUrl(WEB_ADDRESS, { message: 'must be an http:// or https:// URL' })
  OTEL_EXPORTER_OTLP_ENDPOINT?: string;

  /** The same as a whole address, for traces only. */
  @IsOptional()
  @IsUrl(WEB_ADDRESS, { message: 'must be an http:// or https:// URL' })
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT?: string;

  /** A file that holds `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  @IsOptional()
  @IsString()
  OTEL_EXPORTER_OTLP_ENDPOINT_FILE?: string;

  /** A file that holds `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`. */
  @IsOptional()
  @IsString()
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT_FILE?: string;

  /** Headers for the collector, such as a token: `name=value`, separated by commas. */
  @IsOptional()
  @IsString()
  OTEL_EXPORTER_OTLP_HEADERS?: string;

  /** A file that holds `OTEL_EXPORTER_OTLP_HEADERS`. */
  @IsOptional()
  @IsString()
  OTEL_EXPORTER_OTLP_HEADERS_FILE?: string;

  /**
   * Which requests are traced. The SDK itself reads this setting and the next one; here they are only validated.
   */
  @IsOptional()
  @IsIn(TRACES_SAMPLERS)
  OTEL_TRACES_SAMPLER?: string;

  /** The share of the requests that the samplers with `ratio` in their names choose, from 0 to 1. */
  @IsOptional()
  @Transform(toNumber)
  @IsNumber()
  @Min(0)
  @Max(1)
  OTEL_TRACES_SAMPLER_ARG?: number;

  /** The address that traces are sent to; undefined while tracing is off. */
  get tracesUrl(): string | undefined {
    const base = this.OTEL_EXPORTER_OTLP_ENDPOINT;
    return this.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? (base && `${base.replace(/\/+$/, '')}/v1/traces`);
  }

  /**
   * The address to listen on. Outside production it is loopback, so that others in the network cannot reach the
   * server or its metrics.
   */
  get listenAddress(): string | undefined {
    return this.HOST ?? (this.isProduction ? undefined : '127.0.0.1');
  }

  /** How many workers there are: `WORKERS`, with `auto` as a number. */
  get workerCount(): number {
    if (this.WORKERS !== 'auto') return this.WORKERS;
    const connected = Math.floor(this.DATABASE_POOL_MAX / CONNECTIONS_PER_WORKER);
    return Math.max(1, Math.min(availableCores(), connected));
  }

  /** The connections of one worker, by its number from 1. The shares of all workers add up to the pool. */
  poolShareOf(worker: number): number {
    const { DATABASE_POOL_MAX: all, workerCount } = this;
    return Math.floor(all / workerCount) + (worker <= all % workerCount ? 1 : 0);
  }

  get backupFolder(): string {
    return this.BACKUP_DIR ?? join(this.DATA_DIR, 'backups');
  }

  get attachmentsFolder(): string {
    return this.ATTACHMENTS_DIR ?? join(this.DATA_DIR, 'attachments');
  }

  get publicUrl(): string {
    return this.PUBLIC_URL ?? `http://localhost:${this.PORT}`;
  }

  get isProduction(): boolean {
    return this.NODE_ENV === 'production';
  }
}
