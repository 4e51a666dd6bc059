import type { BackupContext } from '../backups/backup-context';
import { isWhole, listBackups, type Backup } from '../backups/backup-folder';
import { createBackup } from '../backups/create-backup';
import { drill } from '../backups/drill';
import { findBackup } from '../backups/find-backup';
import { ownerInWords, ownershipOf, readInstallation, type Installation } from '../backups/installation';
import type { BackedUpAttachments, Manifest } from '../backups/manifest';
import { restoreOnlyFiles, type RestoredAttachments } from '../backups/restore-attachments';
import { restoreBackup } from '../backups/restore-backup';
import { attachmentFault, numbersOf } from '../backups/verify-attachments';
import { verifyBackup } from '../backups/verify-backup';
import type { Configuration } from '../../platform/configuration/configuration';
import { loadConfiguration } from '../../platform/configuration/load-configuration';
import { foreign } from '../../platform/logging/foreign-text';
import { SCHEMA } from '../../schema';
import { findingText } from './check.command';
import { fail, note, print, progress } from './output';
import { withDatabase } from './with-database';

interface Options {
  json?: boolean;
}

const DAY_S = 86_400;

export async function backupCreateCommand(options: Options & { portable?: boolean }): Promise<void> {
  await withBackups(async (context) => {
    const { manifest, path } = await createBackup(context, options);
    const { id, size, sha256: digest, leftOut } = manifest;
    const attachments = attachmentsOf(manifest);
    progress('');
    if (leftOut.length > 0) context.warn(`schemas that are not in the backup: ${leftOut.join(', ')}`);
    const text = `${id}: ${inWords(size)} in ${path}${filesInWords(attachments)}`;
    print(options, text, { id, path, size, digest, attachments });
    if (attachments.missing > 0) process.exitCode = 1;
  });
}

export async function backupListCommand(options: Options): Promise<void> {
  try {
    const configuration = loadConfiguration(process.env);
    const { backupFolder } = configuration;
    const installation = await installationOf(configuration);
    const backups = (await listBackups(backupFolder)).map((backup) => {
      const { path } = backup;
      if (!isWhole(backup)) return { id: idOf(path), path, fault: backup.fault };
      const { manifest } = backup;
      const { id, begunAt, size, sha256: digest, way, epoch, migrations, appVersion } = manifest;
      const { installationId = null, database } = manifest;
      const ageSeconds = ageOf(begunAt);
      const verifiedAt = backup.proof?.verifiedAt ?? null;
      return {
        id,
        path,
        begunAt,
        ageSeconds,
        size,
        digest,
        way,
        epoch,
        schema: migrations.at(-1),
        appVersion,
        verifiedAt,
        /** Null for a backup of an earlier release, which stored no files. */
        attachments: hasNoFiles(manifest) ? null : attachmentsOf(manifest),
        installationId,
        database,
        /** Null while the database does not answer. */
        ownership: installation ? ownershipOf(manifest, installation) : null,
        owner: ownerInWords(manifest),
      };
    });
    const lines = backups.map((backup) =>
      'fault' in backup
        ? foreign(backup.fault ?? '')
        : [
            foreign(backup.id),
            `${(backup.ageSeconds / DAY_S).toFixed(1)} days old`,
            inWords(backup.size),
            backup.schema,
            backup.digest.slice(0, 12),
            backup.attachments
              ? `${backup.attachments.count} files (${inWords(backup.attachments.bytes)})${backup.attachments.missing > 0 ? `, of which ${backup.attachments.missing} could not be read` : ''}${backup.attachments.isListOnly ? ', as a list only' : ''}`
              : 'without the files of attachments',
            backup.verifiedAt ? `proven ${backup.verifiedAt}` : 'never proven',
            backup.ownership === 'own'
              ? `of this installation (${backup.installationId})`
              : `of ${foreign(backup.owner)}`,
          ].join('  '),
    );
    print(options, lines.join('\n') || `no backups in ${backupFolder}`, { backups });
  } catch (error) {
    fail(error);
  }
}

/** Reads it only if the configuration names a database, because the embedded one may not be running. */
async function installationOf(configuration: Configuration): Promise<Installation | undefined> {
  const url = configuration.DIRECT_DATABASE_URL ?? configuration.DATABASE_URL;
  return url === undefined ? undefined : readInstallation(url).catch(() => undefined);
}

export async function backupVerifyCommand(reference: string | undefined, options: Options): Promise<void> {
  await withBackups(async (context) => {
    const backup = await findBackup(context, reference ?? 'latest');
    const { findings: broken, attachments, ...facts } = await verifyBackup(context, backup);
    const fault = attachments && attachmentFault(attachments);
    const isOk = broken.length === 0 && fault === undefined;
    const findings = [...broken, ...(attachments?.findings ?? [])];
    const notCopied = attachments?.notCopied
      ? `, of which ${attachments.notCopied} are in no backup: a restore needs them in ATTACHMENTS_DIR`
      : '';
    const files = attachments
      ? `, ${attachments.count} files (${inWords(attachments.bytes)}${notCopied})`
      : '';
    const text = isOk
      ? `${backup.manifest.id} restores: ${facts.rows} rows, ${facts.conversations} conversations${files}, in ${facts.durationMs} ms${erasedInWords(facts.erasedAgain)}`
      : [...(fault ? [fault] : []), ...findings.map(findingText)].join('\n');
    progress('');
    const numbers = attachments ? { attachments: numbersOf(attachments) } : {};
    print(options, text, { ok: isOk, id: backup.manifest.id, ...facts, ...numbers, findings });
    if (!isOk) process.exitCode = 1;
  });
}

