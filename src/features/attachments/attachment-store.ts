import type { Readable } from 'node:stream';
import type { FileSeal } from '../../platform/durable-files';

/** A part of a file: the first and the last byte, both included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Keeps the bytes of attachments, by their ids. All servers of one database share it. */
export abstract class AttachmentStore {
  /**
   * Resolves once the whole file would survive a power failure. Otherwise nothing can be read under the id.
   * @throws Problem `storage-full`, or what the streams fail with
   */
  abstract write(id: string, ...streams: [Readable, ...NodeJS.ReadWriteStream[]]): Promise<FileSeal>;

  /** @throws Error when there is no such file */
  abstract read(id: string, range?: ByteRange): Promise<Readable>;

  /** Removes whatever there is under the id, also what an upload has left that broke off. */
  abstract remove(id: string): Promise<void>;

  /** Refuses before the work what would not fit. @throws Problem `storage-full` */
  abstract requireSpace(bytes: number): Promise<void>;
}
