/** Failures of the process or the machine, after which no other file could be read either. */
const NOT_OF_ONE_FILE = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN']);
/** The failed call looked at a file or read it. A failed `write` or `open` may be of the file that is being written. */
const READING = new Set(['read', 'stat']);

/**
 * A file could not be opened. It has no `code`, since errors of sockets and of other files have the same codes, and
 * handlers go by them.
 */
export class UnreadableFileError extends Error {
  override readonly name = 'UnreadableFileError';
  /** The cause in words, from `unreadableReason`. */
  readonly reason: string | undefined;

  constructor(what: string, { code }: NodeJS.ErrnoException) {
    super(`${what} cannot be read (${code})`);
    this.reason = reasonOf(code);
  }
}

/**
 * Why this one file cannot be read, as the end of a sentence. Undefined when the error says nothing about one file, so that
 * going on with the next one makes no sense.
 */
export function unreadableReason(error: unknown): string | undefined {
  if (error instanceof UnreadableFileError) return error.reason;
  const { code, syscall } = error as NodeJS.ErrnoException;
  return READING.has(syscall ?? '') ? reasonOf(code) : undefined;
}

/** The result of `work`, or of `instead` when one file cannot be read. */
export async function ifUnreadable<T, U>(work: Promise<T>, instead: (reason: string) => U): Promise<T | U> {
  return work.catch((error: unknown) => {
    const reason = unreadableReason(error);
    if (reason === undefined) throw error;
    return instead(reason);
  });
}

function reasonOf(code: string | undefined): string | undefined {
  if (code === undefined || NOT_OF_ONE_FILE.has(code)) return undefined;
  return code === 'ENOENT' ? 'is not there' : `cannot be read (${code})`;
}
