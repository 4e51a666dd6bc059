import { createServer } from 'node:http';
import { connect, type AddressInfo, type Socket as NetSocket } from 'node:net';
import { Server, type Socket } from 'socket.io';
import { io as openClient, type Socket as Client } from 'socket.io-client';
import { until } from './until';

/** Functions that end what a test has started, clients before servers. */
const ending: (() => unknown)[] = [];

export async function endLab(): Promise<void> {
  for (const end of ending.splice(0)) await end();
}

interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
  /** The offset in the received bytes. */
  readonly at: number;
}

/** Splits the bytes of a server into frames. A server sends whole, unmasked frames. */
function framesOf(received: Buffer): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at + 2 <= received.length;) {
    const short = received[at + 1]!;
    const offset = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (at + offset > received.length) break;
    const length =
      short < 126
        ? short
        : short === 126
          ? received.readUInt16BE(at + 2)
          : Number(received.readBigUInt64BE(at + 2));
    if (at + offset + length > received.length) break;
    frames.push({
      opcode: received[at]! & 15,
      payload: received.subarray(at + offset, at + offset + length),
      at,
    });
    at += offset + length;
  }
  return frames;
}

/** A WebSocket client that keeps the received bytes. */
export class RawClient {
  private readonly chunks: Buffer[] = [];
  isClosed = false;

  constructor(readonly socket: NetSocket) {
    socket.on('data', (chunk: Buffer) => this.chunks.push(chunk));
    socket.on('close', () => (this.isClosed = true));
    socket.on('error', () => undefined);
  }

  static async connect(port: number): Promise<RawClient> {
    const client = new RawClient(connect(port, '127.0.0.1'));
    ending.unshift(() => client.socket.destroy());
    client.socket.write(
      'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    );
    await until('the handshake', () => client.frames.length > 0);
    client.say('40');
    await until('the connection', () => client.texts.some((text) => text.startsWith('40{')));
    return client;
  }

  say(text: string): void {
    this.socket.write(Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0, ...Buffer.from(text)]));
  }

  private get received(): Buffer {
    const all = Buffer.concat(this.chunks);
    return all.subarray(all.indexOf('\r\n\r\n') + 4);
  }
  get frames(): Frame[] {
    return this.chunks.length > 0 ? framesOf(this.received) : [];
  }
  get texts(): string[] {
    return this.frames.map(({ payload }) => payload.toString());
  }
  /** The bytes after the connect frame, which contains a random id. */
  get bytesOnceConnected(): Buffer {
    const next = this.frames.findIndex(({ payload }) => payload.toString().startsWith('40{')) + 1;
    return this.received.subarray(this.frames[next]?.at ?? this.received.length);
  }
}

export interface Lab {
  readonly io: Server;
  readonly port: number;
  /** Counts the calls of `write` on all connections. */
  readonly writes: () => number;
}

/** Starts a plain Socket.IO server. `prepare` runs before anybody connects. */
export async function startLab(prepare: (io: Server) => void = () => undefined): Promise<Lab> {
  const http = createServer();
  const io = new Server(http, { transports: ['websocket', 'polling'], serveClient: false });
  prepare(io);
  let writes = 0;
  http.on('connection', (socket) => {
    const write = socket.write.bind(socket) as (...parameters: unknown[]) => boolean;
    socket.write = (...parameters: unknown[]) => {
      writes++;
      return write(...parameters);
    };
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  ending.push(() => io.close());
  return { io, port: (http.address() as AddressInfo).port, writes: () => writes };
}

/** Connects a real client. Returns its socket on the server and the received events: values of `event`, names of others. */
export async function join(
  lab: Lab,
  transports: string[] = ['websocket'],
): Promise<{ socket: Socket; client: Client; got: unknown[] }> {
  const arriving = new Promise<Socket>((resolve) => lab.io.once('connection', resolve));
  const client = openClient(`http://127.0.0.1:${lab.port}`, {
    transports,
    forceNew: true,
    reconnection: false,
  });
  ending.unshift(() => client.close());
  const got: unknown[] = [];
  client.onAny((event: string, value: unknown) => got.push(event === 'event' ? value : event));
  const socket = await arriving;
  await until('the connection', () => client.connected);
  return { socket, client, got };
}
