import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

const TEXT = 1;
const PING = '2';
const PONG = encode('3');
const OPEN = '0';

/** Encodes a text frame of a client. The protocol demands a mask; this one is zero and changes nothing. */
export function encode(text: string): Buffer {
  const payload = Buffer.from(text);
  const short = payload.length < 126;
  const frame = Buffer.alloc((short ? 6 : 8) + payload.length);
  frame[0] = 0x80 | TEXT;
  frame[1] = 0x80 | (short ? payload.length : 126);
  if (!short) frame.writeUInt16BE(payload.length, 2);
  payload.copy(frame, short ? 6 : 8);
  return frame;
}

/**
 * A Socket.IO client that costs almost nothing, so that the benchmark measures the server. It uses WebSocket only, and passes
 * packets on as bytes without parsing them.
 */
export class RawSocket {
  private rest: Buffer = Buffer.alloc(0);
  private isUpgraded = false;

  private constructor(
    private readonly socket: Socket,
    private readonly onPacket: (bytes: Buffer) => void,
  ) {}

  /** Resolves when the namespace is joined. */
  static open(url: string, auth: object, onPacket: (bytes: Buffer) => void): Promise<RawSocket> {
    const { hostname, port } = new URL(url);
    return new Promise((resolve, reject) => {
      const socket = connect({ host: hostname, port: Number(port), noDelay: true }, () =>
        socket.write(
          `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpgrade: websocket\r\n` +
            `Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
        ),
      );
      const raw: RawSocket = new RawSocket(socket, (bytes) => {
        const [kind, type] = [String.fromCharCode(bytes[0]!), String.fromCharCode(bytes[1] ?? 0)];
        if (kind === PING) socket.write(PONG);
        else if (kind === OPEN) raw.send(`40${JSON.stringify(auth)}`);
        else if (type === '0') resolve(raw);
        else if (type === '4') reject(new Error(`refused: ${bytes.toString()}`));
        else onPacket(bytes);
      });
      socket.on('data', (data) => raw.read(data));
      socket.on('error', reject);
      socket.on('close', () => reject(new Error('the connection was closed')));
    });
  }

  send(packet: string): void {
    this.socket.write(encode(packet));
  }

  close(): void {
    this.socket.destroy();
  }

  private read(data: Buffer): void {
    let bytes = this.rest.length > 0 ? Buffer.concat([this.rest, data]) : data;
    if (!this.isUpgraded) {
      const end = bytes.indexOf('\r\n\r\n');
      if (end >= 0) this.isUpgraded = true;
      this.rest = end < 0 ? bytes : Buffer.alloc(0);
      if (end < 0) return;
      bytes = bytes.subarray(end + 4);
    }
    let at = 0;
    while (at + 2 <= bytes.length) {
      let length = bytes[at + 1]! & 127;
      let header = 2;
      if (length === 126) {
        if (at + 4 > bytes.length) break;
        length = bytes.readUInt16BE(at + 2);
        header = 4;
      } else if (length === 127) {
        if (at + 10 > bytes.length) break;
        length = Number(bytes.readBigUInt64BE(at + 2));
        header = 10;
      }
      if (at + header + length > bytes.length) break;
      const isText = (bytes[at]! & 15) === TEXT;
      if (isText) this.onPacket(bytes.subarray(at + header, at + header + length));
      at += header + length;
    }
    this.rest = at < bytes.length ? Buffer.from(bytes.subarray(at)) : Buffer.alloc(0);
  }
}
