import { open, opendir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { Configuration } from '../../platform/configuration/configuration';
import { diskOf } from '../../platform/disk';
import { UUID_PATTERN } from '../../platform/documents/schema';
import { makeFolderDurably, moveDurably, writeDurably, type FileSeal } from '../../platform/durable-files';
import { STORAGE_FULL } from '../../platform/problems/general-problems';
import { Problem } from '../../platform/problems/problem';
import { ifUnreadable, UnreadableFileError } from '../../platform/unreadable-file';
import { AttachmentStore, type ByteRange, type StoredItem } from './attachment-store';

const UPLOADS = 'uploads';
const ID = new RegExp(UUID_PATTERN);
const FULL = new Set(['ENOSPC', 'EDQUOT']);

/**
 * Stores attachments in a folder. It writes a file to `uploads`, and moves it to its place once it is whole and on the
 * disk. The last two digits of an id are random, so the files spread over 256 folders.
 */
@Injectable()
export class LocalAttachmentStore extends AttachmentStore {
  readonly place: string;
  private readonly folder: string;
  private readonly keepFreeBytes: number;

  constructor(configuration: Configuration) {
    super();
    this.folder = configuration.attachmentsFolder;
    this.place = `${this.folder} (ATTACHMENTS_DIR)`;
    this.keepFreeBytes = configuration.ATTACHMENTS_KEEP_FREE_BYTES;
  }

  async write(id: string, ...streams: [Readable, ...NodeJS.ReadWriteStream[]]): Promise<FileSeal> {
    const draft = this.draftOf(id);
    try {
      await makeFolderDurably(join(this.folder, UPLOADS));
      await makeFolderDurably(this.folderOf(id));
      // A restore that was killed may have left one.
      await rm(draft, { force: true });
      const seal = await writeDurably(draft, ...streams);
      await moveDurably(draft, this.pathOf(id));
      return seal;
    } catch (error) {
      throw asProblem(error);
    }
  }

  async read(id: string, range?: ByteRange): Promise<Readable> {
    const file = await open(this.pathOf(id), 'r').catch((error: NodeJS.ErrnoException) => {
      throw new UnreadableFileError(`the file of attachment ${id}`, error);
    });
    return file.createReadStream({ ...range });
  }

  async sizeOf(id: string): Promise<number | undefined> {
    const found = await unlessMissing(stat(this.pathOf(id)));
    return found?.isFile() ? found.size : undefined;
  }

  async *list(): AsyncGenerator<StoredItem> {
    for await (const folder of entriesOf(this.folder))
      for await (const id of entriesOf(join(this.folder, folder))) {
        if (!ID.test(id) || (folder !== UPLOADS && folder !== id.slice(-2))) continue;
        const isWhole = folder !== UPLOADS;
        const found = await ifUnreadable(
          unlessMissing(stat(join(this.folder, folder, id))),
          () => 'unreadable' as const,
        );
        if (found === 'unreadable') yield { id, isWhole, modifiedAt: new Date(0) };
        else if (found?.isFile()) yield { id, isWhole, modifiedAt: found.mtime };
      }
  }

  async remove(id: string): Promise<void> {
    await rm(this.draftOf(id), { force: true });
    await rm(this.pathOf(id), { force: true });
  }

  async requireSpace(bytes: number): Promise<void> {
    try {
      await makeFolderDurably(this.folder);
      const { freeBytes } = await diskOf(this.folder);
      if (freeBytes - bytes < this.keepFreeBytes) throw new Problem(STORAGE_FULL);
    } catch (error) {
      throw asProblem(error);
    }
  }

  private readonly draftOf = (id: string): string => join(this.folder, UPLOADS, id);
  private readonly folderOf = (id: string): string => join(this.folder, id.slice(-2));
  private readonly pathOf = (id: string): string => join(this.folderOf(id), id);
}

async function* entriesOf(path: string): AsyncGenerator<string> {
  const folder = await opendir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (folder) for await (const { name } of folder) yield name;
}

async function unlessMissing<T>(found: Promise<T>): Promise<T | undefined> {
  return found.catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

function asProblem(error: unknown): unknown {
  const isFull = FULL.has((error as NodeJS.ErrnoException).code ?? '');
  return isFull ? new Problem(STORAGE_FULL, {}, { cause: error }) : error;
}
