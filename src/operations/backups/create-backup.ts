import { DataSource } from 'typeorm';
import { databaseNow } from '../../platform/database/database-clock';
import { isConnectionLost, isLockTimeout } from '../../platform/database/database-problem';
import { migrationOptions } from '../../platform/database/database-options';
import { inSnapshot } from '../../platform/database/transaction';
import { version } from '../../platform/version';
import { archiveFor, copyAttachments, listAttachments, whileFilesStay } from './back-up-attachments';
import { directUrl, type BackupContext } from './backup-context';
import { BackupError } from './backup-error';
import { newBackupId, prepareFolder, publish, unfinishedPath, type Backup } from './backup-folder';
import { readSummary } from './database-summary';
import type { FileSeal } from '../../platform/durable-files';
import { newManifest, type BackupMethod, type DatabaseSummary } from './manifest';
import { dumpPortable } from './portable-data';
import { dumpWithTools, findPostgresTools, type PostgresTools } from './postgres-tools';
import { deleteExpired } from './retention';
import { withClient } from './side-databases';

interface CreateOptions {
  readonly portable?: boolean;
  /** Otherwise the backup has the list of the files alone. */
  readonly copiesFiles?: boolean;
}

/**
 * Backs up the live database while it is in use. Data, counts, digests and the list of files are of one snapshot. When
 * this resolves, the backup and the files are in `BACKUP_DIR` and flushed to the disk. The backup is verified only after
 * `verifyBackup` has restored it.
 * @throws BackupError
 */
export async function createBackup(
  context: BackupContext,
  { portable = false, copiesFiles = true }: CreateOptions = {},
): Promise<Backup> {
  const backup = await writeBackup(context, portable, copiesFiles).catch((error: unknown) => {
    if (!isLockTimeout(error)) throw error;
    throw new BackupError('Somebody is changing the schema of the database. Try again when that is done.');
  });
  await deleteExpired(context, backup).catch((error: unknown) => {
    if (!isConnectionLost(error)) throw error;
    context.warn(
      `${backup.manifest.id} is made. Older backups and their files were not removed, since the database could not be reached; the next backup does so.`,
    );
  });
  return backup;
}

async function writeBackup(
  context: BackupContext,
  isPortable: boolean,
  copiesFiles: boolean,
): Promise<Backup> {
  const { configuration, schema } = context;
  const folder = configuration.backupFolder;
  await prepareFolder(folder);
  const url = directUrl(context);
  const dataSource = await new DataSource(migrationOptions(url, configuration, schema)).initialize();
  try {
    return await whileFilesStay(url, async (requireLock) => {
      const { archive, named, ...written } = await writeData(context, dataSource, isPortable);
      // After the snapshot has ended, which would keep the database from cleaning up.
      const { id } = written;
      const attachments =
        archive &&
        named &&
        (copiesFiles
          ? await copyAttachments(context, archive, id, named)
          : { ...named, missing: 0, isListOnly: true as const });
      const manifest = newManifest({
        ...written,
        appVersion: version,
        finishedAt: (await databaseNow(dataSource.manager)).toISOString(),
        ...(attachments && { attachments }),
      });
      await requireLock();
      return publish(folder, manifest);
    });
  } finally {
    await dataSource.destroy();
  }
}

/** Data and list, of one snapshot. */
async function writeData(context: BackupContext, dataSource: DataSource, isPortable: boolean) {
  const folder = context.configuration.backupFolder;
  const url = directUrl(context);
  return inSnapshot(dataSource, async (manager) => {
    const facts = await readSummary(manager, context.progress);
    const [exported]: { snapshot: string }[] = await manager.query('select pg_export_snapshot() as snapshot');
    const leftOut: { name: string }[] = await manager.query(`
        select nspname as name from pg_namespace n
        where nspname !~ '^pg_' and nspname not in ('information_schema', 'public')
          and exists (select from pg_class c where c.relnamespace = n.oid and c.relkind = 'r')
        order by nspname`);
    const id = newBackupId(facts.begunAt);
    const path = unfinishedPath(folder, id);
    const tools = isPortable ? undefined : toolsFor(context, facts);
    const seal = await dump(context, { url, snapshot: exported!.snapshot, facts, path, tools });
    const way: BackupMethod = tools ? 'pg_dump' : 'portable';
    const archive = archiveFor(folder, facts);
    return {
      ...facts,
      ...seal,
      id,
      way,
      leftOut: way === 'portable' ? leftOut.map(({ name }) => name) : [],
      archive,
      named: archive && (await listAttachments(manager, archive, { backupId: id, begunAt: facts.begunAt })),
    };
  });
}

function dump(
  { progress }: BackupContext,
  from: {
    url: string;
    snapshot: string;
    facts: DatabaseSummary;
    path: string;
    tools: PostgresTools | undefined;
  },
): Promise<FileSeal> {
  const { url, snapshot, facts, path, tools } = from;
  if (tools) return dumpWithTools(tools, url, snapshot, path, progress);
  return withClient(url, (client) =>
    dumpPortable(client, snapshot, facts.tables, path, (table) => progress(`copying ${table}`)),
  );
}

/** The embedded server comes without tools, and with versions of its own. */
function toolsFor(context: BackupContext, { postgresVersion }: DatabaseSummary): PostgresTools | undefined {
  if (context.isEmbedded) return undefined;
  const major = Number.parseInt(postgresVersion, 10);
  const tools = findPostgresTools(major, context.configuration.PG_BIN_DIR);
  if (!tools) {
    context.warn(
      `pg_dump ${major} was not found (in PG_BIN_DIR if that is set, else in PATH and the usual places), so the backup is made the portable way: it holds the rows of all tables in "public", and nothing else that somebody may have put into the database.`,
    );
  }
  return tools;
}
