import type { AttachmentStore } from '../../features/attachments/attachment-store';
import { LocalAttachmentStore } from '../../features/attachments/local-attachment-store';
import {
  ATTACHMENT_FILES,
  filesInUse,
  type AttachmentFile,
} from '../../features/attachments/attachments.queries';
import type { EntityManager } from 'typeorm';
import { lockNameSharedForSession } from '../../platform/database/advisory-lock';
import { isLockTimeout } from '../../platform/database/database-problem';
import { diskOf } from '../../platform/disk';
import { OtherContentError } from '../../platform/durable-files';
import { unreadableReason } from '../../platform/unreadable-file';
import { AttachmentArchive } from './attachment-archive';
import { ListWriter, readList } from './attachment-list';
import type { BackupContext } from './backup-context';
import { BackupError } from './backup-error';
import { LOCK_TIMEOUT_MS } from './database-summary';
import { inParallel } from './in-parallel';
import type { AttachmentSummary, BackedUpAttachments, DatabaseSummary } from './manifest';
import { withClient } from './side-databases';

/** A copy waits for the disk most of the time, so several at once use it better. More would only queue there. */
export const COPIES_AT_ONCE = 4;

/**
 * Keeps the files of attachments in place while `work` copies them, for a backup or a restore. The collector removes none
 * from the store, and the retention none from the archive. A session holds the lock, so that no transaction stays open.
 * @param work gets a function to call before its result counts. It rejects if the session, and so the lock, was lost.
 * @throws BackupError if the collector does not release the lock
 */
export async function whileFilesStay<T>(
  url: string,
  work: (requireLock: () => Promise<void>) => Promise<T>,
): Promise<T> {
  return withClient(url, async (client) => {
    await client.query(`set lock_timeout = ${LOCK_TIMEOUT_MS}`);
    await lockNameSharedForSession(client, ATTACHMENT_FILES).catch((error: unknown) => {
      if (!isLockTimeout(error)) throw error;
      throw new BackupError(
        'Files of attachments are being removed, and that does not end. Try again later.',
      );
    });
    return work(async () => {
      await client.query('select 1').catch(() => {
        throw new BackupError(
          'The database ended the session that kept the files of attachments in place, so some may be gone. Try again.',
        );
      });
    });
  });
}

/** The archive, where the schema of the data has attachments. */
export const archiveFor = (
  backupFolder: string,
  { installationId, tables }: Pick<DatabaseSummary, 'installationId' | 'tables'>,
): AttachmentArchive | undefined =>
  installationId !== undefined && tables.some(({ name }) => name === 'attachments')
    ? new AttachmentArchive(backupFolder, installationId)
    : undefined;

/** Writes down which files the snapshot needs. No list is written where there are none. */
export async function listAttachments(
  manager: EntityManager,
  archive: AttachmentArchive,
  { backupId, begunAt }: { readonly backupId: string; readonly begunAt: string },
): Promise<AttachmentSummary> {
  const writer = new ListWriter();
  const lines = writer.lines(filesInUse(manager, begunAt));
  const first = await lines.next();
  if (first.done) return writer.summary();
  await archive.writeList(backupId, startingWith(first.value, lines));
  return writer.summary();
}

async function* startingWith<T>(first: T, rest: AsyncIterable<T>): AsyncGenerator<T> {
  yield first;
  yield* rest;
}

/**
 * Copies what the list names and the archive lacks. A file that cannot be copied keeps no backup from being made: without it,
 * the data would not be backed up either. It is counted, and the operator is told.
 * @throws BackupError when there is no room
 */
export async function copyAttachments(
  context: BackupContext,
  archive: AttachmentArchive,
  backupId: string,
  summary: AttachmentSummary,
): Promise<BackedUpAttachments> {
  if (summary.count === 0) return { ...summary, missing: 0 };
  const store = new LocalAttachmentStore(context.configuration);
  const list = archive.pathOfList(backupId);
  await requireRoom(archive, list, summary.bytes);
  const found = { held: 0, copied: 0, missing: 0, example: '' };
  await inParallel(readList(list), COPIES_AT_ONCE, async (file) => {
    if (await archive.has(file)) return void found.held++;
    const fault = await copy(store, archive, file);
    if (fault === undefined) found.copied++;
    else if (found.missing++ === 0) found.example = fault;
    const done = found.held + found.copied + found.missing;
    context.progress(`copying files of attachments: ${done} of ${summary.count}`);
  });
  const { missing } = found;
  if (missing > 0) {
    const advice =
      found.copied === 0
        ? `None of them could be read from ${store.place}: is the folder of the servers mounted where this runs?`
        : 'See `npx xfchat check`.';
    context.warn(
      `${missing} of ${summary.count} files of attachments are NOT in the backup, such as ${found.example}. ${advice}`,
    );
  }
  return { ...summary, missing };
}

/** @returns why it could not be copied */
async function copy(
  store: AttachmentStore,
  archive: AttachmentArchive,
  file: AttachmentFile,
): Promise<string | undefined> {
  const { id } = file;
  try {
    await archive.add(file, await store.read(id));
    return undefined;
  } catch (error) {
    if (error instanceof OtherContentError) return `${id}, which is not what was uploaded`;
    const reason = unreadableReason(error);
    if (reason === undefined) throw error;
    return `${id}, which ${reason}`;
  }
}

/** @param all the bytes of all files of the list: where they would fit, nobody has to look which of them the archive lacks */
async function requireRoom(archive: AttachmentArchive, list: string, all: number): Promise<void> {
  const { freeBytes } = await diskOf(archive.folder);
  if (all <= freeBytes) return;
  const bytes = await bytesOf(lackingFrom(archive, readList(list)));
  if (bytes > freeBytes)
    throw new BackupError(
      `${archive.folder} needs room for ${bytes} bytes of attachments, and ${freeBytes} are free.`,
    );
}

async function* lackingFrom(
  archive: AttachmentArchive,
  files: AsyncIterable<AttachmentFile>,
): AsyncGenerator<AttachmentFile> {
  for await (const file of files) if (!(await archive.has(file))) yield file;
}

export async function bytesOf(files: AsyncIterable<AttachmentFile>): Promise<number> {
  let bytes = 0;
  for await (const { size } of files) bytes += size;
  return bytes;
}
