import { Configuration } from '../configuration/configuration';
import { escapeIdentifier } from 'pg';
import { DatabaseClient } from './database-client';
import { isBehindPooler } from './database-options';
import { visible } from '../logging/foreign-text';
import { ARRIVED } from './session-settings';
import { tlsFailureOf } from './tls-failure';
import { needs, remedyOf, UNFIT_SETTINGS } from './unfit-settings';
import { DatabaseUnusableError } from './unusable-database';

const MIN_VERSION = 150_000;
const FIRST_PAUSE_MS = 200;
const MAX_PAUSE_MS = 5_000;
const TOO_MANY_CONNECTIONS = '53300';
/** Answers of poolers to startup settings that they do not know. */
const REFUSES_SETTINGS = ['08P01', '0A000'];

type Log = (message: string) => void;

/** The properties of the server that the start checks. */
export interface ServerFacts {
  /** The version that the server reports, such as 18.1. */
  readonly release: string;
  /** Whether its settings keep every acknowledged write. */
  readonly durable: boolean;
  /** The connections that this user may open in this database, from all processes together. */
  readonly connections: number;
}

interface Settings extends Omit<ServerFacts, 'durable'> {
  version: number;
  fsync: string;
  full_page_writes: string;
  synchronous_commit: string;
  read_only: string;
  may_use: boolean;
  encoding: string;
  /** Set when the pinned settings of this connection are in force; null behind a pooler. */
  arrived: string | null;
  unfit: string[];
  user: string;
  database: string;
  /** A schema other than "public" that has the tables of XFChat, while "public" has none. */
  elsewhere: string | null;
}

/**
 * Waits until the database answers. Then checks its version, that it takes writes, and that it cannot lose
 * acknowledged writes.
 * @param configuration its `DATABASE_POOLER` is set to the detected value, unless it has one
 * @param signal ends the wait at once; its reason is thrown
 * @throws DatabaseUnusableError at once for a permanent fault, and after `DATABASE_START_TIMEOUT_MS`
 */
export async function verifyDatabase(
  url: string,
  configuration: Configuration,
  log: Log,
  signal?: AbortSignal,
): Promise<ServerFacts> {
  if (!signal) return waitFor(url, configuration, log);
  signal.throwIfAborted();
  const told = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  return Promise.race([waitFor(url, configuration, log, signal), told]);
}

/** Verifies the database that `DIRECT_DATABASE_URL` names, if it is set. It must not lead to a pooler. */
export async function verifyDirectly(
  configuration: Configuration,
  log: Log,
  signal?: AbortSignal,
): Promise<void> {
  const { DIRECT_DATABASE_URL: direct } = configuration;
  if (direct === undefined) return;
  const withoutPooler = Object.assign(new Configuration(), configuration, { DATABASE_POOLER: 'none' });
  await verifyDatabase(direct, withoutPooler, log, signal);
}

async function waitFor(
  url: string,
  configuration: Configuration,
  log: Log,
  signal?: AbortSignal,
): Promise<ServerFacts> {
  const deadline = performance.now() + configuration.DATABASE_START_TIMEOUT_MS;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, MAX_PAUSE_MS)) {
    const answer = await tryOnce(url, configuration);
    if (!(answer instanceof DatabaseUnusableError)) return answer;
    if (signal?.aborted || !mayPass(answer) || performance.now() + pause > deadline) throw answer;
    log(`${answer.message} Retrying in ${pause} ms.`);
    await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random() / 2)));
  }
}

/** Whether a fault may end by itself: the database is starting, being promoted, or out of free connections. */
function mayPass({ fault, cause }: DatabaseUnusableError): boolean {
  return (
    ['never-appeared', 'read-only'].includes(fault) ||
    (cause as { code?: string } | undefined)?.code === TOO_MANY_CONNECTIONS
  );
}

async function tryOnce(
  url: string,
  configuration: Configuration,
): Promise<ServerFacts | DatabaseUnusableError> {
  try {
    configuration.DATABASE_POOLER ??= await findPooler(url, configuration);
    const settings = await readSettings(url, configuration);
    judge(settings, nameOf(url, configuration), configuration);
    return { ...settings, durable: memoryLapses(settings).length === 0 };
  } catch (error) {
    return error instanceof DatabaseUnusableError
      ? error
      : connectionFault(error as NodeJS.ErrnoException, url, configuration);
  }
}

