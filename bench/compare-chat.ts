import { chat, type ChatFigures, type ChatShape } from './chat';
import { gather, gatherTypical, type Crowd } from './people';
import { query, startTypical, startXFChat, type Database, type Server } from './servers';
import { formatSpread, spreadOf, table } from './statistics';

const WARM_UP_SECONDS = 2;

interface Contender {
  readonly name: 'XFChat' | 'typical';
  readonly server: Server;
  readonly databaseUrl: string;
  /** Where its messages are, without those that the server sends to itself. */
  readonly messages: string;
  readonly crowd: Crowd;
}

interface Options {
  readonly repeats: number;
  readonly seconds: number;
}

/** XFChat and the typical program in turn within each repeat, so that a busy moment of the machine hits both. */
export async function compareChat(
  name: string,
  shape: ChatShape,
  database: Database,
  { repeats, seconds }: Options,
): Promise<string> {
  const contenders: Contender[] = [];
  try {
    contenders.push(await xfchat(shape, database));
    contenders.push(await typical(shape, database));
    const figures = contenders.map((): ChatFigures[] => []);
    for (let repeat = 0; repeat < repeats; repeat++) {
      for (const [index, contender] of contenders.entries())
        figures[index]!.push(await runOf(contender, shape, database, seconds));
    }
    return report(name, shape, figures);
  } finally {
    for (const { server } of contenders) await server.stop();
  }
}

async function xfchat({ rooms, members }: ChatShape, database: Database): Promise<Contender> {
  const databaseUrl = await database.create('bench_xfchat');
  const server = await startXFChat(databaseUrl);
  const messages = 'chat_messages where sender_id not in (select id from users where is_internal)';
  return { name: 'XFChat', server, databaseUrl, messages, crowd: await gather(server, rooms, members) };
}

async function typical({ rooms, members }: ChatShape, database: Database): Promise<Contender> {
  const databaseUrl = await database.create('bench_typical');
  const server = await startTypical(databaseUrl);
  const crowd = await gatherTypical(databaseUrl, rooms, members);
  return { name: 'typical', server, databaseUrl, messages: 'messages', crowd };
}

function runOf(
  { server, databaseUrl, messages, crowd }: Contender,
  shape: ChatShape,
  database: Database,
  seconds: number,
): Promise<ChatFigures> {
  return chat(crowd, shape, {
    url: server.url,
    serverPid: server.pid,
    databasePid: database.pid,
    warmUpSeconds: WARM_UP_SECONDS,
    seconds,
    countStored: async () => {
      const text = `select count(*)::integer as count from ${messages}`;
      return (await query<{ count: number }>(databaseUrl, text))[0]!.count;
    },
  });
}

function report(
  name: string,
  { rooms, members, senders, window }: ChatShape,
  [ours, theirs]: ChatFigures[][],
): string {
  const column = (runs: ChatFigures[], pick: (run: ChatFigures) => number): string =>
    formatSpread(spreadOf(runs.map(pick)));
  const row = (who: Contender['name'], runs: ChatFigures[]): string[] => [
    who,
    column(runs, (run) => run.messagesPerSecond),
    column(runs, (run) => run.p50Ms),
    column(runs, (run) => run.p99Ms),
    column(runs, (run) => run.serverCpu),
    column(runs, (run) => run.databaseCpu),
  ];
  const ratio = (pick: (run: ChatFigures) => number): string =>
    formatSpread(spreadOf(ours!.map((run, index) => pick(run) / pick(theirs![index]!))));
  const cpu = 'CPU s per 1,000';
  return [
    `${name}: ${rooms} × ${members} people, ${rooms * senders * window} messages on their way`,
    table(
      ['', 'messages/s', 'p50 ms', 'p99 ms', `server ${cpu}`, `database ${cpu}`],
      [row('XFChat', ours!), row('typical', theirs!)],
    ),
    `XFChat / typical within a repeat: messages/s ${ratio((run) => run.messagesPerSecond)}, ` +
      `CPU ${ratio((run) => run.serverCpu + run.databaseCpu)}, p99 ${ratio((run) => run.p99Ms)}`,
  ].join('\n');
}
