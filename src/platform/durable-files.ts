import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Of a file: bytes, and SHA-256 in hexadecimal. */
export interface FileSeal {
  readonly size: number;
  readonly sha256: string;
}

/** The content that was read does not fit the seal. */
export class OtherContentError extends Error {
  override readonly name = 'OtherContentError';
}

/** Lets everything through, and fails at the end unless it is what the seal says. */
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

/** Writes the stream to a new file that only its owner may read, and to the disk before this resolves. */
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

/** Puts a small file in its place whole or not at all, also when several do so at once; in containers all have one pid. */
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

/** A folder that only its owner may enter, there after a power failure as well. The one above it has to be there. */
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
  const meter = new Meter();
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) progress(meter.add(chunk));
  return meter.seal();
}

/** Counts and digests what goes through. */
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
