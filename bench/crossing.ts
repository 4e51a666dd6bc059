import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { gather, type Crowd } from './people';
import { RawSocket } from './raw-socket';
import { startXFChat, type Database, type Server } from './servers';
import { quantile } from './statistics';

const REDIS_PORT = 16_379;
const REDIS_URL = `redis://127.0.0.1:${REDIS_PORT}`;
const CARRIERS = { PostgreSQL: undefined, Redis: REDIS_URL };
const ROOMS = 20;
/** Members of each room. Half of them are on each server, and one of each half sends. */
const MEMBERS = 4;
const SINGLE_MESSAGES = 200;
const DELIVERY = Buffer.from('42["message:created"');
const MARK = '@@';
const TIME_DIGITS = 14;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const microseconds = (): number => Math.round(performance.now() * 1_000);

/** Two servers on one database, with half of the people on each. */
class Pair {
  private sockets: RawSocket[] = [];
  onDelivery: (index: number, sender: number, elapsedMs: number) => void = () => undefined;

  private constructor(
    private readonly servers: readonly [Server, Server],
    private readonly crowd: Crowd,
  ) {}

  static async start(databaseUrl: string, redisUrl: string | undefined): Promise<Pair> {
    const environment: Record<string, string> = redisUrl === undefined ? {} : { REDIS_URL: redisUrl };
    const first = await startXFChat(databaseUrl, undefined, environment);
    const second = await startXFChat(databaseUrl, undefined, environment);
    const pair = new Pair([first, second], await gather(first, ROOMS, MEMBERS));
    pair.sockets = await Promise.all(
      pair.crowd.people.map(({ token }, index) =>
        RawSocket.open(pair.servers[index % 2]!.url, { token }, (packet) => pair.hear(index, packet)),
      ),
    );
    await sleep(2_000); // until all sockets are in their rooms, and the servers have subscribed to them
    return pair;
  }

  send(index: number): void {
    const mark = `${MARK}${String(index).padStart(5, '0')}${String(microseconds()).padStart(TIME_DIGITS, '0')}`;
    const payload = {
      conversationId: this.crowd.roomIds[Math.floor(index / MEMBERS)],
      body: mark.padEnd(120, '.'),
    };
    this.sockets[index]!.send(`421${JSON.stringify(['message:send', payload])}`);
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.close();
    await Promise.all(this.servers.map((server) => server.stop()));
  }

  private hear(index: number, packet: Buffer): void {
    if (!packet.subarray(0, DELIVERY.length).equals(DELIVERY)) return;
    const at = packet.indexOf(MARK) + MARK.length;
    const sender = Number(packet.toString('latin1', at, at + 5));
    const time = Number(packet.toString('latin1', at + 5, at + 5 + TIME_DIGITS));
    this.onDelivery(index, sender, (microseconds() - time) / 1_000);
  }
}

/** Sends one message at a time, and measures the time to a person on the same server and on the other one. */
async function measureLatency(pair: Pair): Promise<{ local: number[]; crossing: number[] }> {
  const [local, crossing]: [number[], number[]] = [[], []];
  for (let number = 0; number < SINGLE_MESSAGES; number++) {
    const heard = new Promise<void>((resolve) => {
      let missing = MEMBERS;
      pair.onDelivery = (index, sender, elapsedMs) => {
        if (index === 2) local.push(elapsedMs);
        else if (index % 2 !== sender % 2 && index === 1) crossing.push(elapsedMs);
        if (--missing === 0) resolve();
      };
    });
    pair.send(0);
    await heard;
  }
  return { local, crossing };
}

/** Each room has a sender on each server, who sends the next message when the last one has arrived. */
async function measureRate(pair: Pair, seconds: number): Promise<{ rate: number; crossing: number[] }> {
  const crossing: number[] = [];
  let echoes = 0;
  let deliveries = 0;
  let sent = 0;
  let isSending = true;
  const send = (index: number): void => {
    sent++;
    pair.send(index);
  };
  pair.onDelivery = (index, sender, elapsedMs) => {
    deliveries++;
    if (index % 2 !== sender % 2) crossing.push(elapsedMs);
    if (index !== sender) return;
    echoes++;
    if (isSending) send(index);
  };
  for (let index = 0; index < ROOMS * MEMBERS; index++) if (index % MEMBERS < 2) send(index);
  await sleep(1_000);
  const before = echoes;
  await sleep(seconds * 1_000);
  const rate = (echoes - before) / seconds;
  isSending = false;
  for (let tries = 0; tries < 100 && deliveries < sent * MEMBERS; tries++) await sleep(100);
  if (deliveries !== sent * MEMBERS) throw new Error(`${deliveries} of ${sent * MEMBERS} delivered`);
  return { rate, crossing };
}

/** Measures both carriers in turn, so that other load on the machine affects both. Needs `redis-server`. */
export async function measureCrossing(
  database: Database,
  { repeats, seconds }: { repeats: number; seconds: number },
): Promise<Record<string, number[]>> {
  const options = ['--port', String(REDIS_PORT), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const redis = spawn('redis-server', options, { stdio: 'ignore' });
  process.once('exit', () => redis.kill('SIGKILL'));
  const pairs: [string, Pair][] = [];
  const found: Record<string, number[]> = {};
  const add = (what: string, value: number): void => void (found[what] = [...(found[what] ?? []), value]);
  try {
    for (const [carrier, url] of Object.entries(CARRIERS))
      pairs.push([carrier, await Pair.start(await database.create(`bench_${carrier.toLowerCase()}`), url)]);
    for (let repeat = 0; repeat < repeats; repeat++)
      for (const [carrier, pair] of pairs) {
        const { local, crossing } = await measureLatency(pair);
        for (const share of [0.5, 0.95]) {
          const name = `p${share * 100}`;
          add(`${carrier}: one at a time, same server, ${name} ms`, quantile(local, share));
          add(`${carrier}: one at a time, other server, ${name} ms`, quantile(crossing, share));
        }
        const busy = await measureRate(pair, seconds);
        add(`${carrier}: messages/s of both servers`, busy.rate);
        for (const share of [0.5, 0.95])
          add(`${carrier}: at that rate, other server, p${share * 100} ms`, quantile(busy.crossing, share));
      }
    return found;
  } finally {
    for (const [, pair] of pairs) await pair.stop();
    const ended = once(redis, 'exit');
    redis.kill('SIGTERM');
    await ended;
  }
}
