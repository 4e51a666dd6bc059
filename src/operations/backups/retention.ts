import { archiveFor } from './back-up-attachments';
import type { BackupContext } from './backup-context';
import { ErasureJournal } from '../../features/erasure/erasure-journal';
import { backupIdsIn, isWhole, listBackups, removeBackup, timeOfBackup, type Backup } from './backup-folder';
import { ownBackupIds, ownershipOf, type Installation } from './installation';
import { sweepArchive } from './sweep-archive';

const DAY_MS = 24 * 3_600_000;

/**
 * Deletes backups older than `BACKUP_RETENTION_DAYS`, but neither the one that was just made nor the newest one that is
 * known to restore. Backups of other installations stay, and so does what cannot be read, for people to look at. It also
 * removes files of attachments that no remaining backup names, and drops
 * entries of the erasure journal that are older than every remaining backup.
 */
export async function deleteExpired(context: BackupContext, justMade: Backup): Promise<void> {
  const { configuration, warn } = context;
  const { installationId: installation, database } = justMade.manifest;
  const isOurs = ({ manifest }: Backup): boolean =>
    ownershipOf(manifest, { id: installation, database }) !== 'another';
  const backups = (await listBackups(configuration.backupFolder)).filter(isWhole).filter(isOurs);
  const newestProven = backups.find(({ proof }) => proof !== undefined);
  const kept = [justMade.base, newestProven?.base];
  // By the clock of the database, as all backups are named.
  const limit = Date.parse(justMade.manifest.begunAt) - configuration.BACKUP_RETENTION_DAYS * DAY_MS;
  for (const backup of backups) {
    const { id, begunAt } = backup.manifest;
    if (kept.includes(backup.base) || Date.parse(begunAt) >= limit) continue;
    await removeBackup(backup);
    warn(`deleted ${id}, which is older than ${configuration.BACKUP_RETENTION_DAYS} days`);
  }
  await removeUnnamedFiles(context, justMade);
  await forgetErasures(configuration.backupFolder, { id: installation, database });
}

async function removeUnnamedFiles(context: BackupContext, { manifest }: Backup): Promise<void> {
  const folder = context.configuration.backupFolder;
  const archive = archiveFor(folder, manifest);
  if (!archive) return;
  const backups = (await listBackups(folder)).filter(isWhole);
  const { installationId } = manifest;
  await sweepArchive(
    context,
    archive,
    backups.filter((backup) => backup.manifest.installationId === installationId),
  );
}

/** By the names of the backups alone: also one that cannot be read now may be restored one day. */
async function forgetErasures(
  folder: string,
  installation: Pick<Installation, 'id' | 'database'>,
): Promise<void> {
  const oldestOf = (ids: string[]): number | undefined =>
    ids.length > 0 ? Math.min(...ids.map(timeOfBackup)) : undefined;
  const own = oldestOf(await ownBackupIds(folder, installation));
  await new ErasureJournal(folder, installation.id).forgetExpired(own, oldestOf(await backupIdsIn(folder)));
}
