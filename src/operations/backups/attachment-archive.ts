import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import type { AttachmentFile } from '../../features/attachments/attachments.queries';
import { UUID_PATTERN } from '../../platform/documents/schema';
import {
  expecting,
  makeFolderDurably,
  moveDurably,
  sealOf,
  writeDurably,
  type FileSeal,
} from '../../platform/durable-files';
import { ifUnreadable, UnreadableFileError } from '../../platform/unreadable-file';
import { randomUUID } from 'node:crypto';

const FOLDER = 'attachments';
const LISTS = 'lists';
const SHARD = /^[0-9a-f]{2}$/;
const DRAFT = '.draft-';
const ID = new RegExp(UUID_PATTERN);

/** Why a file cannot be restored from the archive. */
export interface ArchiveFault {
  readonly kind: 'missing' | 'damaged' | 'unreadable';
  /** The end of a sentence about the file. */
  readonly reason: string;
}

const DAMAGED: ArchiveFault = { kind: 'damaged', reason: 'is not what was uploaded' };

/**
 * The files of attachments that the backups of one installation name: `BACKUP_DIR/attachments/<installation>`. A file never
 * changes, so all backups share it. Each backup has a list of its files in `lists`, under its own id.
 * @see docs/adr/0042-files-in-backups.md
 */
export class AttachmentArchive {
  readonly folder: string;
  private readonly lists: string;
  /** Folders that are there: at most one for each pair of digits, and that of the lists. */
  private readonly made = new Set<string>();

  /** @param backupFolder `BACKUP_DIR`, or the folder that the backup lies in */
  constructor(backupFolder: string, installationId: string) {
    this.folder = join(backupFolder, FOLDER, installationId);
    this.lists = join(this.folder, LISTS);
  }

  readonly pathOf = (id: string): string => join(this.folder, id.slice(-2), id);
  readonly pathOfList = (backupId: string): string => join(this.lists, backupId);

  /** By its size alone. */
  async has({ id, size }: AttachmentFile): Promise<boolean> {
    return (await ifUnreadable(sizeOf(this.pathOf(id)), () => undefined)) === size;
  }

  /** Reads all of it. */
  async faultOf(file: AttachmentFile, progress: (bytes: number) => void): Promise<ArchiveFault | undefined> {
    const look = async (): Promise<ArchiveFault | undefined> => {
      const size = await sizeOf(this.pathOf(file.id));
      if (size === undefined) return { kind: 'missing', reason: 'is not there' };
      if (size !== file.size) return DAMAGED;
      const { sha256 } = await sealOf(await this.read(file.id), progress);
      return sha256 === file.sha256 ? undefined : DAMAGED;
    };
    return ifUnreadable(look(), (reason): ArchiveFault => ({ kind: 'unreadable', reason }));
  }

  /** @throws UnreadableFileError */
  async read(id: string): Promise<Readable> {
    const file = await open(this.pathOf(id), 'r').catch((error: NodeJS.ErrnoException) => {
      throw new UnreadableFileError(this.pathOf(id), error);
    });
    return file.createReadStream();
  }

  /**
   * It is on the disk, whole and with its digest verified, when this resolves.
   * @throws OtherContentError when the source is not what was uploaded; nothing has changed then
   */
  async add(file: AttachmentFile, source: Readable): Promise<void> {
    const path = this.pathOf(file.id);
    const draft = `${path}${DRAFT}${randomUUID()}`;
    await this.makeFolder(dirname(path));
    await writeDurably(draft, source, expecting(file));
    await moveDurably(draft, path);
  }

  async writeList(backupId: string, lines: AsyncIterable<string>): Promise<FileSeal> {
    await this.makeFolder(this.lists);
    return writeDurably(this.pathOfList(backupId), Readable.from(lines));
  }

  async listedBackups(): Promise<string[]> {
    return namesIn(this.lists);
  }

  async removeList(backupId: string): Promise<void> {
    await rm(this.pathOfList(backupId), { force: true });
  }

  /** Names of the folders that have files: the last two digits of their ids. */
  async shards(): Promise<string[]> {
    return (await namesIn(this.folder)).filter((name) => SHARD.test(name));
  }

  /** Names of the files of attachments in a shard: ids, and names of what a copy that was killed has left. */
  async namesIn(shard: string): Promise<string[]> {
    const names = await namesIn(join(this.folder, shard));
    return names.filter((name) => ID.test(name.split(DRAFT)[0]!));
  }

  async remove(shard: string, name: string): Promise<void> {
    await rm(join(this.folder, shard, name), { force: true });
  }

  /** Makes each folder only once, because no command removes a folder of the archive. */
  private async makeFolder(path: string): Promise<void> {
    if (this.made.has(path)) return;
    await mkdir(dirname(this.folder), { recursive: true, mode: 0o700 });
    await makeFolderDurably(this.folder);
    await makeFolderDurably(path);
    this.made.add(path);
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return found?.isFile() ? found.size : undefined;
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}
