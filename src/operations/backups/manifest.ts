import { createHash } from 'node:crypto';
import { BackupError } from './backup-error';

/** Raised when an older program could not read a backup any more. */
const FORMAT = 1;

export interface BackedUpTable {
  readonly name: string;
  readonly rows: number;
  /** As PostgreSQL spells them; generated columns are not among them. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
}

/** How the data was written: by COPY through our own connection, or by the tools of PostgreSQL. */
export type BackupMethod = 'portable' | 'pg_dump';

/** The content of a database at one moment. */
export interface DatabaseSummary {
  /** Everything that was committed before this moment is there. ISO 8601. */
  readonly begunAt: string;
  readonly database: string;
  /** Of the database; absent when an earlier release made the backup, or its schema is too old to have one. */
  readonly installationId?: string;
  readonly postgresVersion: string;
  readonly epoch: number;
  /** Names of the migrations that were applied, in their order. */
  readonly migrations: readonly string[];
  /** All tables of `public`. */
  readonly tables: readonly BackedUpTable[];
  /** Content digests by conversation; `contentDigest` is the SHA-256 over all of them. */
  readonly conversations: Readonly<Record<string, string>>;
  readonly contentDigest: string;
}

/** The files that a backup names. */
export interface AttachmentSummary {
  readonly count: number;
  readonly bytes: number;
  /** SHA-256 of the list, in hexadecimal. */
  readonly listSha256: string;
}

/** The files that the data needs. They lie in the archive beside the backups, and their list as well. */
export interface BackedUpAttachments extends AttachmentSummary {
  /** Files that could not be read when the backup was made. A later backup may have brought them. */
  readonly missing: number;
  /** Only their list is in the backup, which was made before a migration. A restore needs the files of the servers. */
  readonly isListOnly?: true;
}

/** The manifest lies beside the data. A restore verifies all of it. */
export interface Manifest extends DatabaseSummary {
  readonly format: typeof FORMAT;
  readonly id: string;
  readonly way: BackupMethod;
  readonly appVersion: string;
  readonly finishedAt: string;
  /** Of the data file: bytes, and SHA-256 in hexadecimal. */
  readonly size: number;
  readonly sha256: string;
  /** Schemas that the portable way has left out, since they are not XFChat's. */
  readonly leftOut: readonly string[];
  /** Absent when an earlier release made the backup, or its schema has no attachments. */
  readonly attachments?: BackedUpAttachments;
}

export const newManifest = (manifest: Omit<Manifest, 'format'>): Manifest => ({
  format: FORMAT,
  ...manifest,
});

/** The manifest with a seal on it, so that an edit is noticed. */
export function sealManifest(manifest: Manifest): string {
  return `${JSON.stringify({ manifest, seal: sealOf(manifest) }, null, 1)}\n`;
}

/** @throws BackupError when it is no manifest, of a format of the future, or not as it was written */
export function openManifest(text: string): Manifest {
  let content: { manifest?: Manifest; seal?: string };
  try {
    content = JSON.parse(text) as typeof content;
  } catch {
    throw new BackupError('its manifest is damaged: it is not JSON');
  }
  const { manifest, seal } = content;
  if (!manifest || !seal) throw new BackupError('its manifest is not one of XFChat');
  if (manifest.format !== FORMAT)
    throw new BackupError(`its format ${String(manifest.format)} is not known to this version of XFChat`);
  if (seal !== sealOf(manifest)) throw new BackupError('its manifest was edited after it was written');
  return manifest;
}

function sealOf(manifest: Manifest): string {
  return createHash('sha256').update(JSON.stringify(manifest)).digest('hex');
}
