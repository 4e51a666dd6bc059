import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { AttachmentFile } from '../../features/attachments/attachments.queries';
import { sealOfFile } from '../../platform/durable-files';
import type { AttachmentArchive } from './attachment-archive';
import { BackupError } from './backup-error';
import type { Backup } from './backup-folder';
import type { AttachmentSummary } from './manifest';

/** One file a line, by id: small enough to be read and written in pieces, however many there are. */
const lineOf = ({ id, size, sha256 }: AttachmentFile): string => `${sha256} ${size} ${id}\n`;
const LINE = /^([0-9a-f]{64}) (\d+) ([0-9a-f-]{36})$/;

/** Counts what it passes on, as the lines of a list. */
export class ListWriter {
  private readonly hash = createHash('sha256');
  private count = 0;
  private bytes = 0;

  async *lines(files: AsyncIterable<AttachmentFile>): AsyncGenerator<string> {
    for await (const file of files) {
      const line = lineOf(file);
      this.hash.update(line);
      this.count++;
      this.bytes += file.size;
      yield line;
    }
  }

  summary(): AttachmentSummary {
    return { count: this.count, bytes: this.bytes, listSha256: this.hash.digest('hex') };
  }
}

export async function summarise(files: AsyncIterable<AttachmentFile>): Promise<AttachmentSummary> {
  const writer = new ListWriter();
  for await (const _ of writer.lines(files));
  return writer.summary();
}

/** @throws BackupError when a line is none */
export async function* readList(path: string): AsyncGenerator<AttachmentFile> {
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    const [, sha256, size, id] = LINE.exec(line) ?? [];
    if (id === undefined) throw new BackupError(`${path} is damaged: it has a line that no list has.`);
    yield { id, size: Number(size), sha256: sha256! };
  }
}

/** @throws BackupError when the list that the backup names is missing, or not as it was written */
export async function requireList(archive: AttachmentArchive, { manifest }: Backup): Promise<void> {
  const { id, attachments } = manifest;
  if (!attachments || attachments.count === 0) return;
  const path = archive.pathOfList(id);
  const seal = await sealOfFile(path, () => undefined).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new BackupError(
      `${path} is missing, the list of the ${attachments.count} files of attachments of ${id}. Copy the folder "attachments" that was beside the backup.`,
    );
  });
  if (seal.sha256 !== attachments.listSha256)
    throw new BackupError(`${path} is not as it was written, so it is not known which files ${id} has.`);
}
