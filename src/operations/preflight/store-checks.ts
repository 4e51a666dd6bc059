import { existsSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { isWhole, listBackups } from '../backups/backup-folder';
import { ownBackupIds, readInstallation } from '../backups/installation';
import { isBackupProven } from '../backups/is-backup-proven';
import { databaseNow } from '../../platform/database/database-clock';
import { diskOf, type Disk } from '../../platform/disk';
import { readLedger } from '../../platform/migrations/ledger';
import { green, person, red, type ItemResult, type Ground } from './checklist';

/** Backups are nightly; two hours are allowed for a slow one. */
const MAX_AGE_MS = 26 * 3_600_000;

/** Checks that there is a recent backup, and that one was recently verified by restoring it. */
export async function checkBackup({ configuration, dataSource, url }: Ground): Promise<ItemResult> {
  if ((await readLedger(dataSource)).length === 0) return green('the database is empty');
  const { backupFolder } = configuration;
  const installation = await readInstallation(configuration.DIRECT_DATABASE_URL ?? url);
  const own = await ownBackupIds(backupFolder, installation);
  const newest = (await listBackups(backupFolder)).find(({ base }) => own.includes(basename(base)));
  const remedy = '`npx xfchat backup create`, then `npx xfchat drill`';
  if (!newest) return red(`${backupFolder} has no backup of this installation: ${remedy}`);
  if (!isWhole(newest)) return red(newest.fault);
  const { manifest, proof } = newest;
  const ageMs = (await databaseNow(dataSource)).getTime() - Date.parse(manifest.begunAt);
  const made = `${manifest.id} is ${(ageMs / 3_600_000).toFixed(1)} h old`;
  if (ageMs > MAX_AGE_MS) return red(`${made}: ${remedy}`);
  if (!(await isBackupProven(backupFolder, installation)))
    return red(`${made}, and none was verified in the last seven days: \`npx xfchat drill\``);
  return green(
    `${made}, ${proof ? `verified by restoring it at ${proof.verifiedAt}` : 'an older one is verified'}`,
  );
}

/** Checks the space for growth of the database, for the next backup, and for the copy that verifies it. */
export async function checkDisk(ground: Ground): Promise<ItemResult> {
  const { configuration, dataSource, options } = ground;
  const [{ size }] = await dataSource.query<[{ size: number }]>(
    'select pg_database_size(current_database()) as size',
  );
  const backups = await diskOf(nearest(resolve(configuration.backupFolder)));
  const folder = await dataFolder(ground);
  const data = folder === undefined ? undefined : await diskOf(nearest(resolve(folder)));
  const seen = [
    `the database has ${inWords(size)}`,
    `backups: ${described(configuration.backupFolder, backups)}`,
    ...(data ? [`data: ${described(folder!, data)}`] : []),
  ].join('; ');
  const tight = [backups, ...(data ? [data] : [])].filter(
    (disk) => percentFree(disk) < options.diskFree || disk.freeBytes < size,
  );
  if (tight.length > 0)
    return red(`${seen}. ${options.diskFree} % must be free, and enough for a copy: free some space.`);
  return data
    ? green(seen)
    : person(`${seen}; this machine cannot see the disk of the database: check it there`);
}

/** The first backup creates the folder, so take the nearest existing one. */
const nearest = (folder: string): string => (existsSync(folder) ? folder : nearest(dirname(folder)));

/** The data directory of the database, if it is on this machine and this user may read the setting. */
async function dataFolder({ dataSource, isEmbedded, configuration }: Ground): Promise<string | undefined> {
  if (isEmbedded) return configuration.DATA_DIR;
  const [{ folder, isHere }] = await dataSource.query<[{ folder: string | null; isHere: boolean }]>(
    `select case when pg_has_role('pg_read_all_settings', 'usage') then current_setting('data_directory') end as folder,
       coalesce(inet_server_addr() << '127.0.0.0/8' or inet_server_addr() = '::1', true) as "isHere"`,
  );
  return isHere && folder !== null && existsSync(folder) ? folder : undefined;
}

const percentFree = ({ freeBytes, sizeBytes }: Disk): number => (100 * freeBytes) / sizeBytes;

const described = (folder: string, disk: Disk): string =>
  `${inWords(disk.freeBytes)} free in ${folder} (${Math.floor(percentFree(disk))} %)`;

const inWords = (bytes: number): string =>
  bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
