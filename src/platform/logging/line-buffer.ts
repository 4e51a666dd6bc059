import { destination } from 'pino';

const STANDARD_OUTPUT = 1;
const MAX_LENGTH = 64 * 1024;

/**
 * Standard output, in one write for all lines of one turn of the event loop. Waiting lines are written when the process exits;
 * only a kill in the middle of a turn loses lines.
 */
export class LineBuffer {
  private lines = '';

  constructor(
    private readonly output: { write(text: string): unknown } = destination({
      dest: STANDARD_OUTPUT,
      sync: true,
    }),
  ) {}

  write(line: string): void {
    if (this.lines === '') {
      setImmediate(this.flush);
      process.once('exit', this.flush);
    }
    this.lines += line;
    if (this.lines.length > MAX_LENGTH) this.flush();
  }

  readonly flush = (): void => {
    const { lines } = this;
    if (lines === '') return;
    this.lines = '';
    process.off('exit', this.flush);
    this.output.write(lines);
  };
}
