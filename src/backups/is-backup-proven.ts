import { isWhole, listBackups } from './backup-folder';

/** How long ago a backup may have been restored for a trial and still count as proven. */
const PROOF_LASTS_MS = 7 * 24 * 3_600_000;

/** Whether a backup in this folder was restored and found whole in the last seven days. */
export async function isBackupProven(folder: string): Promise<boolean> {
  const backups = await listBackups(folder);
  return backups
    .filter(isWhole)
    .some(({ proof }) => proof !== undefined && Date.now() - Date.parse(proof.verifiedAt) <= PROOF_LASTS_MS);
}
