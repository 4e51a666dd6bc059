const FINAL_TEXT = 0x81;

/** A WebSocket frame (RFC 6455) with a whole text, unmasked as servers send it. */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const offset = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(offset + length);
  frame[0] = FINAL_TEXT;
  if (offset === 2) frame[1] = length;
  else if (offset === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.write(text, offset);
  return frame;
}

/**
 * Frames to write one after the other. A bundle is immutable: adding a frame gives a new one. Sockets with the same
 * events in the same order share a bundle, so its bytes are encoded once for all of them.
 */
export class Bundle {
  readonly length: number;
  private next: Bundle | undefined;
  private joined: Buffer | undefined;

  constructor(
    private readonly previous?: Bundle,
    private readonly frame: Buffer = Buffer.alloc(0),
  ) {
    this.length = (previous?.length ?? 0) + frame.length;
  }

  /** All sockets of a room add the same frame one after the other, so caching the last result is enough. */
  with(frame: Buffer): Bundle {
    if (this.next?.frame !== frame) this.next = new Bundle(this, frame);
    return this.next;
  }

  get bytes(): Buffer {
    if (!this.joined) {
      const frames = [this.frame];
      for (let { previous } = this; previous; previous = previous.previous) frames.push(previous.frame);
      // A single frame after the empty first bundle needs no copy.
      this.joined = frames.length === 2 ? this.frame : Buffer.concat(frames.reverse(), this.length);
    }
    return this.joined;
  }
}
