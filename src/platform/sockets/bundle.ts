const FINAL_TEXT = 0x81;

/** A WebSocket frame (RFC 6455) that holds a whole text, as servers send it: unmasked. */
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
 * Frames that are to be written one after the other. A bundle never changes: adding a frame gives the next one. Sockets with
 * the same events in the same order share a bundle, so that its bytes are encoded once for all of them.
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

  /** The members of a room ask for the same frame one after the other: remembering the last answer is enough. */
  with(frame: Buffer): Bundle {
    if (this.next?.frame !== frame) this.next = new Bundle(this, frame);
    return this.next;
  }

  get bytes(): Buffer {
    if (!this.joined) {
      const frames = [this.frame];
      for (let { previous } = this; previous; previous = previous.previous) frames.push(previous.frame);
      // Behind the empty first one there may be a single frame, which needs no copy.
      this.joined = frames.length === 2 ? this.frame : Buffer.concat(frames.reverse(), this.length);
    }
    return this.joined;
  }
}
