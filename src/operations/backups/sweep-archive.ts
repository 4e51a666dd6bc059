import type { AttachmentArchive } from './attachment-archive';
import { readList, requireList } from './attachment-list';
import { directUrl, type BackupContext } from './backup-context';
import { BackupError } from './backup-error';
import { backupIdsIn, type Backup } from './backup-folder';
import { tryLockNameForSession } from '../../platform/database/advisory-lock';
import { withClient } from './side-databases';
import { ATTACHMENT_FILES } from '../../features/attachments/attachments.queries';

/** Ids that are in memory at once. */
const MARKS = 500_000;
const SHARDS = 256;

/**
 * Removes from the archive what no backup names: first lists whose backup is gone, then files that are in no list. A backup is
 * there as long as its manifest is, also one that cannot be read. The next sweep finds what an interrupted one has left.
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
      for (const backup of own) await requireList(archive, backup);
      await sweep(context, archive);
    } catch (error) {
      if (!(error instanceof BackupError)) throw error;
      context.warn(`No files of attachments were removed from the backups: ${error.message}`);
    }
  });
}

async function sweep({ configuration, progress }: BackupContext, archive: AttachmentArchive): Promise<void> {
  const backups = new Set(await backupIdsIn(configuration.backupFolder));
  const kept: string[] = [];
  for (const id of await archive.listedBackups())
    if (backups.has(id)) kept.push(archive.pathOfList(id));
    else await archive.removeList(id);
  let lines = 0;
  for (const path of kept) for await (const _ of readList(path)) lines++;
  const passes = Math.min(Math.max(Math.ceil(lines / MARKS), 1), SHARDS);
  const shards = await archive.shards();
  for (let pass = 0; pass < passes; pass++) {
    const isOfPass = (id: string): boolean => Number.parseInt(id.slice(-2), 16) % passes === pass;
    const marks = new Set<string>();
    for (const path of kept) for await (const { id } of readList(path)) if (isOfPass(id)) marks.add(id);
    for (const shard of shards.filter(isOfPass)) {
      progress(`looking for files that no backup names: ${shard}`);
      await archive.removeOthers(shard, (id) => marks.has(id));
    }
  }
}