interface RestoreOptions extends Options {
  force?: boolean;
  confirm?: string;
  discard?: boolean;
  copy?: boolean;
  onlyFiles?: boolean;
}

/** Exits with 1 if files of attachments are missing, even though the data is restored. */
export async function backupRestoreCommand(reference: string, options: RestoreOptions): Promise<void> {
  await withBackups(async (context) => {
    const backup = await findBackup(context, reference);
    const { id, begunAt } = backup.manifest;
    if (options.onlyFiles) return restoreFilesCommand(context, backup, options);
    const restored = await restoreBackup(context, backup, options);
    const { database, replaced, epoch, disconnected, maintenanceSince, erasedAgain, findings } = restored;
    const { attachments } = restored;
    const isComplete = attachments.missing === 0;
    progress('');
    if (!isComplete) context.warn(missingInWords(attachments, backup));
    if (findings.length > 0)
      context.warn(
        `the data was already broken in ${findings.length} places when it was backed up: run \`xfchat check\``,
      );
    const text = [
      `"${database}" is restored as of ${begunAt} (${id}), with epoch ${epoch}${erasedInWords(erasedAgain)}`,
      ...(attachments.count > 0 ? [restoredInWords(attachments)] : []),
      ...(replaced ? [`the data before the restore stays in "${replaced}" until the next restore`] : []),
      ...(disconnected > 0
        ? [`${disconnected} connections of servers were closed; the servers reconnect by themselves`]
        : []),
      ...(maintenanceSince
        ? ['maintenance is still on, as before: `npx xfchat maintenance off` ends it']
        : []),
    ];
    print(options, text.join('\n'), { ok: isComplete, id, begunAt, ...restored });
    if (!isComplete) process.exitCode = 1;
  });
}

/** For an installation that lost files but not its database. */
async function restoreFilesCommand(context: BackupContext, backup: Backup, options: Options): Promise<void> {
  const attachments = await restoreOnlyFiles(context, backup);
  const isComplete = attachments.missing === 0;
  progress('');
  if (!isComplete) context.warn(missingInWords(attachments, backup));
  const text = `the database is unchanged; ${restoredInWords(attachments)}`;
  print(options, text, { ok: isComplete, id: backup.manifest.id, attachments });
  if (!isComplete) process.exitCode = 1;
}

/** Exits with 1 if the last backup does not restore. */
export async function drillCommand(options: Options): Promise<void> {
  await withBackups(async (context) => {
    const result = await drill(context);
    const { ok, id, dataAgeSeconds, durationMs, erasedAgain, reason } = result;
    progress('');
    const text = ok
      ? `${id} restores in ${durationMs} ms; its data is ${dataAgeSeconds} s old${erasedInWords(erasedAgain)}`
      : `${id} does not restore: ${reason}`;
    print(options, text, result);
    if (!ok) process.exitCode = 1;
  });
}

async function withBackups(work: (context: BackupContext) => Promise<void>): Promise<void> {
  await withDatabase((url, configuration, isEmbedded) => {
    const warn = (message: string): void => {
      progress('');
      note(message);
    };
    return work({ url, isEmbedded, configuration, schema: SCHEMA, progress, warn });
  });
}

export const ageOf = (begunAt: string): number => Math.round((Date.now() - Date.parse(begunAt)) / 1_000);

/** Empty for nobody. */
function erasedInWords(people = 0): string {
  if (people === 0) return '';
  return `; ${people === 1 ? 'a person who was' : `${people} people who were`} erased since ${people === 1 ? 'is' : 'are'} erased again`;
}

const hasNoFiles = ({ attachments, tables }: Manifest): boolean =>
  !attachments && tables.some(({ name, rows }) => name === 'attachments' && rows > 0);

/** Zeros for a schema without attachments. */
const attachmentsOf = ({ attachments }: Manifest): Omit<BackedUpAttachments, 'listSha256'> => {
  const { count, bytes, missing, isListOnly } = attachments ?? { count: 0, bytes: 0, missing: 0 };
  return { count, bytes, missing, ...(isListOnly && { isListOnly }) };
};

function filesInWords({ count, bytes, missing }: { count: number; bytes: number; missing: number }): string {
  if (count === 0) return '';
  const files = `${count} files of attachments (${inWords(bytes)})`;
  return missing === 0 ? `, with ${files}` : `, with ${count - missing} of ${files}`;
}

const restoredInWords = ({ count, restored, missing }: RestoredAttachments): string =>
  `files of attachments: ${count - restored - missing} were present, ${restored} were copied from the backup, ${missing} are missing`;

function missingInWords({ count, missing, examples }: RestoredAttachments, { manifest }: Backup): string {
  const why = hasNoFiles(manifest)
    ? `${manifest.id} was made before backups stored files`
    : manifest.attachments?.isListOnly
      ? `${manifest.id} was made before a migration and has only their list`
      : 'neither the backup nor ATTACHMENTS_DIR holds them as they were uploaded';
  return `${missing} of ${count} files of attachments are missing, since ${why}: ${examples.join(', ')}${missing > examples.length ? ' …' : ''}. When you have found them, copy the folder "attachments" beside the backup and run \`npx xfchat backup restore ${manifest.id} --only-files\`.`;
}

const idOf = (path: string): string => path.replace(/^.*[/\\]|\.backup$/g, '');

function inWords(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1);
  return `${(bytes / 1_000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}
