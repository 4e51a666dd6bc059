import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** The size of a file in bytes, and its SHA-256 in hexadecimal. */
export interface FileSeal {
  readonly size: number;
  readonly sha256: string;
}

/** The content does not match the seal. */
export class OtherContentError extends Error {
  override readonly name = 'OtherContentError';
}

/** Passes all bytes through, and fails at the end if they do not match the seal. */
export function expecting(seal: FileSeal): Transform {
  const meter = new Meter();
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      meter.add(chunk);
      done(null, chunk);
    },
    flush: (done) => {
      const { size, sha256 } = meter.seal();
      const isSame = size === seal.size && sha256 === seal.sha256;
      done(isSame ? null : new OtherContentError(`${size} bytes with SHA-256 ${sha256} are not as expected`));
    },
  });
}

/** Writes the stream to a new file that only its owner may read. Resolves once it is synced to the disk. */
export async function writeDurably(
  path: string,
  ...streams: [Readable, ...NodeJS.ReadWriteStream[]]
): Promise<FileSeal> {
  const meter = new Meter();
  try {
    await pipeline([
      ...streams,
      meter.through,
      createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true }),
    ]);
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
  return meter.seal();
}

/**
 * Replaces a small file atomically, also when several processes do so at once. In containers, all may have the same
 * pid.
 */
export async function replaceDurably(path: string, text: string): Promise<void> {
  const draft = `${path}.draft-${randomUUID()}`;
  await writeFile(draft, text, { mode: 0o600, flush: true });
  await moveDurably(draft, path);
}

/** A rename that survives a power failure. */
export async function moveDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncFolder(dirname(to));
}

/**
 * Makes a folder that only its owner may enter, and that survives a power failure. The parent folder must exist.
 */
export async function makeFolderDurably(path: string): Promise<void> {
  if (await mkdir(path, { recursive: true, mode: 0o700 })) await syncFolder(dirname(path));
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

export async function sealOfFile(path: string, progress: (bytes: number) => void): Promise<FileSeal> {
  return sealOf(createReadStream(path), progress);
}

export async function sealOf(source: Readable, progress: (bytes: number) => void): Promise<FileSeal> {
  const meter = new Meter();
  for await (const chunk of source as AsyncIterable<Buffer>) progress(meter.add(chunk));
  return meter.seal();
}

/** Counts and digests the bytes that pass. */
class Meter {
  private readonly hash = createHash('sha256');
  private size = 0;

  readonly through = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      this.add(chunk);
      done(null, chunk);
    },
  });

  /** @returns the bytes so far */
  add(chunk: Buffer): number {
    this.hash.update(chunk);
    return (this.size += chunk.length);
  }

  seal(): FileSeal {
    return { size: this.size, sha256: this.hash.digest('hex') };
  }
}
