import { statfs } from 'node:fs/promises';

export interface Disk {
  /** The free space for this user. */
  readonly freeBytes: number;
  readonly sizeBytes: number;
}

/** The disk that the folder is on. Rejects when there is no such folder. */
export async function diskOf(folder: string): Promise<Disk> {
  const { bavail, blocks, bsize } = await statfs(folder);
  return { freeBytes: bavail * bsize, sizeBytes: blocks * bsize };
}
