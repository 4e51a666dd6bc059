import { resolve } from 'node:path';
import { readProof, timeOfBackup } from './backup-folder';
import { ownBackupIds, type Installation } from './installation';

/** Milliseconds since 1970; undefined when there was none. */
export interface BackupTimes {
  /** When the newest backup was begun: it holds everything that was committed before. */
  readonly created: number | undefined;
  /** When a backup was last restored for a trial, and was whole. */
  readonly proven: number | undefined;
}

/**
 * Of this installation's backups. By names, proofs and the beginnings of manifests: the manifests name every conversation,
 * and may be large.
 */
export async function backupTimes(
  folder: string,
  installation: Pick<Installation, 'id' | 'database'>,
): Promise<BackupTimes> {
  const ids = await ownBackupIds(folder, installation);
  const proofs = await Promise.all(ids.map((id) => readProof(resolve(folder, id))));
  return {
    created: latest(ids.map(timeOfBackup)),
    proven: latest(proofs.map((proof) => (proof ? Date.parse(proof.verifiedAt) : NaN))),
  };
}

function latest(times: number[]): number | undefined {
  const known = times.filter((time) => !Number.isNaN(time));
  return known.length > 0 ? Math.max(...known) : undefined;
}
