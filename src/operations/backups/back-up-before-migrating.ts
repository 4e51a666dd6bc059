import type { BeforeMigrating } from '../../platform/migrations/migrate';
import type { BackupContext } from './backup-context';
import { createBackup } from './create-backup';
import { verifyBackup } from './verify-backup';

/**
 * The way back: a backup, and the proof that it restores, which rehearses the migrations on a copy of the data. The migrating
 * process holds the migration lock meanwhile, so only one of several processes makes a backup.
 * @param say is told where the backup is
 */
export const backUpBeforeMigrating =
  (context: BackupContext, say: (message: string) => void): BeforeMigrating =>
  async () => {
    // A migration changes no file. To copy and to read them would make a start take hours, or refuse it for want of room.
    const backup = await createBackup(context, { copiesFiles: false });
    const { findings } = await verifyBackup(context, backup, { readsFiles: false });
    const without = backup.manifest.attachments?.count ? ' (the data without the files of attachments)' : '';
    say(`backed up to ${backup.path}${without}, and proven by restoring it`);
    if (findings.length > 0)
      throw new Error(
        `The data is broken in ${findings.length} places: see \`npx xfchat check\`. Nothing was changed.`,
      );
  };
