import type { Readable } from 'node:stream';
import type { FileSeal } from '../../platform/durable-files';

/** A range of a file: its first and last byte, both inclusive. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** A file in the store, whole or left by an upload that broke off. */
export interface StoredItem {
  readonly id: string;
  readonly isWhole: boolean;
  /** The beginning of 1970 when the file cannot be looked at. */
  readonly modifiedAt: Date;
}

/** Stores the bytes of attachments by id. All servers of one database share the store. */
export abstract class AttachmentStore {
  /**
   * Resolves once the whole file would survive a power failure. When it rejects, nothing can be read under the id.
   * @throws Problem `storage-full`, or the error of a stream
   */
  abstract write(id: string, ...streams: [Readable, ...NodeJS.ReadWriteStream[]]): Promise<FileSeal>;

  /** @throws UnreadableFileError when the file does not exist, or cannot be opened */
  abstract read(id: string, range?: ByteRange): Promise<Readable>;

  /** Bytes of the file; undefined when there is none. */
  abstract sizeOf(id: string): Promise<number | undefined>;

  /** All files, in no order. None when the place is not there. */
  abstract list(): AsyncIterable<StoredItem>;

  /** Where the files are, for operators. */
  abstract readonly place: string;

  /** Removes the file of the id, and the rest of an interrupted upload. */
  abstract remove(id: string): Promise<void>;

  /** Rejects a file that would not fit before any of it is received. @throws Problem `storage-full` */
  abstract requireSpace(bytes: number): Promise<void>;
}
