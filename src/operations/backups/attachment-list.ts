import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { AttachmentFile } from '../../features/attachments/attachments.queries';
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

/** Longer ones are no lines of a list, and are not kept in memory. */
const LONGEST_LINE = 200;

/** @throws BackupError when a line is none */
export async function* readList(
  path: string,
  pass: (chunk: string) => void = () => undefined,
): AsyncGenerator<AttachmentFile> {
  let rest = '';
  for await (const chunk of createReadStream(path, 'utf8') as AsyncIterable<string>) {
    pass(chunk);
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()!;
    for (const line of lines) yield fileOf(line, path);
    if (rest.length > LONGEST_LINE) fileOf(rest, path);
  }
  if (rest !== '') yield fileOf(rest, path);
}

function fileOf(line: string, path: string): AttachmentFile {
  const [, sha256, size, id] = LINE.exec(line) ?? [];
  if (id === undefined) throw new BackupError(`${path} is damaged: it has a line that no list has.`);
  return { id, size: Number(size), sha256: sha256! };
}

/**
 * Reads the list of a backup and digests it in the same pass, so whoever acts on the files does so after the end.
 * @throws BackupError when the list that the backup names is missing, or at the end, when it is not as it was written
 */
export async function* readSealedList(
  archive: AttachmentArchive,
  { manifest }: Backup,
): AsyncGenerator<AttachmentFile> {
  const { id, attachments } = manifest;
  if (!attachments || attachments.count === 0) return;
  const path = archive.pathOfList(id);
  const hash = createHash('sha256');
  try {
    yield* readList(path, (chunk) => void hash.update(chunk));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new BackupError(
      `${path} is missing, the list of the ${attachments.count} files of attachments of ${id}. Copy the folder "attachments" that was beside the backup.`,
    );
  }
  if (hash.digest('hex') !== attachments.listSha256)
    throw new BackupError(`${path} is not as it was written, so it is not known which files ${id} has.`);
}

/** Reads the whole list, before anything is done with its files. @throws BackupError as `readSealedList` does */
export async function requireList(archive: AttachmentArchive, backup: Backup): Promise<void> {
  for await (const _ of readSealedList(archive, backup));
}
