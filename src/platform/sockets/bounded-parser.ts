import * as parser from 'socket.io-parser';
import { exceedsJsonBounds } from '../validation/json-bounds';

/** Replaces a payload that exceeds the bounds of JSON input; the command is answered with a problem. */
export const OVERSIZED: unique symbol = Symbol('oversized');

/** An event: its type, the number of its acknowledgement and its name. */
const EVENT = /^2(\d{0,15})\["([a-z:-]{1,64})"/;

/**
 * Rejects hostile packets before Socket.IO parses them. Oversized packets that are not events end the connection.
 * Socket.IO itself accepts ten attachments at most.
 */
class BoundedDecoder extends parser.Decoder {
  override add(packet: unknown): void {
    if (typeof packet !== 'string' || !exceedsJsonBounds(packet)) return super.add(packet);
    const [, id, event] = EVENT.exec(packet) ?? [];
    if (event === undefined) throw new Error('a packet exceeds the bounds of JSON input');
    this.emitReserved('decoded', {
      type: parser.PacketType.EVENT,
      nsp: '/',
      ...(id && { id: Number(id) }),
      data: [event, OVERSIZED],
    });
  }
}

/** Socket.IO's own parser with bounds on what it decodes. */
export const boundedParser = { ...parser, Decoder: BoundedDecoder };
