import type { BackupContext } from './backup-context';
import { BackupError } from './backup-error';
import { findBackup } from './find-backup';
import { attachmentFault, numbersOf, type AttachmentNumbers } from './verify-attachments';
import { verifyBackup } from './verify-backup';

export interface Drill {
  readonly ok: boolean;
  readonly id: string;
  /** How much would be lost if the last backup were all there is. */
  readonly dataAgeSeconds: number;
  /** How long restoring and proving took. */
  readonly durationMs: number;
  /** People who were erased after the backup was made: a restore erases them again. Absent when it does not restore. */
  readonly erasedAgain?: number;
  /** The files of attachments that the backup names, and how many of them cannot be restored. Absent without any. */
  readonly attachments?: AttachmentNumbers;
  /** Why not `ok`. */
  readonly reason?: string;
}

/**
 * Rehearses a disaster beside the live database: restores the last backup and verifies it. That it
 * was proven is recorded beside it.
 * @throws BackupError when there is no backup, or the last one is no more than a file
 */
export async function drill(context: BackupContext): Promise<Drill> {
  const begun = performance.now();
  const backup = await findBackup(context, 'latest');
  const conclude = (reason?: string): Drill => ({
    ok: reason === undefined,
    id: backup.manifest.id,
    dataAgeSeconds: Math.round((Date.now() - Date.parse(backup.manifest.begunAt)) / 1_000),
    durationMs: Math.round(performance.now() - begun),
    ...(reason !== undefined && { reason }),
  });
  try {
    const { findings, erasedAgain, attachments: files } = await verifyBackup(context, backup);
    const [first] = findings;
    const reasons = [
      ...(first
        ? [`it holds broken data in ${findings.length} places, such as ${first.kind}: ${first.where}`]
        : []),
      ...(files ? [attachmentFault(files)] : []),
    ].filter((reason) => reason !== undefined);
    const attachments = files ? { attachments: numbersOf(files) } : {};
    if (reasons.length > 0) return { ...conclude(reasons.join('; ')), ...attachments };
    return { ...conclude(), erasedAgain, ...attachments };
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
    return conclude(error.message);
  }
}
