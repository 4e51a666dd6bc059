import type { AttachmentArchive } from './attachment-archive';
import { readList, readSealedList } from './attachment-list';
import { directUrl, type BackupContext } from './backup-context';
import { BackupError } from './backup-error';
import { backupIdsIn, type Backup } from './backup-folder';
import { tryLockNameForSession } from '../../platform/database/advisory-lock';
import { withClient } from './side-databases';
import { ATTACHMENT_FILES } from '../../features/attachments/attachments.queries';

/** Names of files that are in memory at once, which takes about 100 bytes each. A shard more may be. */
const NAMES = 2_000_000;

/**
 * Removes from the archive what no backup names: first files that are in no list of a backup, then lists whose backup is gone. A
 * backup is there as long as its manifest is, also one that cannot be read. The next sweep finds what an interrupted one has left.
 * @param own the backups whose lists have to be known before anything is removed
 * @param archive of the same installation
 */
export async function sweepArchive(
  context: BackupContext,
  archive: AttachmentArchive,
  own: readonly Backup[],
): Promise<void> {
  await withClient(directUrl(context), async (client) => {
    // Somebody who makes a backup has copied files that no manifest names yet.
    if (!(await tryLockNameForSession(client, ATTACHMENT_FILES))) return;
    try {
      await sweep(context, archive, own);
    } catch (error) {
      if (!(error instanceof BackupError)) throw error;
      context.warn(`No files of attachments were removed from the backups: ${error.message}`);
    }
  });
}

async function sweep(
  { configuration, progress }: BackupContext,
  archive: AttachmentArchive,
  own: readonly Backup[],
): Promise<void> {
  const lists = await otherLists(configuration.backupFolder, archive, own);
  const shards = await archive.shards();
  let group: [shard: string, names: string[]][] = [];
  let size = 0;
  for (const shard of shards) {
    const names = await archive.namesIn(shard);
    group.push([shard, names]);
    size += names.length;
    if (size < NAMES && shard !== shards.at(-1)) continue;
    progress(`looking for files that no backup names: ${shard}`);
    const unnamed = new Set(group.flatMap(([, all]) => all));
    // All lists are read to their ends before a file is removed: a damaged one says so there.
    for (const backup of own) for await (const { id } of readSealedList(archive, backup)) unnamed.delete(id);
    for (const path of lists.withoutSeal) for await (const { id } of readList(path)) unnamed.delete(id);
    for (const [folder, all] of group)
      for (const name of all) if (unnamed.has(name)) await archive.remove(folder, name);
    [group, size] = [[], 0];
  }
  for (const id of lists.gone) await archive.removeList(id);
}

/** Paths of the lists of backups whose manifest cannot be read, and ids of backups that are gone. */
async function otherLists(
  backupFolder: string,
  archive: AttachmentArchive,
  own: readonly Backup[],
): Promise<{ withoutSeal: string[]; gone: string[] }> {
  const backups = new Set(await backupIdsIn(backupFolder));
  const sealed = new Set(own.map(({ manifest }) => manifest.id));
  const others = (await archive.listedBackups()).filter((id) => !sealed.has(id));
  return {
    withoutSeal: others.filter((id) => backups.has(id)).map(archive.pathOfList),
    gone: others.filter((id) => !backups.has(id)),
  };
}
