import { chownSync, lstatSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { FileOwner } from './file-owner';

// sun_path has 108 bytes on Linux and 104 on macOS, including the terminating zero.
const longestSocketPath = process.platform === 'linux' ? 107 : 103;
const longestFolder = longestSocketPath - '/.s.PGSQL.5432'.length;

/** `<directory>/socket`, or a temporary folder if that path is too long for a socket. */
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
 * Creates the folder, or uses an existing one that only its owner can have written to. Every user who can enter this
 * folder is superuser of the database, because connections over the socket need no password.
 * @returns the folder to use: the given one, or a new one beside it if another user owns the name
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

/** Removes our folder outside the data directory, so that /tmp stays clean. */
export function removeTemporarySocketFolder(folder: string, directory: string): void {
  if (dirname(folder) === directory) return;
  if (basename(folder).startsWith('xfchat-')) rmSync(folder, { recursive: true, force: true });
}

function isPrivate(folder: string, owner: FileOwner): boolean {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (!found?.isDirectory()) return false; // another user could let a symbolic link point anywhere
  return [owner.uid, process.getuid?.()].includes(found.uid) && (found.mode & 0o077) === 0;
}

function handOver(folder: string, owner: FileOwner): string {
  // Only a folder of root changes its owner, and no other user can have replaced it by a symbolic link.
  if (lstatSync(folder).uid !== owner.uid) chownSync(folder, owner.uid, owner.gid);
  return folder;
}
