import { directUrl, type BackupContext } from './backup-context';
import { BackupError } from './backup-error';
import { backupIdsIn, openNamedBackup, type Backup } from './backup-folder';
import { ownerInWords, ownershipOf, readInstallation, readOwner, type Installation } from './installation';

/**
 * A backup for a restore or a trial. `latest` is the newest one of this installation, never one of another installation
 * that shares the folder. A backup of another installation has to be named, and is announced as such.
 * @param reference an id, a path of one of its files, or `latest`
 * @throws BackupError when there is none, or a look at its files already shows that it is of no use
 */
export async function findBackup(context: BackupContext, reference: string): Promise<Backup> {
  const folder = context.configuration.backupFolder;
  const installation = await readInstallation(directUrl(context));
  if (reference === 'latest') return findLatest(folder, installation, context.warn);
  const backup = await openNamedBackup(folder, reference);
  if (ownershipOf(backup.manifest, installation) === 'another' && !installation.isEmpty)
    context.warn(
      `${backup.manifest.id} is a backup of ${ownerInWords(backup.manifest)}, not of this database`,
    );
  return backup;
}

async function findLatest(
  folder: string,
  installation: Installation,
  warn: (message: string) => void,
): Promise<Backup> {
  const ids = await backupIdsIn(folder);
  if (ids.length === 0)
    throw new BackupError(`There is no backup in ${folder}: make one with \`xfchat backup create\`.`);
  const others = new Map<string, string>();
  let unsigned: string | undefined;
  for (const id of ids) {
    const owner = await readOwner(folder, id);
    const ownership = owner && ownershipOf(owner, installation);
    // An older one in the place of a damaged one would restore less than was asked for.
    if (ownership === undefined || ownership === 'own') return openNamedBackup(folder, id);
    if (ownership === 'unsigned') unsigned ??= id;
    const name = ownerInWords(owner!);
    if (!others.has(name)) others.set(name, id);
  }
  const [[name, newest]] = [...others] as [[string, string]];
  // An empty database has no backups of its own: it takes the place of the one installation that has made backups here.
  if (installation.isEmpty && others.size === 1) return openNamedBackup(folder, newest);
  if (unsigned !== undefined && !(installation.isEmpty && others.size > 1)) {
    warn(
      `${unsigned} does not say which installation made it, since an earlier release did. It is used because it was made of a database that is also called "${installation.database}".`,
    );
    return openNamedBackup(folder, unsigned);
  }
  const list = [...others].map(([whose, id]) => `${id} of ${whose}`).join('; ');
  throw new BackupError(
    `No backup in ${folder} is known to be of this database${installation.id === undefined ? '' : ` (installation ${installation.id})`}. The newest of others: ${list}. To use ${others.size === 1 ? `that of ${name}` : 'one of them'}, name it instead of "latest".`,
  );
}
