import { isWhole, listBackups } from './backup-folder';
import { ownershipOf, type Installation } from './installation';

/** How long ago a backup may have been restored for a trial and still count as proven. */
const PROOF_LASTS_MS = 7 * 24 * 3_600_000;

/** Whether a backup of this installation was restored and found whole in the last seven days. */
export async function isBackupProven(
  folder: string,
  installation: Pick<Installation, 'id' | 'database'>,
): Promise<boolean> {
  const backups = await listBackups(folder);
  return backups
    .filter(isWhole)
    .filter(({ manifest }) => ownershipOf(manifest, installation) !== 'another')
    .some(({ proof }) => proof !== undefined && Date.now() - Date.parse(proof.verifiedAt) <= PROOF_LASTS_MS);
}
