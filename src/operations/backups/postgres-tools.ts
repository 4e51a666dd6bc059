import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { pinnedOptions } from '../../platform/database/session-settings';
import { TABLES_WITHOUT_BACKUP } from '../../platform/database/tables-without-backup';
import { BackupError } from './backup-error';
import { writeDurably, type FileSeal } from '../../platform/durable-files';

/** pg_dump and pg_restore of one major version. */
export interface PostgresTools {
  readonly dump: string;
  readonly restore: string;
}

/** Characters of a tool's output that are kept; the reason of a failure comes last. */
const KEPT_CHARACTERS = 2_000;
const LOCK_TIMEOUT = '30s';
/** The parameters of our URLs that libpq knows. */
const LIBPQ_PARAMETERS = [
  'host',
  'port',
  'ssl',
  'sslmode',
  'sslcert',
  'sslkey',
  'sslrootcert',
  'sslnegotiation',
  'connect_timeout',
];

/**
 * The tools of the server's own version: older ones refuse it, newer ones write what it cannot read.
 * @param folder the only place to look, when it is given
 */
export function findPostgresTools(major: number, folder: string | undefined): PostgresTools | undefined {
  const usual = [`/usr/lib/postgresql/${major}/bin`, `/usr/pgsql-${major}/bin`];
  const folders = folder
    ? [folder]
    : [...usual, ...(process.env.PATH ?? '').split(delimiter).filter(Boolean)];
  return folders
    .map((bin) => ({ dump: join(bin, 'pg_dump'), restore: join(bin, 'pg_restore') }))
    .find(({ dump, restore }) =>
      [dump, restore].every((tool) => existsSync(tool) && majorOf(tool) === major),
    );
}

function majorOf(tool: string): number | undefined {
  const { stdout } = spawnSync(tool, ['--version'], { encoding: 'utf8' });
  return Number(/\) (\d+)/.exec(stdout ?? '')?.[1]);
}

/** @param snapshot as `pg_export_snapshot()` told it; its transaction has to last until this resolves */
export async function dumpWithTools(
  { dump }: PostgresTools,
  url: string,
  snapshot: string,
  path: string,
  progress: (what: string) => void,
): Promise<FileSeal> {
  const words = [
    '--format=custom',
    `--snapshot=${snapshot}`,
    `--lock-wait-timeout=${LOCK_TIMEOUT}`,
    ...TABLES_WITHOUT_BACKUP.map((table) => `--exclude-table-data=public.${table}`),
    '--verbose',
  ];
  const child = run(dump, words, url);
  const end = endOf(child, 'pg_dump', progress);
  try {
    const [seal] = await Promise.all([writeDurably(path, child.stdout!), end]);
    return seal;
  } catch (error) {
    await end.catch(() => undefined);
    await rm(path, { force: true });
    throw error;
  }
}

/** Fills an empty database, all or nothing. Everything in it belongs to the user of the URL. */
export async function restoreWithTools(
  { restore }: PostgresTools,
  url: string,
  path: string,
  progress: (what: string) => void,
): Promise<void> {
  const words = [
    '--no-owner',
    '--no-privileges',
    '--single-transaction',
    '--exit-on-error',
    '--verbose',
    path,
  ];
  await endOf(run(restore, words, url), 'pg_restore', progress);
}

/** The password goes through the environment, since everybody may read the words of a command. */
function run(tool: string, words: string[], text: string): ChildProcess {
  const url = new URL(text);
  const password = decodeURIComponent(url.password) || url.searchParams.get('password');
  const options = url.searchParams.get('options') ?? process.env.PGOPTIONS;
  url.password = '';
  for (const name of [...url.searchParams.keys()])
    if (!LIBPQ_PARAMETERS.includes(name)) url.searchParams.delete(name);
  // libpq takes the certificates of the system only when it is told to (ours does for lack of others, see tls.ts).
  const given = (name: string, variable: string): string | null | undefined =>
    url.searchParams.get(name) ?? process.env[variable];
  if (given('sslmode', 'PGSSLMODE') === 'verify-full' && !given('sslrootcert', 'PGSSLROOTCERT'))
    url.searchParams.set('sslrootcert', 'system');
  return spawn(tool, [...words, '--no-password', `--dbname=${url.toString()}`], {
    env: {
      ...process.env,
      LC_ALL: 'C',
      PGOPTIONS: pinnedOptions(options),
      ...(password && { PGPASSWORD: password }),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Resolves when the tool has ended well. */
function endOf(child: ChildProcess, name: string, progress: (what: string) => void): Promise<void> {
  let said = '';
  child.stderr!.on('data', (data: Buffer) => {
    said = (said + data.toString()).slice(-KEPT_CHARACTERS);
    progress(said.trimEnd().split('\n').at(-1)!);
  });
  return new Promise((resolve, reject) => {
    child.on('error', (error) => reject(new BackupError(`${name} could not be run: ${error.message}`)));
    child.on('close', (code) => {
      if (code === 0) return resolve();
      const reason = said.split('\n').filter((line) => /error|fatal|failed/i.test(line));
      reject(new BackupError(`${name} failed: ${reason.join('\n') || said.trim()}`));
    });
  });
}
