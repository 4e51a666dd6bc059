import { dirname } from 'node:path';
import { AttachmentArchive } from './attachment-archive';
import { readList, requireList } from './attachment-list';
import type { BackupContext } from './backup-context';
import type { Backup } from './backup-folder';
import type { Finding } from '../integrity/finding';

/** More would not help anybody. */
const NAMED = 100;

export interface AttachmentNumbers {
  readonly count: number;
  readonly bytes: number;
  readonly missing: number;
  readonly damaged: number;
}

/** How the files of a backup are. */
export interface VerifiedAttachments extends AttachmentNumbers {
  /** The first of those that are missing or damaged. */
  readonly findings: readonly Finding[];
}

/** Beside the backup. Undefined when an earlier release made it, which kept no files. */
export function archiveOf({ base, manifest }: Backup): AttachmentArchive | undefined {
  const { attachments, installationId } = manifest;
  return attachments && installationId !== undefined
    ? new AttachmentArchive(dirname(base), installationId)
    : undefined;
}

/**
 * Whether every file that the backup names lies beside it.
 * @param readsAll read every byte of them, instead of comparing sizes
 * @returns undefined when the backup has no list of files
 * @throws BackupError when the list itself is missing or damaged
 */
export async function verifyAttachments(
  { progress }: BackupContext,
  backup: Backup,
  readsAll: boolean,
): Promise<VerifiedAttachments | undefined> {
  const archive = archiveOf(backup);
  const { attachments, id: backupId } = backup.manifest;
  if (!archive || !attachments) return undefined;
  const { count, bytes } = attachments;
  await requireList(archive, backup);
  const findings: Finding[] = [];
  const found = { held: 0, missing: 0, damaged: 0 };
  let read = 0;
  const list = count === 0 ? [] : readList(archive.pathOfList(backupId));
  for await (const file of list) {
    const say = (part: number): void =>
      progress(`reading files of attachments: ${Math.floor((100 * (read + part)) / Math.max(bytes, 1))} %`);
    const state = readsAll
      ? await archive.stateOf(file, say)
      : (await archive.has(file))
        ? 'held'
        : 'missing';
    found[state]++;
    read += file.size;
    if (state !== 'held' && findings.length < NAMED)
      findings.push({
        kind: `attachment-${state}`,
        where: file.id,
        detail: `${archive.pathOf(file.id)} ${state === 'missing' ? 'is not there, or is cut short' : 'is not what was uploaded'}`,
      });
  }
  return { count, bytes, missing: found.missing, damaged: found.damaged, findings };
}

export const numbersOf = ({ count, bytes, missing, damaged }: AttachmentNumbers): AttachmentNumbers => ({
  count,
  bytes,
  missing,
  damaged,
});

/** @returns undefined when nothing is wrong */
export function attachmentFault({
  count,
  missing,
  damaged,
  findings,
}: VerifiedAttachments): string | undefined {
  if (missing + damaged === 0) return undefined;
  return `${missing} of ${count} files of attachments are missing and ${damaged} damaged, such as ${findings[0]!.where}`;
}
