import { Client } from 'pg';
import type { Configuration } from '../configuration/configuration';

/** The database cannot be used; the message says what to do. */
export class DatabaseUnusableError extends Error {
  override name = 'DatabaseUnusableError';
}

const MIN_VERSION = 150_000;
const FIRST_PAUSE_MS = 200;
const MAX_PAUSE_MS = 5_000;

type Log = (message: string) => void;

/**
 * Waits until the database answers, then makes sure that it can be trusted with messages: its version, and that it
 * keeps what it has acknowledged. Counts nothing.
 * @throws DatabaseUnusableError at once for what waiting does not mend, and after `DATABASE_START_TIMEOUT_MS`
 */
export async function verifyDatabase(url: string, configuration: Configuration, log: Log): Promise<void> {
  const deadline = performance.now() + configuration.DATABASE_START_TIMEOUT_MS;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, MAX_PAUSE_MS)) {
    try {
      return await verifyOnce(url, configuration);
    } catch (error) {
      const failure = error as NodeJS.ErrnoException;
      if (failure instanceof DatabaseUnusableError) throw failure;
      const permanent = permanentFault(failure.code ?? '');
      if (permanent) throw new DatabaseUnusableError(permanent);
      if (performance.now() + pause > deadline) {
        const seconds = Math.round(configuration.DATABASE_START_TIMEOUT_MS / 1_000);
        throw new DatabaseUnusableError(
          `The database did not answer within ${seconds} s (${failure.code ?? 'timeout'}). Start it, or correct DATABASE_URL.`,
        );
      }
      log(`the database does not answer yet (${failure.code ?? 'timeout'}); trying again in ${pause} ms`);
      await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random() / 2)));
    }
  }
}

function permanentFault(code: string): string | undefined {
  switch (code) {
    case '28P01':
    case '28000':
      return 'The database refuses the user name or password of DATABASE_URL. Correct them.';
    case '3D000':
      return 'The database that DATABASE_URL names does not exist. Create it, or correct the name.';
    case '42501':
      return 'The user of DATABASE_URL may not connect to the database. Grant the right.';
    default:
      return undefined;
  }
}

async function verifyOnce(url: string, configuration: Configuration): Promise<void> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: configuration.DATABASE_ACQUIRE_TIMEOUT_MS,
    query_timeout: configuration.DATABASE_ACQUIRE_TIMEOUT_MS,
    application_name: 'xfchat-verification',
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<Settings>(
      `select current_setting('server_version_num')::integer as version, current_setting('fsync') as fsync,
         current_setting('full_page_writes') as full_page_writes,
         current_setting('synchronous_commit') as synchronous_commit,
         has_schema_privilege(current_user, 'public', 'usage') as may_use`,
    );
    judge(rows[0]!, configuration.isProduction);
  } finally {
    await client.end().catch(() => undefined);
  }
}

interface Settings {
  version: number;
  fsync: string;
  full_page_writes: string;
  synchronous_commit: string;
  may_use: boolean;
}

function judge(settings: Settings, isProduction: boolean): void {
  if (settings.version < MIN_VERSION) {
    throw new DatabaseUnusableError(
      `PostgreSQL ${Math.floor(settings.version / 10_000)} is too old: XFChat needs version 15 or newer.`,
    );
  }
  if (!settings.may_use) {
    throw new DatabaseUnusableError(
      'The user of DATABASE_URL may not use the schema "public". Grant the right.',
    );
  }
  const off = (['fsync', 'full_page_writes', 'synchronous_commit'] as const).filter(
    (name) => settings[name] === 'off',
  );
  // Tests run on a database that is thrown away; people do not.
  if (isProduction && off.length > 0) {
    throw new DatabaseUnusableError(
      `The database may lose messages that it has acknowledged: turn ${off.join(', ')} on for the user of DATABASE_URL.`,
    );
  }
}
