import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { LineBuffer } from '../logging/line-buffer';

/**
 * Passes the log lines of the workers on to the standard output of the primary, only whole lines. The incomplete
 * last line of a killed worker is dropped.
 */
export class WorkerLogs {
  constructor(private readonly output: { write(lines: string): unknown } = new LineBuffer()) {}

  pass(from: Readable): void {
    const decoder = new StringDecoder('utf8');
    let begun = '';
    from.on('data', (data: Buffer) => {
      const text = begun + decoder.write(data);
      const end = text.lastIndexOf('\n') + 1;
      begun = text.slice(end);
      if (end > 0) this.output.write(text.slice(0, end));
    });
  }
}