function connectionFault(
  error: NodeJS.ErrnoException,
  url: string,
  configuration: Configuration,
): DatabaseUnusableError {
  const name = nameOf(url, configuration);
  const reason = tlsFailureOf(error);
  if (reason)
    return new DatabaseUnusableError(
      'not-encrypted',
      `No encrypted connection to the database that ${name} names: ${reason}.`,
      { cause: error },
    );
  switch (error.code) {
    case '28P01':
    case '28000':
      return new DatabaseUnusableError(
        'login-refused',
        `The database rejects the user name or password of ${name}. Correct them.`,
      );
    case '3D000':
      return new DatabaseUnusableError(
        'no-such-database',
        `The database that ${name} names does not exist. Create it, or correct the name.`,
      );
    case '42501':
      return new DatabaseUnusableError(
        'right-missing',
        `The user of ${name} may not connect to the database. Grant the privilege.`,
      );
    case '08P01':
    case '0A000':
      return isBehindPooler(configuration)
        ? refusedByPooler(error)
        : poolerUnnamed(name, configuration, error);
    case TOO_MANY_CONNECTIONS:
      return new DatabaseUnusableError(
        'too-few-connections',
        'The database has no free connection. Raise its max_connections, or end other sessions.',
        { cause: error },
      );
    default:
      return new DatabaseUnusableError(
        'never-appeared',
        `The database did not answer (${error.code ?? 'timeout'}). Start it, or correct ${name}.`,
        { cause: error },
      );
  }
}

/**
 * A connection that does not pass on its settings goes through a pooler. A pooler is rejected unless
 * `DIRECT_DATABASE_URL` is set.
 */
async function findPooler(url: string, configuration: Configuration): Promise<'none' | 'transaction'> {
  if (configuration.DIRECT_DATABASE_URL === undefined) return 'none';
  const asSession = Object.assign(new Configuration(), configuration, { DATABASE_POOLER: 'none' });
  try {
    return (await readSettings(url, asSession)).arrived === 'on' ? 'none' : 'transaction';
  } catch (error) {
    if (REFUSES_SETTINGS.includes((error as { code?: string }).code ?? '')) return 'transaction';
    throw error;
  }
}

