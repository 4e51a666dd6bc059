import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { backupIdsIn } from './backup-folder';
import type { Manifest } from './manifest';
import { withClient } from './side-databases';

/** The database that backups are made of and restored into. Several installations may share one `BACKUP_DIR`. */
export interface Installation {
  /** Undefined for a database that is empty, or whose schema is too old to have one. */
  readonly id: string | undefined;
  readonly database: string;
  /** Whether there is nothing in it that a restore could replace. */
  readonly isEmpty: boolean;
}

/** The owner that a manifest names. Manifests of earlier releases name only the database. */
export type BackupOwner = Pick<Manifest, 'installationId' | 'database'>;

/**
 * - `own`: the installation made the backup.
 * - `unsigned`: an earlier release made it, of a database with the same name. Probably it is the installation's own.
 * - `another`: another installation made it.
 */
export type Ownership = 'own' | 'unsigned' | 'another';

export function ownershipOf(
  owner: BackupOwner,
  { id, database }: Pick<Installation, 'id' | 'database'>,
): Ownership {
  if (owner.installationId !== undefined) return owner.installationId === id ? 'own' : 'another';
  return owner.database === database ? 'unsigned' : 'another';
}

export const ownerInWords = ({ installationId, database }: BackupOwner): string =>
  installationId === undefined
    ? `a database "${database}" (made before backups named their installation)`
    : `installation ${installationId} (database "${database}")`;

/** Works on a schema of any age. */
export const INSTALLATION = `
  select current_database() as database, not exists (
      select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema') as "isEmpty",
    to_regclass('public.database_state') is not null as has_state`;

export async function readInstallation(url: string): Promise<Installation> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<Installation & { has_state: boolean }>(INSTALLATION);
    const { database, isEmpty, has_state: hasState } = rows[0]!;
    if (!hasState) return { id: undefined, database, isEmpty };
    const { rows: states } = await client.query<{ id: string | null }>(
      `select to_jsonb(state)->>'installation_id' as id from public.database_state state`,
    );
    return { id: states[0]?.id ?? undefined, database, isEmpty };
  });
}

/** Bytes of a manifest that certainly hold its owner: the rest, which names every conversation, may be large. */
const HEAD_BYTES = 4_096;

/** By the beginning of the manifest alone. Undefined when it cannot be read. */
export async function readOwner(folder: string, id: string): Promise<BackupOwner | undefined> {
  const head = await readHead(join(folder, `${id}.json`)).catch(() => undefined);
  const database = /"database":\s*("(?:[^"\\]|\\.)*")/.exec(head ?? '')?.[1];
  if (database === undefined) return undefined;
  const installationId = /"installationId":\s*"([0-9a-f-]{36})"/.exec(head!)?.[1];
  try {
    return {
      database: JSON.parse(database) as string,
      ...(installationId !== undefined && { installationId }),
    };
  } catch {
    return undefined;
  }
}

async function readHead(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

/** The backups of this installation, and those that may be its own; newest first. Unreadable manifests are among them. */
export async function ownBackupIds(
  folder: string,
  installation: Pick<Installation, 'id' | 'database'>,
): Promise<string[]> {
  const own: string[] = [];
  for (const id of await backupIdsIn(folder)) {
    const owner = await readOwner(folder, id);
    if (!owner || ownershipOf(owner, installation) !== 'another') own.push(id);
  }
  return own;
}
