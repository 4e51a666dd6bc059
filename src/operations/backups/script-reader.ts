import { BackupError } from './backup-error';

const NEWLINE = 0x0a;
/** COPY writes a backslash in a text as two, so no row is this one. */
const END_OF_ROWS = '\\.\n';

/** Reads a script with COPY blocks, as it comes: never more in memory than a chunk and a row. */
export class ScriptReader {
  private readonly source: AsyncIterator<Buffer>;
  /** Text that was read and not returned yet; starts at the start of a line. */
  private pending: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.source = source[Symbol.asyncIterator]();
  }

  /** The next line without its end; undefined at the end of the script. */
  async line(): Promise<string | undefined> {
    for (;;) {
      const end = this.pending.indexOf(NEWLINE);
      if (end >= 0) return this.take(end + 1).toString('utf8', 0, end);
      if (!(await this.more())) return this.pending.length > 0 ? truncated() : undefined;
    }
  }

  /** The rows that follow a COPY statement, several whole ones at a time. */
  async *rows(): AsyncGenerator<Buffer> {
    for (;;) {
      if (this.pending.subarray(0, END_OF_ROWS.length).equals(Buffer.from(END_OF_ROWS))) {
        this.take(END_OF_ROWS.length);
        return;
      }
      const end = this.pending.indexOf(`\n${END_OF_ROWS}`);
      const whole = end >= 0 ? end + 1 : this.pending.lastIndexOf(NEWLINE) + 1;
      if (whole > 0) yield this.take(whole);
      if (end < 0 && !(await this.more())) truncated();
    }
  }

  private take(length: number): Buffer {
    const taken = this.pending.subarray(0, length);
    this.pending = this.pending.subarray(length);
    return taken;
  }

  private async more(): Promise<boolean> {
    const { value, done } = (await this.source.next()) as IteratorResult<Buffer, undefined>;
    if (done) return false;
    this.pending = Buffer.concat([this.pending, value]);
    return true;
  }
}

function truncated(): never {
  throw new BackupError('The data of the backup ends in the middle.');
}
