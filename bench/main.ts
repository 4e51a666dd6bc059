// npm run bench [-- s1 s1-crowded s2 idle sign-up reads] [--repeats 3] [--seconds 6]
import { parseArgs } from 'node:util';
import { chat, type ChatFigures, type ChatShape } from './chat';
import { gatherIdle, measureIdleSockets, measureSignUps } from './connections';
import { gather, gatherTypical, type Crowd } from './people';
import { measureReads } from './reads';
import { Database, query, startTypical, startXFChat, type Server } from './servers';
import { formatSpread, spreadOf, table } from './statistics';

const SHAPES: Record<string, ChatShape> = {
  s1: { rooms: 20, members: 10, senders: 2, window: 1 },
  's1-crowded': { rooms: 20, members: 10, senders: 2, window: 8 },
  s2: { rooms: 1, members: 200, senders: 10, window: 1 },
};
const ALL = [...Object.keys(SHAPES), 'idle', 'sign-up', 'reads'];
const IDLE_SOCKETS = 2_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    repeats: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '6' },
  },
});
const wanted = positionals.length > 0 ? positionals : ALL;
const repeats = Number(values.repeats);
const print = (text: string): void => void process.stdout.write(`${text}\n`);

interface Contender {
  readonly name: 'XFChat' | 'typical';
  readonly server: Server;
  readonly databaseUrl: string;
  readonly messages: string;
}

async function main(): Promise<void> {
  const unknown = wanted.filter((name) => !ALL.includes(name));
  if (unknown.length > 0)
    throw new Error(`no such measurement: ${unknown.join(', ')}; there are ${ALL.join(', ')}`);
  const database = await Database.start();
  const contenders: Contender[] = [];
  try {
    const own = await database.create('bench_xfchat');
    contenders.push({
      name: 'XFChat',
      server: await startXFChat(own),
      databaseUrl: own,
      // Without those that the server sends to itself.
      messages: 'chat_messages where sender_id not in (select id from users where is_internal)',
    });
    if (wanted.some((name) => name in SHAPES)) {
      const other = await database.create('bench_typical');
      const server = await startTypical(other);
      contenders.push({ name: 'typical', server, databaseUrl: other, messages: 'messages' });
    }
    for (const name of wanted.filter((entry) => entry in SHAPES)) {
      await compare(name, SHAPES[name]!, contenders, database);
    }
    const { server, databaseUrl } = contenders[0]!;
    if (wanted.includes('idle')) {
      const crowd = await gatherIdle(server);
      print(`\nidle sockets: ${(await measureIdleSockets(server, crowd, IDLE_SOCKETS)).toFixed(1)} KiB each`);
    }
    if (wanted.includes('sign-up')) print(`\nsign-ups: ${(await measureSignUps(server)).toFixed(1)}/s`);
    if (wanted.includes('reads')) {
      const rows = Object.entries(await measureReads(server, databaseUrl));
      print(
        `\n${table(
          ['read', 'ms'],
          rows.map(([what, ms]) => [what, ms.toFixed(2)]),
        )}`,
      );
    }
  } finally {
    for (const { server } of contenders) await server.stop();
    await database.stop();
  }
}

/** In turn within each repeat, so that a busy moment of the machine hits both. */
async function compare(
  name: string,
  shape: ChatShape,
  contenders: readonly Contender[],
  database: Database,
): Promise<void> {
  const crowds = new Map<Contender, Crowd>();
  for (const contender of contenders) {
    const { rooms, members } = shape;
    crowds.set(
      contender,
      contender.name === 'XFChat'
        ? await gather(contender.server, rooms, members)
        : await gatherTypical(contender.databaseUrl, rooms, members),
    );
  }
  const figures = new Map<Contender, ChatFigures[]>(contenders.map((contender) => [contender, []]));
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (const contender of contenders) {
      const run = await chat(crowds.get(contender)!, shape, {
        url: contender.server.url,
        serverPid: contender.server.pid,
        databasePid: database.pid,
        warmUpSeconds: 2,
        seconds: Number(values.seconds),
        countStored: async () => {
          const text = `select count(*)::integer as count from ${contender.messages}`;
          return (await query<{ count: number }>(contender.databaseUrl, text))[0]!.count;
        },
      });
      figures.get(contender)!.push(run);
    }
  }
  const { rooms, members, senders, window } = shape;
  print(`\n${name}: ${rooms} × ${members} people, ${rooms * senders * window} messages on their way`);
  const column = (runs: ChatFigures[], pick: (run: ChatFigures) => number): string =>
    formatSpread(spreadOf(runs.map(pick)));
  const rows = [...figures].map(([contender, runs]) => [
    contender.name,
    column(runs, (run) => run.messagesPerSecond),
    column(runs, (run) => run.p50Ms),
    column(runs, (run) => run.p99Ms),
    column(runs, (run) => run.serverCpu),
    column(runs, (run) => run.databaseCpu),
  ]);
  const cpu = 'CPU s per 1,000';
  print(table(['', 'messages/s', 'p50 ms', 'p99 ms', `server ${cpu}`, `database ${cpu}`], rows));
  const [ours, theirs] = [...figures.values()] as [ChatFigures[], ChatFigures[]];
  const ratio = (pick: (run: ChatFigures) => number): string =>
    formatSpread(spreadOf(ours.map((run, index) => pick(run) / pick(theirs[index]!))));
  print(
    `XFChat / typical within a repeat: messages/s ${ratio((run) => run.messagesPerSecond)}, ` +
      `CPU ${ratio((run) => run.serverCpu + run.databaseCpu)}, p99 ${ratio((run) => run.p99Ms)}`,
  );
}

void main();