async function readSettings(url: string, configuration: Configuration): Promise<Settings> {
  const client = new DatabaseClient({
    connectionString: url,
    connectionTimeoutMillis: configuration.DATABASE_ACQUIRE_TIMEOUT_MS,
    query_timeout: configuration.DATABASE_ACQUIRE_TIMEOUT_MS,
    application_name: 'xfchat-verification',
    isPooler: isBehindPooler(configuration),
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<Settings>(
      `select current_setting('server_version_num')::integer as version,
         split_part(current_setting('server_version'), ' ', 1) as release, current_setting('fsync') as fsync,
         current_setting('full_page_writes') as full_page_writes,
         current_setting('synchronous_commit') as synchronous_commit,
         current_setting('transaction_read_only') as read_only,
         current_setting('server_encoding') as encoding, current_setting('${ARRIVED}', true) as arrived,
         session_user as "user", current_database() as database, ${UNFIT_SETTINGS} as unfit,
         (select min(n.nspname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
          where c.relkind = 'r' and c.relname in ('migration_ledger', 'database_state')
            and has_schema_privilege(n.oid, 'usage') and to_regclass('public.' || c.relname) is null) as elsewhere,
         coalesce(has_schema_privilege(to_regnamespace('public'), 'usage'), false) as may_use,
         least(
           current_setting('max_connections')::integer
             - current_setting('superuser_reserved_connections')::integer
             - coalesce(current_setting('reserved_connections', true)::integer, 0),
           (select nullif(rolconnlimit, -1) from pg_roles where rolname = current_user),
           (select nullif(datconnlimit, -1) from pg_database where datname = current_database())) as connections`,
      needs(configuration, false),
    );
    return rows[0]!;
  } finally {
    await client.end().catch(() => undefined);
  }
}

function judge(settings: Settings, name: string, configuration: Configuration): void {
  if (settings.version < MIN_VERSION) {
    throw new DatabaseUnusableError(
      'version-too-old',
      `PostgreSQL ${Math.floor(settings.version / 10_000)} is too old: XFChat needs version 15 or newer.`,
    );
  }
  if (!settings.may_use) {
    throw new DatabaseUnusableError(
      'right-missing',
      `The user of ${name} may not use the schema "public". Grant the privilege.`,
    );
  }
  if (settings.encoding !== 'UTF8') {
    throw new DatabaseUnusableError(
      'wrong-encoding',
      `The database stores texts as ${settings.encoding}, which cannot hold everything that people write. Create one with the encoding UTF8 (create database … template template0 encoding 'UTF8' locale 'C.UTF-8'), and name it in ${name}.`,
    );
  }
  if (settings.elsewhere !== null) {
    const schema = escapeIdentifier(settings.elsewhere);
    throw new DatabaseUnusableError(
      'schema-elsewhere',
      `The tables of XFChat are in the schema ${schema}, because an earlier search_path named it, and belong in "public". Move them: begin; alter schema public rename to public_before; alter schema ${schema} rename to public; commit.`,
    );
  }
  judgeSession(settings, name, configuration);
  const off = memoryLapses(settings);
  // Only in production: a development or test database may lose writes.
  if (configuration.isProduction && off.length > 0) {
    throw new DatabaseUnusableError(
      'not-durable',
      `The database may lose messages that it has acknowledged: turn ${off.join(', ')} on for the user of ${name}.`,
    );
  }
  if (settings.read_only === 'on') {
    throw new DatabaseUnusableError(
      'read-only',
      `The database accepts no writes (it is a standby, or read-only). Promote it, or correct ${name}.`,
    );
  }
}

function judgeSession(
  { arrived, unfit, user, database }: Settings,
  name: string,
  configuration: Configuration,
): void {
  const isPooler = isBehindPooler(configuration);
  if (!isPooler && arrived !== 'on') throw poolerUnnamed(name, configuration);
  if (unfit.length === 0) return;
  const why = isPooler
    ? ' A pooler does not pass on the settings of XFChat; make it reconnect afterwards.'
    : '';
  throw new DatabaseUnusableError(
    'unfit-settings',
    `Settings of the database are unsuitable: ${unfit.join(', ')}. Change them: ${remedyOf(unfit, user, database)}.${why}`,
  );
}

function poolerUnnamed(
  name: string,
  { DIRECT_DATABASE_URL }: Configuration,
  cause?: Error,
): DatabaseUnusableError {
  const ofServer = DIRECT_DATABASE_URL
    ? 'Leave out DATABASE_POOLER, or set it to "transaction" for a pooler in transaction mode.'
    : 'Set DIRECT_DATABASE_URL to the address of the database itself; DATABASE_URL may then be a pooler in transaction mode.';
  const remedy = name === 'DATABASE_URL' ? ofServer : 'Set it to the address of the database itself.';
  return new DatabaseUnusableError(
    'unfit-settings',
    `${name} names a pooler, or another proxy that does not pass on the settings of a connection. ${remedy}`,
    { cause },
  );
}

/** The text is the pooler's own, such as "no such database". */
function refusedByPooler(cause: Error): DatabaseUnusableError {
  return new DatabaseUnusableError(
    'unfit-settings',
    `The pooler that DATABASE_URL names rejects the connection: ${visible(cause.message)}. Check its configuration.`,
    { cause },
  );
}

function nameOf(url: string, { DIRECT_DATABASE_URL }: Configuration): string {
  return url === DIRECT_DATABASE_URL ? 'DIRECT_DATABASE_URL' : 'DATABASE_URL';
}

/** Settings with which the server may lose acknowledged writes. */
function memoryLapses(settings: Settings): string[] {
  return (['fsync', 'full_page_writes', 'synchronous_commit'] as const).filter(
    (name) => settings[name] === 'off',
  );
}

/** Each worker has one connection for the monitor, and one for the event log. */
const BESIDE_THE_POOL = 2;

/** The most connections that one instance may open beside the pool. */
export function connectionsBesideThePool({ workerCount }: Configuration): number {
  return BESIDE_THE_POOL * workerCount;
}

/** The most connections that all instances together may open. */
export function connectionsNeeded(configuration: Configuration): number {
  const { DATABASE_POOL_MAX, INSTANCES } = configuration;
  return (DATABASE_POOL_MAX + connectionsBesideThePool(configuration)) * INSTANCES;
}

/**
 * Compares the connections of all instances (`INSTANCES` times the pool) with those that the server allows.
 * @throws DatabaseUnusableError when not even the pool of this instance fits
 */
export function verifyConnectionBudget(facts: ServerFacts, configuration: Configuration, log: Log): void {
  // Behind a pooler the server's limit is not ours.
  if (isBehindPooler(configuration)) return;
  const { DATABASE_POOL_MAX, INSTANCES } = configuration;
  const own = DATABASE_POOL_MAX + connectionsBesideThePool(configuration);
  if (own > facts.connections) {
    throw new DatabaseUnusableError(
      'too-few-connections',
      `The database lets this user open ${facts.connections} connections, and this instance alone needs ${own}. Lower DATABASE_POOL_MAX, or raise the limit.`,
    );
  }
  if (connectionsNeeded(configuration) > facts.connections) {
    log(
      `${INSTANCES} instances with ${own} connections each may need more than the ${facts.connections} that the database lets this user open: lower DATABASE_POOL_MAX, or raise the limit`,
    );
  }
}
