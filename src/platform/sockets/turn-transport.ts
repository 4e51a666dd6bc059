import { transports } from 'engine.io';
import { Bundle, textFrame } from './bundle';

/** A larger bundle is written at once, so that the unwritten bytes stay few. */
const MAX_BUNDLE_BYTES = 64 * 1024;
/** WebSocket close code 1013, "try again later" (IANA registry). */
const TRY_AGAIN_LATER = 1013;
const TOO_SLOW = 'too slow: reconnect and fetch the missing messages';

type Packets = Parameters<InstanceType<typeof transports.websocket>['send']>[0];
type Request = ConstructorParameters<typeof transports.websocket>[0];

/** Private parts of engine.io and ws that this file uses; `tested-versions.ts` has their versions. */
interface Internals {
  readonly parser: {
    encodePacket(packet: Packets[number], binary: boolean, done: (encoded: string) => void): void;
  };
  readonly socket: {
    readonly readyState: number;
    readonly OPEN: number;
    readonly bufferedAmount: number;
    readonly _sender: { sendFrame(parts: Buffer[]): void };
    close(code: number, reason: string): void;
  };
  onClose(): void;
}

/** The current turn of the event loop, with the transports that write at its end. */
export class Turn {
  /** The empty bundle from which all bundles of this turn grow. */
  start = new Bundle();
  private transports: TurnTransport[] = [];

  add(transport: TurnTransport): void {
    if (this.transports.push(transport) === 1) setImmediate(() => this.end());
  }

  private end(): void {
    const ending = this.transports;
    this.transports = [];
    this.start = new Bundle();
    for (const transport of ending) transport.flush();
  }
}

/**
 * The WebSocket transport of engine.io, except that all frames of one turn leave in one write.
 *
 * Everything that engine.io sends passes through `send`, and is written after the frames that `add` got before. So
 * the frames have the order of emission. A transport is always writable; a client that does not read is closed.
 */
export class TurnTransport extends transports.websocket {
  /** When false, engine.io writes everything itself, after the frames that were added before. */
  isBundling = true;
  private bundle: Bundle | undefined;

  constructor(
    request: Request,
    private readonly turn: Turn,
    private readonly maxBufferedBytes: number,
    private readonly onTooSlow: (bufferedBytes: number) => void,
  ) {
    super(request);
  }

  /** Adds a frame after all earlier ones; it is written at the end of the turn. */
  add(frame: Buffer): void {
    if (!this.bundle) this.turn.add(this);
    this.bundle = (this.bundle ?? this.turn.start).with(frame);
    if (this.bundle.length > MAX_BUNDLE_BYTES) this.flush();
  }

  override send(packets: Packets): void {
    if (this.isBundling && packets.every(({ data }) => data === undefined || typeof data === 'string')) {
      const { parser } = this.internals;
      for (const packet of packets)
        parser.encodePacket(packet, true, (encoded) => this.add(textFrame(encoded)));
      // engine.io counts its sends and awaits this for each.
      this.emit('drain');
    } else {
      // engine.io writes binary packets itself, after all earlier frames.
      this.flush();
      super.send(packets);
    }
  }

  override doClose(done?: () => void): void {
    this.flush();
    super.doClose(done);
  }

  /** Writes the frames that were added so far. */
  flush(): void {
    const { bundle } = this;
    this.bundle = undefined;
    const { socket } = this.internals;
    if (!bundle || socket.readyState !== socket.OPEN) return;
    const unread = socket.bufferedAmount;
    if (unread > this.maxBufferedBytes) this.giveUp(unread);
    else socket._sender.sendFrame([bundle.bytes]);
  }

  /**
   * Closes the connection of a client that does not read. The client later catches up from the history. ws drops
   * the connection if it is not closed within 30 s.
   */
  private giveUp(unread: number): void {
    this.internals.socket.close(TRY_AGAIN_LATER, TOO_SLOW);
    this.onTooSlow(unread);
    this.internals.onClose();
  }

  private get internals(): Internals {
    return this as unknown as Internals;
  }
}
