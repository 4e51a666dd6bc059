import { dirname } from 'node:path';
import { AttachmentArchive, type ArchiveFault } from './attachment-archive';
import { readList, requireList } from './attachment-list';
import type { BackupContext } from './backup-context';
import type { Backup } from './backup-folder';
import type { Finding } from '../integrity/finding';

/** The most files that are named in findings: enough to see what they share. */
const NAMED = 100;
/** Sizes do not tell which of the two it is. */
const CUT_SHORT: ArchiveFault = { kind: 'missing', reason: 'is not there, or is cut short' };

export interface AttachmentNumbers {
  readonly count: number;
  readonly bytes: number;
  readonly missing: number;
  /** Those that are not what was uploaded, and those that cannot be read. */
  readonly damaged: number;
  /** Files of a backup before a migration, which had only their list. No backup has copied them since. */
  readonly notCopied?: number;
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
  const found = { missing: 0, damaged: 0 };
  let notCopied = 0;
  let read = 0;
  const list = count === 0 ? [] : readList(archive.pathOfList(backupId));
  for await (const file of list) {
    const say = (part: number): void =>
      progress(`reading files of attachments: ${Math.floor((100 * (read + part)) / Math.max(bytes, 1))} %`);
    const fault = readsAll
      ? await archive.faultOf(file, say)
      : (await archive.has(file))
        ? undefined
        : CUT_SHORT;
    read += file.size;
    if (!fault) continue;
    if (fault.kind === 'missing' && attachments.isListOnly) {
      notCopied++;
      continue;
    }
    found[fault.kind === 'missing' ? 'missing' : 'damaged']++;
    if (findings.length < NAMED)
      findings.push({
        kind: `attachment-${fault.kind}`,
        where: file.id,
        detail: `${archive.pathOf(file.id)} ${fault.reason}`,
      });
  }
  return { count, bytes, ...found, ...(notCopied > 0 && { notCopied }), findings };
}

export const numbersOf = ({
  count,
  bytes,
  missing,
  damaged,
  notCopied,
}: AttachmentNumbers): AttachmentNumbers => ({
  count,
  bytes,
  missing,
  damaged,
  ...(notCopied !== undefined && { notCopied }),
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
