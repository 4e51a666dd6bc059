import type { BackupContext } from '../backups/backup-context';
import { isWhole, listBackups } from '../backups/backup-folder';
import { createBackup } from '../backups/create-backup';
import { drill } from '../backups/drill';
import { findBackup } from '../backups/find-backup';
import { ownerInWords, ownershipOf, readInstallation, type Installation } from '../backups/installation';
import { restoreBackup } from '../backups/restore-backup';
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
    progress('');
    if (leftOut.length > 0) context.warn(`schemas that are not in the backup: ${leftOut.join(', ')}`);
    print(options, `${id}: ${inWords(size)} in ${path}`, { id, path, size, digest });
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
        installationId,
        database,
        /** Unknown while the database cannot be asked. */
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

/** Asked only where a database is named: the embedded one may not be running. */
async function installationOf(configuration: Configuration): Promise<Installation | undefined> {
  const url = configuration.DIRECT_DATABASE_URL ?? configuration.DATABASE_URL;
  return url === undefined ? undefined : readInstallation(url).catch(() => undefined);
}

export async function backupVerifyCommand(reference: string | undefined, options: Options): Promise<void> {
  await withBackups(async (context) => {
    const backup = await findBackup(context, reference ?? 'latest');
    const { findings, ...facts } = await verifyBackup(context, backup);
    const isOk = findings.length === 0;
    const text = isOk
      ? `${backup.manifest.id} restores: ${facts.rows} rows, ${facts.conversations} conversations, in ${facts.durationMs} ms${erasedInWords(facts.erasedAgain)}`
      : findings.map(findingText).join('\n');
    progress('');
    print(options, text, { ok: isOk, id: backup.manifest.id, ...facts, findings });
    if (!isOk) process.exitCode = 1;
  });
}

interface RestoreOptions extends Options {
  force?: boolean;
  confirm?: string;
  discard?: boolean;
  copy?: boolean;
}

export async function backupRestoreCommand(reference: string, options: RestoreOptions): Promise<void> {
  await withBackups(async (context) => {
    const backup = await findBackup(context, reference);
    const { id, begunAt } = backup.manifest;
    const restored = await restoreBackup(context, backup, options);
    const { database, replaced, epoch, disconnected, maintenanceSince, erasedAgain, findings } = restored;
    progress('');
    if (findings.length > 0)
      context.warn(
        `the data was broken when it was backed up, in ${findings.length} places: run \`xfchat check\``,
      );
    const text = [
      `"${database}" is as it was at ${begunAt} (${id}), under epoch ${epoch}${erasedInWords(erasedAgain)}`,
      ...(replaced ? [`what was there is kept in "${replaced}" until the next restore`] : []),
      ...(disconnected > 0
        ? [`${disconnected} connections of servers were ended; they come back by themselves`]
        : []),
      ...(maintenanceSince
        ? ['maintenance is on, as it was before: `npx xfchat maintenance off` ends it']
        : []),
    ];
    print(options, text.join('\n'), { ok: true, id, begunAt, ...restored });
  });
}

/** Ends with 1 when the last backup does not restore. */
export async function drillCommand(options: Options): Promise<void> {
  await withBackups(async (context) => {
    const result = await drill(context);
    const { ok, id, dataAgeSeconds, durationMs, erasedAgain, reason } = result;
    progress('');
    const text = ok
      ? `${id} restores in ${durationMs} ms; what it holds is ${dataAgeSeconds} s old${erasedInWords(erasedAgain)}`
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

/** Lines that are printed only if they have a value. */
function erasedInWords(people = 0): string {
  if (people === 0) return '';
  return `; ${people === 1 ? 'a person who was' : `${people} people who were`} erased since ${people === 1 ? 'is' : 'are'} erased again`;
}

const idOf = (path: string): string => path.replace(/^.*[/\\]|\.backup$/g, '');

function inWords(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1);
  return `${(bytes / 1_000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}
