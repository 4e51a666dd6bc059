import type { Server } from 'socket.io';
import { installedVersions, untestedVersions } from './tested-versions';
import { Turn, TurnTransport } from './turn-transport';

/** The most unread bytes of one socket: more than a slow line carries between two heartbeats. */
const MAX_BUFFERED_BYTES = 4 * 1024 * 1024;
/** The same for a polling client: the packets that it has not fetched. */
const MAX_WAITING_PACKETS = 5_000;

interface Packet {
  id?: number;
}
interface PacketOptions {
  volatile?: boolean;
  compress?: boolean;
  wsPreEncodedFrame?: Buffer[];
}
/** The parts of a local socket, and of its engine.io connection, that this file uses. */
interface LocalSocket {
  readonly conn: Connection;
  notifyOutgoingListeners(packet: Packet): void;
}
interface Connection {
  readonly readyState: string;
  readonly transport: unknown;
  readonly writeBuffer: unknown[];
  close(discard?: boolean): void;
}

/** Every Socket.IO adapter inherits this from the one in memory: it emits an event to the sockets of this process. */
interface Adapter {
  readonly nsp: { readonly sockets: Map<string, LocalSocket> };
  _encode(packet: Packet, options: PacketOptions): unknown[];
  apply(target: object, deliver: (socket: LocalSocket) => void): void;
  del(id: string, room: string): unknown;
}
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- TypeScript requires `any[]` of a mixin's constructor (TS2545)
type AdapterClass = new (...parameters: any[]) => Adapter;

/** Called for each socket that is closed because its client does not read. */
type TooSlow = (waiting: { waitingBytes?: number; waitingPackets?: number }) => void;

/**
 * Works over any adapter. An event for rooms is encoded once, and each socket on a `TurnTransport` gets the frame
 * directly. Socket.IO sends it to all others (long polling, or a socket with unsent packets). It also sends events
 * that are binary, volatile, acknowledged or have a compression flag.
 *
 * Adapters that reach other processes can stand above it: they end in the same two methods, called one after the
 * other.
 */
export function turnBroadcast(Base: AdapterClass, onTooSlow: TooSlow): AdapterClass {
  return class extends Base {
    private framed: { packet: Packet; frame: Buffer } | undefined;

    override _encode(packet: Packet, options: PacketOptions): unknown[] {
      const encoded = super._encode(packet, options);
      const { wsPreEncodedFrame: parts, volatile, compress } = options;
      const isPlain = packet.id === undefined && volatile === undefined && compress === undefined;
      this.framed = parts && isPlain ? { packet, frame: Buffer.concat(parts) } : undefined;
      return encoded;
    }

    override apply(target: object, deliver: (socket: LocalSocket) => void): void {
      const { framed } = this;
      this.framed = undefined;
      if (!framed) return super.apply(target, deliver);
      const { packet, frame } = framed;
      super.apply(target, (socket) => {
        const { conn } = socket;
        const { transport, writeBuffer, readyState } = conn;
        const isBundling = transport instanceof TurnTransport && transport.isBundling;
        if (isBundling && writeBuffer.length === 0 && readyState === 'open') {
          socket.notifyOutgoingListeners(packet);
          transport.add(frame);
          return;
        }
        deliver(socket);
        const waitingPackets = conn.writeBuffer.length;
        if (waitingPackets <= MAX_WAITING_PACKETS) return;
        onTooSlow({ waitingPackets });
        conn.close(true);
      });
    }

    /** A socket that left a room receives nothing more from it, not even at the end of this turn. */
    override del(id: string, room: string): unknown {
      const transport = this.nsp.sockets.get(id)?.conn.transport;
      if (transport instanceof TurnTransport) transport.flush();
      return super.del(id, room);
    }
  };
}

/** The parts of engine.io that this file uses. */
interface Engine {
  readonly opts: { readonly perMessageDeflate: unknown };
  createTransport(name: string, request: ConstructorParameters<typeof TurnTransport>[0]): unknown;
}

/**
 * Makes a server write all frames of a socket in one turn of the event loop at once. Call it before the first
 * client connects.
 * @returns why nothing was changed: untested versions, or compression
 */
export function writeOncePerTurn(
  io: Server,
  onTooSlow: TooSlow,
  { versions = installedVersions(), maxBufferedBytes = MAX_BUFFERED_BYTES } = {},
): string | undefined {
  const untested = untestedVersions(versions);
  if (untested.length > 0) return `not tested with ${untested.join(', ')}`;
  const engine = io.engine as unknown as Engine;
  if (engine.opts.perMessageDeflate) return 'frames are compressed';
  const turn = new Turn();
  const createTransport = engine.createTransport.bind(engine);
  engine.createTransport = (name, request) =>
    name === 'websocket'
      ? new TurnTransport(request, turn, maxBufferedBytes, (waitingBytes) => onTooSlow({ waitingBytes }))
      : createTransport(name, request);
  io.adapter(turnBroadcast(io.adapter() as unknown as AdapterClass, onTooSlow) as never);
  return undefined;
}
