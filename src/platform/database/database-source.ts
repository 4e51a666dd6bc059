import { join } from 'node:path';
import type { Configuration } from '../configuration/configuration';
import { DatabaseClient } from './database-client';
import { DataDirectoryInUseError } from '../embedded-postgres/data-directory-lock';
import { startEmbeddedPostgres } from '../embedded-postgres/embedded-postgres';
import { joinEmbeddedPostgres } from '../embedded-postgres/join';

/** The address of this process's database, and how to release it. */
export interface DatabaseSource {
  readonly url: string;
  readonly isEmbedded: boolean;
  close(): Promise<void>;
}

type Log = (level: 'info' | 'warn' | 'error', message: string, fields?: Record<string, unknown>) => void;

const EMBEDDED_DATABASE = 'xfchat';
const DUPLICATE_DATABASE = '42P04';

/**
 * The server that `DATABASE_URL` names, or the embedded one with its data under `DATA_DIR`.
 * @param onLaunched as in `EmbeddedPostgresOptions`
 */
export async function openDatabase(
  configuration: Configuration,
  log: Log,
  onLaunched?: () => void,
): Promise<DatabaseSource> {
  if (configuration.DATABASE_URL) {
    return { url: configuration.DATABASE_URL, isEmbedded: false, close: async () => undefined };
  }
  const directory = join(configuration.DATA_DIR, 'postgres');
  const server = await startEmbeddedPostgres({ directory, log, onLaunched });
  try {
    await createDatabase(server.url('postgres'), EMBEDDED_DATABASE);
    return { url: server.url(EMBEDDED_DATABASE), isEmbedded: true, close: () => server.stop() };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/**
 * Like `openDatabase`, for a command that may run beside a server: it joins an embedded database that is already
 * running.
 */
export async function joinDatabase(configuration: Configuration, log: Log): Promise<DatabaseSource> {
  try {
    return await openDatabase(configuration, log);
  } catch (error) {
    if (!(error instanceof DataDirectoryInUseError)) throw error;
    const url = joinEmbeddedPostgres(error.directory, EMBEDDED_DATABASE);
    if (!url) throw error;
    return { url, isEmbedded: true, close: async () => undefined };
  }
}

async function createDatabase(url: string, name: string): Promise<void> {
  const client = new DatabaseClient({ connectionString: url });
  await client.connect();
  try {
    await client.query(`create database ${name}`);
  } catch (error) {
    if ((error as { code?: string }).code !== DUPLICATE_DATABASE) throw error;
  } finally {
    await client.end();
  }
}
