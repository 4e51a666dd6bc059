import { DataSource } from 'typeorm';
import { migrationOptions } from '../../platform/database/database-options';
import { AttachmentStore } from '../../features/attachments/attachment-store';
import {
  filesInUse,
  findRevoked,
  knownAttachments,
  type AttachmentFile,
} from '../../features/attachments/attachments.queries';
import { LocalAttachmentStore } from '../../features/attachments/local-attachment-store';
import { databaseNow } from '../../platform/database/database-clock';
import { diskOf } from '../../platform/disk';
import { expecting, makeFolderDurably, OtherContentError } from '../../platform/durable-files';
import { ifUnreadable, unreadableReason } from '../../platform/unreadable-file';
import type { AttachmentArchive } from './attachment-archive';
import { bytesOf, COPIES_AT_ONCE, whileFilesStay } from './back-up-attachments';
import { directUrl, type BackupContext } from './backup-context';
import { BackupError } from './backup-error';
import type { Backup } from './backup-folder';
import { inParallel } from './in-parallel';
import { archiveOf } from './verify-attachments';

/** The outcome for the files that a database needs. */
export interface RestoredAttachments {
  readonly count: number;
  /** Those that were copied from the backups. */
  readonly restored: number;
  /** Those that neither the store nor the backups hold as they were uploaded. */
  readonly missing: number;
  /** Ids of some of them. */
  readonly examples: readonly string[];
}

const NAMED = 5;
const PAGE = 1_000;

/**
 * Copies the files from the backups that a database needs and the store lacks, and verifies their digests. It overwrites
 * nothing: a file that is there with another size counts as missing.
 * @param url of the database, which no longer has people who were erased since the backup. The caller holds the lock of
 * `whileFilesStay`. Otherwise the collector could remove the row of a file while it is copied, or an existing file.
 * @throws BackupError when there is no room
 */
export async function restoreAttachments(
  context: BackupContext,
  backup: Backup,
  url: string,
): Promise<RestoredAttachments> {
  return withDatabase(context, url, async (dataSource) => {
    const at = (await databaseNow(dataSource.manager)).toISOString();
    const store = new LocalAttachmentStore(context.configuration);
    const archive = archiveOf(backup);
    const files = (): AsyncIterable<AttachmentFile> => filesInUse(dataSource.manager, at);
    if (archive) await requireRoom(context, store, files());
    const examples: string[] = [];
    const found = { count: 0, restored: 0, missing: 0 };
    await inParallel(files(), COPIES_AT_ONCE, async (file) => {
      found.count++;
      const size = await sizeIn(store, file);
      if (size === file.size) return;
      if (size === undefined && archive && (await copy(archive, store, file))) {
        found.restored++;
        context.progress(`restoring files of attachments: ${found.restored}`);
      } else {
        found.missing++;
        if (examples.length < NAMED) examples.push(file.id);
      }
    });
    return { ...found, examples };
  });
}

/** The same for the live database, whose rows are left as they are. */
export async function restoreOnlyFiles(context: BackupContext, backup: Backup): Promise<RestoredAttachments> {
  const url = directUrl(context);
  return whileFilesStay(url, async (requireLock) => {
    const restored = await restoreAttachments(context, backup, url);
    await requireLock();
    return restored;
  });
}

/** @returns whether the archive had it as it was uploaded */
async function copy(
  archive: AttachmentArchive,
  store: AttachmentStore,
  file: AttachmentFile,
): Promise<boolean> {
  if (!(await archive.has(file))) return false;
  try {
    await store.write(file.id, await archive.read(file.id), expecting(file));
    return true;
  } catch (error) {
    if (error instanceof OtherContentError || unreadableReason(error) !== undefined) return false;
    throw error;
  }
}

async function requireRoom(
  { configuration }: BackupContext,
  store: AttachmentStore,
  files: AsyncIterable<AttachmentFile>,
): Promise<void> {
  const bytes = await bytesOf(absentFrom(store, files));
  if (bytes === 0) return;
  await makeFolderDurably(configuration.attachmentsFolder);
  const { freeBytes } = await diskOf(configuration.attachmentsFolder);
  if (bytes > freeBytes)
    throw new BackupError(
      `${store.place} needs room for ${bytes} bytes of attachments, and ${freeBytes} are free. Nothing was changed.`,
    );
}

async function* absentFrom(
  store: AttachmentStore,
  files: AsyncIterable<AttachmentFile>,
): AsyncGenerator<AttachmentFile> {
  for await (const file of files) if ((await sizeIn(store, file)) === undefined) yield file;
}

/** A file that is there and cannot be looked at has no size that any attachment has. */
const sizeIn = (store: AttachmentStore, { id }: AttachmentFile): Promise<number | undefined> =>
  ifUnreadable(store.sizeOf(id), () => -1);

/**
 * Removes files that nobody may read any more and that the restored data does not know. They belong to messages that were deleted
 * and people who were erased since the backup. The collector goes by rows and would never find them.
 */
export async function removeRevokedFiles(context: BackupContext, restoredUrl: string): Promise<void> {
  const store = new LocalAttachmentStore(context.configuration);
  const revoked = await withDatabase(context, directUrl(context), async (live) => {
    const [state]: { has_attachments: boolean }[] = await live.query(
      `select to_regclass('public.attachments') is not null as has_attachments`,
    );
    return state!.has_attachments ? findRevoked(live.manager) : [];
  });
  await withDatabase(context, restoredUrl, async (restored) => {
    for (let start = 0; start < revoked.length; start += PAGE) {
      const page = revoked.slice(start, start + PAGE);
      const known = await knownAttachments(restored.manager, page);
      for (const id of page) if (!known.has(id)) await store.remove(id);
    }
  });
}

async function withDatabase<T>(
  { configuration, schema }: BackupContext,
  url: string,
  work: (dataSource: DataSource) => Promise<T>,
): Promise<T> {
  const dataSource = await new DataSource(migrationOptions(url, configuration, schema)).initialize();
  try {
    return await work(dataSource);
  } finally {
    await dataSource.destroy();
  }
}
