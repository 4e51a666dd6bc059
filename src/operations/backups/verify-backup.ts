import { DataSource, type EntityManager } from 'typeorm';
import { filesInUse } from '../../features/attachments/attachments.queries';
import { checkIntegrity } from '../integrity/check-integrity';
import type { Finding } from '../integrity/finding';
import { Configuration } from '../../platform/configuration/configuration';
import { migrationOptions, type DatabaseSchema } from '../../platform/database/database-options';
import { DatabaseUnusableError } from '../../platform/database/unusable-database';
import { changedValues } from '../../platform/database/value-sample';
import { verifySchema } from '../../platform/database/verify-schema';
import { migrateUp } from '../../platform/migrations/migrate';
import { inSnapshot } from '../../platform/database/transaction';
import { version } from '../../platform/version';
import { summarise } from './attachment-list';
import { directUrl, type BackupContext } from './backup-context';
import { BackupError } from './backup-error';
import { requireIntact, writeProof, type Backup } from './backup-folder';
import { readDigests, readSummary } from './database-summary';
import { otherConversations, otherFiles, otherTables } from './differences';
import type { AttachmentSummary, Manifest } from './manifest';
import { loadPortable } from './portable-data';
import { knownErasures, repeatErasures } from './repeat-erasures';
import { findPostgresTools, restoreWithTools, type PostgresTools } from './postgres-tools';
import { grantTo, readPrivileges, type Privileges } from './privileges';
import { SideDatabases, urlOf, withClient } from './side-databases';
import { attachmentFault, verifyAttachments, type VerifiedAttachments } from './verify-attachments';

export interface Verification {
  readonly durationMs: number;
  readonly conversations: number;
  readonly rows: number;
  /** Migrations that brought the restored data to the schema of this program. */
  readonly applied: readonly string[];
  /** People who were erased after the backup was made, and were erased again. */
  readonly erasedAgain: number;
  /** The findings of the integrity check in the restored data: they existed when the backup was made. */
  readonly findings: readonly Finding[];
}

/** Data in a database beside the live one. */
export interface RestoredData extends Verification {
  /** The data has so many attachments. Their files are no part of it. */
  readonly attachmentCount: number;
}

export interface VerifiedBackup extends Verification {
  /** The files; absent when the data has no attachments. */
  readonly attachments?: VerifiedAttachments;
}

/**
 * Restores the backup beside the live database and compares every count and digest with the manifest. Then it applies
 * this program's migrations, repeats later erasures, looks for broken data, and drops the copy. At last it reads the files
 * of the attachments. A backup that passes is marked as proven.
 * @param options.readsFiles every byte of the files, instead of their sizes alone; then nothing is marked
 * @throws BackupError when it cannot be restored, or restores something else than was backed up
 */
export async function verifyBackup(
  context: BackupContext,
  backup: Backup,
  { readsFiles = true }: { readsFiles?: boolean } = {},
): Promise<VerifiedBackup> {
  await requireRestorable(context, backup);
  const begun = performance.now();
  const { attachmentCount, ...verification } = await SideDatabases.with(directUrl(context), (databases) =>
    databases.withScratch(async (url, name) => {
      const privileges = await readPrivileges(directUrl(context), name);
      return restoreWithRights(context, backup, { url, name }, privileges);
    }),
  );
  // Outside, so that a restore does not have to wait until all files have been read.
  const attachments =
    attachmentCount === 0
      ? undefined
      : ((await verifyAttachments(context, backup, readsFiles)) ?? noneOf(attachmentCount));
  const verified: VerifiedBackup = {
    ...verification,
    durationMs: Math.round(performance.now() - begun),
    ...(attachments && { attachments }),
  };
  if (readsFiles || !attachments) await recordProof(backup, verified);
  return verified;
}

/** An earlier release has made the backup. */
const noneOf = (count: number): VerifiedAttachments => ({
  count,
  bytes: 0,
  missing: count,
  damaged: 0,
  findings: [
    {
      kind: 'attachment-missing',
      where: 'all of them',
      detail: 'the backup was made before backups held the files of attachments: make a new one',
    },
  ],
});

/** Marks the backup as proven, when nothing was found. */
export async function recordProof(
  backup: Backup,
  { findings, durationMs, attachments }: VerifiedBackup,
): Promise<void> {
  if (findings.length > 0 || (attachments && (attachmentFault(attachments) || attachments.notCopied))) return;
  await writeProof(backup, { verifiedAt: new Date().toISOString(), durationMs, appVersion: version });
}

/**
 * Everything that can be known before a database is touched.
 * @throws BackupError
 */
export async function requireRestorable(context: BackupContext, backup: Backup): Promise<void> {
  const { manifest, path } = backup;
  const known = context.schema.migrations.map(nameOf);
  const unknown = manifest.migrations.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new BackupError(
      `${path} is refused: it was made by XFChat ${manifest.appVersion}, with migrations that this version does not know: ${unknown.join(', ')}. Restore it with that version.`,
    );
  }
  await knownErasures(context, manifest);
  await requireIntact(backup, (bytes) =>
    context.progress(`reading the file: ${Math.floor((100 * bytes) / manifest.size)} %`),
  );
}

