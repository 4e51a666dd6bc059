import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { foreign } from '../../platform/logging/foreign-text';
import { BackupError } from './backup-error';
import { moveDurably, replaceDurably, sealOfFile } from '../../platform/durable-files';
import { openManifest, sealManifest, type Manifest } from './manifest';

/** That a restore of the backup was tried, and held what the manifest promises. */
export interface Proof {
  readonly verifiedAt: string;
  readonly durationMs: number;
  readonly appVersion: string;
}

/** `<base>.backup` holds the data, `<base>.json` the manifest, `<base>.proof.json` when it was last proven. */
export interface Backup {
  readonly base: string;
  readonly path: string;
  readonly manifest: Manifest;
  readonly proof: Proof | undefined;
}

/** A backup that a look at its files already shows to be of no use. */
export interface BrokenBackup {
  readonly base: string;
  readonly path: string;
  readonly fault: string;
}

const ID = /^(xfchat-\d{8}T\d{9}Z-[0-9a-f]{6})\.json$/;
const UNFINISHED = 'unfinished-';
/** Nobody writes for so long without a byte: what is older was left by a process that was killed. */
const UNFINISHED_KEPT_MS = 24 * 3_600_000;

export const newBackupId = (begunAt: string): string =>
  `xfchat-${begunAt.replace(/[-:.]/g, '')}-${randomBytes(3).toString('hex')}`;

/** The `begunAt` that the id was made of, in milliseconds since 1970. */
export const timeOfBackup = (id: string): number =>
  Date.parse(
    id.replace(/^xfchat-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z.*$/, '$1-$2-$3T$4:$5:$6.$7Z'),
  );

export async function prepareFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch(({ code }: NodeJS.ErrnoException) => {
    throw new BackupError(
      `The folder ${folder} cannot be used for backups (${code}): choose another BACKUP_DIR.`,
    );
  });
  for (const name of await readdir(folder)) {
    if (!name.startsWith(UNFINISHED)) continue;
    const found = await stat(join(folder, name)).catch(() => undefined);
    if (found && Date.now() - found.mtimeMs > UNFINISHED_KEPT_MS)
      await rm(join(folder, name), { force: true });
  }
}

/** Where the data goes while it is not known to be whole. */
export const unfinishedPath = (folder: string, id: string): string => join(folder, `${UNFINISHED}${id}`);

/** From here on it is a backup: the manifest comes last, and nothing is listed without one. */
export async function publish(folder: string, manifest: Manifest): Promise<Backup> {
  const base = resolve(folder, manifest.id);
  await moveDurably(unfinishedPath(folder, manifest.id), `${base}.backup`);
  await replaceDurably(`${base}.json`, sealManifest(manifest));
  return { base, path: `${base}.backup`, manifest, proof: undefined };
}

/** Newest first; by their names alone. */
export async function backupIdsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const ids = names.flatMap((name) => ID.exec(name)?.[1] ?? []);
  return ids.sort().reverse();
}

/** Newest first. */
export async function listBackups(folder: string): Promise<(Backup | BrokenBackup)[]> {
  const found = await backupIdsIn(folder);
  return Promise.all(found.map((id) => openBackup(resolve(folder, id)).catch(asBroken(resolve(folder, id)))));
}

export const isWhole = (backup: Backup | BrokenBackup): backup is Backup => 'manifest' in backup;

const asBroken =
  (base: string) =>
  (error: unknown): BrokenBackup => {
    if (!(error instanceof BackupError)) throw error;
    return { base, path: `${base}.backup`, fault: error.message };
  };

/**
 * @param reference an id, or a path of one of its files
 * @throws BackupError when there is none, or a look at its files already shows that it is of no use
 */
export async function openNamedBackup(folder: string, reference: string): Promise<Backup> {
  const isPath = /[/\\]|\.(backup|json)$/.test(reference);
  const base = isPath ? resolve(reference) : resolve(folder, reference);
  return openBackup(base.replace(/(\.proof)?\.(backup|json)$/, ''));
}

async function openBackup(base: string): Promise<Backup> {
  const refuse = (reason: string): BackupError =>
    new BackupError(`${foreign(`${base}.backup`)} is refused: ${reason}.`);
  const text = await readFile(`${base}.json`, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw refuse(`there is no manifest (${foreign(`${base}.json`)}) beside it, so it is no backup of XFChat`);
  });
  const found = await stat(`${base}.backup`).catch(() => undefined);
  if (!found?.isFile()) throw refuse('the file is missing');
  try {
    const manifest = openManifest(text);
    if (found.size !== manifest.size)
      throw new BackupError(`it has ${found.size} bytes instead of ${manifest.size}`);
    return { base, path: `${base}.backup`, manifest, proof: await readProof(base) };
  } catch (error) {
    throw error instanceof BackupError ? refuse(error.message) : error;
  }
}

export async function readProof(base: string): Promise<Proof | undefined> {
  const text = await readFile(`${base}.proof.json`, 'utf8').catch(() => undefined);
  try {
    return text === undefined ? undefined : (JSON.parse(text) as Proof);
  } catch {
    return undefined;
  }
}

/** @throws BackupError when not every byte is as it was written */
export async function requireIntact(backup: Backup, progress: (bytes: number) => void): Promise<void> {
  const { size, sha256 } = await sealOfFile(backup.path, progress);
  if (size === backup.manifest.size && sha256 === backup.manifest.sha256) return;
  throw new BackupError(`${backup.path} is refused: its data is not what was written (SHA-256 ${sha256}).`);
}

export async function writeProof(backup: Backup, proof: Proof): Promise<void> {
  await replaceDurably(`${backup.base}.proof.json`, `${JSON.stringify(proof)}\n`);
}

/** The manifest goes first, so that a removal that is interrupted leaves nothing that is taken for a backup. */
export async function removeBackup({ base }: { base: string }): Promise<void> {
  for (const ending of ['json', 'proof.json', 'backup']) await rm(`${base}.${ending}`, { force: true });
}
