import type { Crowd } from './people';
import { usageOf } from './process-usage';
import { RawSocket } from './raw-socket';
import { quantile } from './statistics';

export interface ChatShape {
  readonly rooms: number;
  readonly members: number;
  /** The number of senders in each room. A sender sends its next message when one of its own has arrived. */
  readonly senders: number;
  /** The number of messages that one sender has in flight. */
  readonly window: number;
}

export interface ChatResults {
  readonly messagesPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor time of the server for 1,000 messages, in seconds. */
  readonly serverCpu: number;
  readonly databaseCpu: number;
}

interface Options {
  readonly url: string;
  readonly serverPid: number;
  readonly databasePid: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
  /** The number of stored messages. */
  readonly countStored: () => Promise<number>;
}

const MARK = '@@';
const SENDER_DIGITS = 5;
const TIME_DIGITS = 14;
const TEXT_LENGTH = 120;
const DELIVERY = Buffer.from('42["message:created"');
const OPENING_AT_ONCE = 20;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const microseconds = (): number => Math.round(performance.now() * 1_000);

/**
 * Lets people chat as fast as their own messages come back. Every delivery is counted and timed, by a number in its text that
 * is found without parsing. Fails unless every message was stored and reached every member of its room.
 */
export async function chat(crowd: Crowd, shape: ChatShape, options: Options): Promise<ChatResults> {
  const { rooms, members, senders, window } = shape;
  const sockets: RawSocket[] = [];
  let sent = 0;
  let echoes = 0;
  let deliveries = 0;
  let isSending = true;
  let isMeasuring = false;
  const latencies: number[] = [];

  const send = (index: number): void => {
    sent++;
    const mark = `${MARK}${String(index).padStart(SENDER_DIGITS, '0')}${String(microseconds()).padStart(TIME_DIGITS, '0')}`;
    const conversationId = crowd.roomIds[Math.floor(index / members)];
    const payload = { conversationId, body: mark.padEnd(TEXT_LENGTH, '.') };
    sockets[index]!.send(`42${sent}${JSON.stringify(['message:send', payload])}`);
  };
  const hear = (index: number, packet: Buffer): void => {
    if (!packet.subarray(0, DELIVERY.length).equals(DELIVERY)) return;
    const at = packet.indexOf(MARK) + MARK.length;
    const sender = Number(packet.toString('latin1', at, at + SENDER_DIGITS));
    deliveries++;
    if (isMeasuring) {
      const time = Number(packet.toString('latin1', at + SENDER_DIGITS, at + SENDER_DIGITS + TIME_DIGITS));
      latencies.push(microseconds() - time);
    }
    if (sender !== index) return;
    echoes++;
    if (isSending) send(index);
  };
  const look = () => ({
    at: performance.now(),
    echoes,
    server: usageOf(options.serverPid).cpuSeconds,
    database: usageOf(options.databasePid).cpuSeconds,
  });

  try {
    for (let begin = 0; begin < rooms * members; begin += OPENING_AT_ONCE) {
      const group = crowd.people.slice(begin, Math.min(begin + OPENING_AT_ONCE, rooms * members));
      const opened = group.map(({ token }, index) =>
        RawSocket.open(options.url, { token }, (packet) => hear(begin + index, packet)),
      );
      sockets.push(...(await Promise.all(opened)));
    }
    await sleep(1_000); // until the last sockets are in their rooms
    const storedBefore = await options.countStored();
    for (let index = 0; index < rooms * members; index++) {
      if (index % members < senders) for (let count = 0; count < window; count++) send(index);
    }
    await sleep(options.warmUpSeconds * 1_000);
    const before = look();
    isMeasuring = true;
    await sleep(options.seconds * 1_000);
    const after = look();
    isMeasuring = false;
    isSending = false;
    for (let tries = 0; tries < 100 && deliveries < sent * members; tries++) await sleep(100);
    const stored = (await options.countStored()) - storedBefore;
    if (stored !== sent || deliveries !== sent * members) {
      throw new Error(`${sent} sent, ${stored} stored, ${deliveries} of ${sent * members} delivered`);
    }
    const messages = after.echoes - before.echoes;
    return {
      messagesPerSecond: (messages / (after.at - before.at)) * 1_000,
      p50Ms: quantile(latencies, 0.5) / 1_000,
      p99Ms: quantile(latencies, 0.99) / 1_000,
      serverCpu: ((after.server - before.server) / messages) * 1_000,
      databaseCpu: ((after.database - before.database) / messages) * 1_000,
    };
  } finally {
    for (const socket of sockets) socket.close();
  }
}