/**
 * As `restoreInto`, with the rights that roles have in the live database. A backup holds none, because roles belong to the
 * server. Then looks at the copy as the user of the server, who writes a row into it and takes it back.
 * @throws BackupError when the server could do nothing with it
 */
export async function restoreWithRights(
  context: BackupContext,
  backup: Backup,
  { url, name }: { readonly url: string; readonly name: string },
  privileges: Privileges,
): Promise<RestoredData> {
  const { configuration, schema } = context;
  await grantTo(url, privileges.before);
  const verification = await restoreInto(context, backup, url);
  await grantTo(url, privileges.objects);
  const application = asApplication(context, name);
  try {
    await verifySchema(application, configuration, schema);
    const dataSource = await new DataSource(
      migrationOptions(application, configuration, schema),
    ).initialize();
    const changed = await changedValues(dataSource, schema).finally(() => dataSource.destroy());
    if (changed.length > 0)
      throw new BackupError(`The restored database changes values: ${changed.join(', ')}.`);
  } catch (error) {
    if (!(error instanceof DatabaseUnusableError) && (error as { code?: string }).code !== '42501')
      throw error;
    throw new BackupError(
      `The user of DATABASE_URL could not serve the restored database: ${(error as Error).message}`,
    );
  }
  return verification;
}

/** The server may be another user than the one who migrates and restores. */
function asApplication(context: BackupContext, database: string): string {
  const url = new URL(urlOf(directUrl(context), database));
  const { username, password } = new URL(context.url);
  return Object.assign(url, { username, password }).toString();
}

/** Fills an empty database from the backup, and proves that it holds what was backed up. */
async function restoreInto(context: BackupContext, backup: Backup, url: string): Promise<RestoredData> {
  const begun = performance.now();
  const { schema, progress } = context;
  const { manifest, path } = backup;
  // Never to where the live database is reached directly.
  const configuration = Object.assign(new Configuration(), context.configuration, {
    DIRECT_DATABASE_URL: undefined,
    DATABASE_POOLER: 'none',
  });
  const refuse = (differences: string[]): void => {
    if (differences.length > 0)
      throw new BackupError(`${path} does not restore what was backed up: ${differences.join('; ')}.`);
  };
  if (manifest.way === 'pg_dump') {
    await restoreWithTools(await toolsFor(context, url, path), url, path, progress);
  } else {
    await migrateUp(url, configuration, schemaOf(manifest, schema));
    await withClient(url, (client) =>
      loadPortable(client, path, manifest.tables, (table) => progress(`restoring ${table}`)),
    );
  }
  const dataSource = await new DataSource(migrationOptions(url, configuration, schema)).initialize();
  try {
    const held = await inSnapshot(dataSource, (manager) => readSummary(manager, progress));
    refuse([
      ...otherTables(manifest, held),
      ...otherConversations(manifest.conversations, held.conversations),
    ]);
    const named = await inSnapshot(dataSource, (manager) => filesOf(manager, manifest));
    refuse(otherFiles(manifest.attachments, named));
    const applied = await migrateUp(url, configuration, schema);
    if (applied.length > 0) {
      // A migration may change how it is stored, never what was said.
      const migrated = await inSnapshot(dataSource, readDigests);
      refuse(otherConversations(manifest.conversations, migrated));
    }
    const erasedAgain = await repeatErasures(dataSource, await knownErasures(context, manifest), progress);
    const findings = await checkIntegrity(dataSource, (kind, done, total) =>
      progress(`checking ${done} of ${total}: ${kind}`),
    );
    return {
      durationMs: Math.round(performance.now() - begun),
      conversations: Object.keys(manifest.conversations).length,
      rows: manifest.tables.reduce((sum, { rows }) => sum + rows, 0),
      applied,
      erasedAgain,
      attachmentCount: named?.count ?? 0,
      findings,
    };
  } finally {
    await dataSource.destroy();
  }
}

/** Undefined when the schema has no attachments. */
async function filesOf(manager: EntityManager, manifest: Manifest): Promise<AttachmentSummary | undefined> {
  const hasAttachments = manifest.tables.some(({ name }) => name === 'attachments');
  return hasAttachments ? summarise(filesInUse(manager, manifest.begunAt)) : undefined;
}

async function toolsFor({ configuration }: BackupContext, url: string, path: string): Promise<PostgresTools> {
  const major = await withClient(url, async (client) => {
    const { rows } = await client.query<{ version: string }>(
      `select current_setting('server_version') as version`,
    );
    return Number.parseInt(rows[0]!.version, 10);
  });
  const tools = findPostgresTools(major, configuration.PG_BIN_DIR);
  if (tools) return tools;
  throw new BackupError(
    `${path} was made by pg_dump, and pg_restore ${major} was not found: install the client programs of PostgreSQL ${major}, or name their folder in PG_BIN_DIR.`,
  );
}

/** As it was when the backup was made, which may be less than this program needs. */
function schemaOf({ migrations }: Manifest, schema: DatabaseSchema): DatabaseSchema {
  return {
    entities: [],
    functions: [],
    dataMigrations: [],
    migrations: schema.migrations.filter((migration) => migrations.includes(nameOf(migration))),
  };
}

const nameOf = (migration: DatabaseSchema['migrations'][number]): string => new migration().name!;
