import { Transform } from 'node:stream';
import { PAYLOAD_TOO_LARGE } from '../../platform/problems/general-problems';
import { Problem } from '../../platform/problems/problem';
import { HEAD_BYTES } from './content-type';

/** Passes a file through and keeps its first bytes. Fails with `payload-too-large` beyond `maxBytes`. */
export class UploadMeter extends Transform {
  private readonly heads: Buffer[] = [];
  private size = 0;

  constructor(maxBytes: number) {
    super({
      transform: (chunk: Buffer, _encoding, done) => {
        if (this.size < HEAD_BYTES) this.heads.push(chunk.subarray(0, HEAD_BYTES - this.size));
        this.size += chunk.length;
        if (this.size > maxBytes) done(tooLarge(maxBytes));
        else done(null, chunk);
      },
    });
  }

  get head(): Buffer {
    return Buffer.concat(this.heads);
  }
}

export const tooLarge = (maxBytes: number): Problem =>
  new Problem(PAYLOAD_TOO_LARGE, { detail: `A file has at most ${maxBytes} bytes.` });
