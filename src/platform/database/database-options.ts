import * as pg from 'pg';
import type { DataSourceOptions } from 'typeorm';
import type { Configuration } from '../configuration/configuration';
import type { DataMigration } from '../migrations/data-migration';
import type { Migration } from '../migrations/recorded-migration';
import type { DatabaseCircuit } from './circuit';
import { LOCK_TIMEOUT_MS } from './deadline-client';
import { DeadlinePool } from './deadline-pool';
import type { Maintenance } from './maintenance';
import type { SchemaShape } from './schema-shape';
import type { StatementWatch } from './statement-watch';

type PostgresOptions = Extract<DataSourceOptions, { type: 'postgres' }>;

/** `bigint`. It counts messages and changes of one conversation, so a number holds it exactly. */
const INT8 = 20;
const types: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
    return oid === INT8
      ? Number
      : (pg.types.getTypeParser(oid, format ?? 'text') as (value: string) => unknown);
  },
};

/** The entities of the program, and the migrations that create their tables. */
export interface DatabaseSchema {
  readonly entities: (new () => object)[];
  readonly migrations: (new () => Migration)[];
  /** The data migrations, which change existing rows in batches. */
  readonly dataMigrations: readonly DataMigration[];
  /** Writes a row with the values of a `Sample`, as $1 to $8, and returns them by the names of its fields. */
  readonly sample?: string;
  /** Signatures of the functions in the schema that the program calls. */
  readonly functions: string[];
  /** The sequences that those functions use with the rights of their caller. */
  readonly sequences?: string[];
  /** The objects that the migrations leave behind. */
  readonly shape?: SchemaShape;
}

/**
 * Whether `DATABASE_URL` names a pooler in transaction mode. The operator configures it, or `verifyDatabase` detects
 * it.
 */
export function isBehindPooler({ DATABASE_POOLER }: Configuration): boolean {
  return DATABASE_POOLER === 'transaction';
}

/** The client waits this much longer than the server, so that the server's timeout comes first. */
const SILENCE_MARGIN_MS = 1_000;
/**
 * PostgreSQL ends a transaction that is idle for this much longer than a request may last, since its client must be
 * gone.
 */
const IDLE_MARGIN_MS = 5_000;

/**
 * The one description of the database connection, for the server, the command line and TypeORM's own.
 * @throws Error when `url` is empty: TypeORM would silently take 127.0.0.1
 */
export function databaseOptions(
  url: string,
  configuration: Configuration,
  schema: DatabaseSchema,
  guards: { circuit?: DatabaseCircuit; watch?: StatementWatch; maintenance?: Maintenance } = {},
): PostgresOptions {
  if (!url) throw new Error('DATABASE_URL is not set');
  return {
    type: 'postgres',
    url,
    driver: { ...pg, Pool: DeadlinePool },
    applicationName: 'xfchat',
    entities: schema.entities,
    migrations: schema.migrations,
    migrationsTransactionMode: 'each',
    migrationsTableName: 'migrations',
    synchronize: false,
    installExtensions: false,
    logging: false,
    extra: {
      max: configuration.DATABASE_POOL_MAX,
      connectionTimeoutMillis: configuration.DATABASE_ACQUIRE_TIMEOUT_MS,
      idleTimeoutMillis: configuration.DATABASE_IDLE_TIMEOUT_MS,
      maxLifetimeSeconds: Math.ceil(configuration.DATABASE_MAX_LIFETIME_MS / 1_000),
      keepAlive: true,
      // Ends background work if the server falls silent; a request ends at its deadline.
      query_timeout: configuration.DATABASE_STATEMENT_TIMEOUT_MS + SILENCE_MARGIN_MS,
      types,
      ...guards,
      statementLimit: configuration.DATABASE_STATEMENT_TIMEOUT_MS,
      queueMax: configuration.DATABASE_QUEUE_MAX,
      isPooler: isBehindPooler(configuration),
      ...sessionLimits(configuration),
    },
  };
}

function sessionLimits(configuration: Configuration): object {
  return {
    statement_timeout: Math.min(
      configuration.DATABASE_STATEMENT_TIMEOUT_MS,
      configuration.REQUEST_TIMEOUT_MS - 500,
    ),
    lock_timeout: LOCK_TIMEOUT_MS,
    idle_in_transaction_session_timeout: configuration.REQUEST_TIMEOUT_MS + IDLE_MARGIN_MS,
  };
}

/**
 * Options for work outside requests: migrations, checks, commands. Statements may take long, but waiting for a lock is
 * bounded. PostgreSQL soon ends statements whose client is gone.
 */
export function migrationOptions(
  url: string,
  configuration: Configuration,
  schema: DatabaseSchema,
): PostgresOptions {
  const isPooler = isBehindPooler(configuration) && url !== configuration.DIRECT_DATABASE_URL;
  return {
    ...databaseOptions(url, configuration, schema),
    extra: {
      max: 2,
      connectionTimeoutMillis: 10_000,
      types,
      isPooler,
      isUnlimited: true,
      lock_timeout: LOCK_TIMEOUT_MS,
    },
  };
}
