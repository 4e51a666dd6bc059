import { chownSync, lstatSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { FileOwner } from './file-owner';

// sun_path holds 108 bytes on Linux and 104 on macOS, the closing zero included.
const longestSocketPath = process.platform === 'linux' ? 107 : 103;
const longestFolder = longestSocketPath - '/.s.PGSQL.5432'.length;

/** `<directory>/socket`, or a folder for temporary files when that path is too long for a socket. */
export function socketFolderFor(directory: string, fingerprint: string): string {
  const candidates = [
    join(directory, 'socket'),
    join(tmpdir(), `xfchat-${fingerprint}`),
    join('/tmp', `xfchat-${fingerprint}`),
  ];
  const short = candidates.find((folder) => Buffer.byteLength(folder) <= longestFolder);
  return short ?? join('/tmp', `xfchat-${fingerprint}`);
}

/**
 * Makes the folder, or takes it when nobody but its owner can have put anything into it. Every user who can enter this folder
 * is superuser of the database, because connections over the socket need no password.
 * @returns the folder to use: the given one, or a fresh one beside it when somebody else occupies the name
 */
export function prepareSocketFolder(folder: string, owner: FileOwner): string {
  mkdirSync(dirname(folder), { recursive: true });
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch {
    if (!isPrivate(folder, owner)) return handOver(mkdtempSync(`${folder}-`), owner);
  }
  return handOver(folder, owner);
}

/** Removes a folder of ours outside the data directory, so that nothing stays behind in /tmp. */
export function removeTemporarySocketFolder(folder: string, directory: string): void {
  if (dirname(folder) === directory) return;
  if (basename(folder).startsWith('xfchat-')) rmSync(folder, { recursive: true, force: true });
}

function isPrivate(folder: string, owner: FileOwner): boolean {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (!found?.isDirectory()) return false; // a symbolic link would lead to a place of somebody else's choice
  return [owner.uid, process.getuid?.()].includes(found.uid) && (found.mode & 0o077) === 0;
}

function handOver(folder: string, owner: FileOwner): string {
  // Only a folder of root changes hands, and nobody else can have put a symbolic link in its place.
  if (lstatSync(folder).uid !== owner.uid) chownSync(folder, owner.uid, owner.gid);
  return folder;
}
