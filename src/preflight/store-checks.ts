import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { isWhole, listBackups } from '../backups/backup-folder';
import { isBackupProven } from '../backups/is-backup-proven';
import { readLedger } from '../platform/migrations/ledger';
import { green, person, red, type Finding, type Ground } from './check';

/** A backup is made every night. */
const MAX_AGE_MS = 26 * 3_600_000;

/** Whether a backup was made lately, and one was proven lately by restoring it. */
export async function checkBackup({ configuration, dataSource }: Ground): Promise<Finding> {
  if ((await readLedger(dataSource)).length === 0) return green('the database is empty');
  const { backupFolder } = configuration;
  const [newest] = await listBackups(backupFolder);
  const remedy = '`npx xfchat backup create`, then `npx xfchat drill`';
  if (!newest) return red(`there is none in ${backupFolder}: ${remedy}`);
  if (!isWhole(newest)) return red(newest.fault);
  const { manifest, proof } = newest;
  const ageMs = Date.now() - Date.parse(manifest.begunAt);
  const made = `${manifest.id} is ${(ageMs / 3_600_000).toFixed(1)} h old`;
  if (ageMs > MAX_AGE_MS) return red(`${made}: ${remedy}`);
  if (!(await isBackupProven(backupFolder)))
    return red(`${made}, and none was proven in the last seven days: \`npx xfchat drill\``);
  return green(
    `${made}, ${proof ? `proven by restoring it at ${proof.verifiedAt}` : 'an older one is proven'}`,
  );
}

/** Room for the database to grow, for the next backup, and for the second copy that proves it. */
export async function checkDisk(ground: Ground): Promise<Finding> {
  const { configuration, dataSource, options } = ground;
  const [{ size }] = await dataSource.query<[{ size: number }]>(
    'select pg_database_size(current_database()) as size',
  );
  const backups = await roomAt(configuration.backupFolder);
  const data = await dataFolder(ground).then((folder) => (folder === undefined ? undefined : roomAt(folder)));
  const seen = [
    `the database has ${inWords(size)}`,
    `backups: ${described(backups)}`,
    ...(data ? [`data: ${described(data)}`] : []),
  ].join('; ');
  const tight = [backups, ...(data ? [data] : [])].filter(
    ({ free, share }) => share * 100 < options.diskFree || free < size,
  );
  if (tight.length > 0)
    return red(`${seen}. ${options.diskFree} % has to be free, and room for a copy: free some space.`);
  return data
    ? green(seen)
    : person(`${seen}; the disk of the database cannot be seen from here: look there`);
}

interface Room {
  readonly folder: string;
  readonly free: number;
  readonly share: number;
}

async function roomAt(folder: string): Promise<Room> {
  const { bavail, blocks, bsize } = await statfs(nearest(resolve(folder)));
  return { folder, free: bavail * bsize, share: bavail / blocks };
}

/** It may be made by the first backup only. */
const nearest = (folder: string): string => (existsSync(folder) ? folder : nearest(dirname(folder)));

/** Where the server has its data, when that is on this machine and we may know. */
async function dataFolder({ dataSource, isEmbedded, configuration }: Ground): Promise<string | undefined> {
  if (isEmbedded) return configuration.DATA_DIR;
  const [{ folder, isHere }] = await dataSource.query<[{ folder: string | null; isHere: boolean }]>(
    `select case when pg_has_role('pg_read_all_settings', 'usage') then current_setting('data_directory') end as folder,
       coalesce(inet_server_addr() << '127.0.0.0/8' or inet_server_addr() = '::1', true) as "isHere"`,
  );
  return isHere && folder !== null && existsSync(folder) ? folder : undefined;
}

const described = ({ folder, free, share }: Room): string =>
  `${inWords(free)} free in ${folder} (${Math.floor(share * 100)} %)`;

const inWords = (bytes: number): string =>
  bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
