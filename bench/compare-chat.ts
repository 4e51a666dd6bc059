import { chat, type ChatResults, type ChatShape } from './chat';
import { gather, gatherTypical, type Crowd } from './people';
import { query, startTypical, startXFChat, type Database, type Server } from './servers';
import { formatSpread, spreadOf, table } from './statistics';

const WARM_UP_SECONDS = 2;

export interface Contender {
  readonly name: string;
  readonly server: Server;
  readonly databaseUrl: string;
  /** The table of its messages, without those that the server sends to itself. */
  readonly messages: string;
  readonly crowd: Crowd;
}

export interface Options {
  readonly repeats: number;
  readonly seconds: number;
}

/** Starts a contender on its own database. */
export type Entrant = (shape: ChatShape, database: Database) => Promise<Contender>;

/** Compares XFChat with the typical program. */
export async function compareChat(
  name: string,
  shape: ChatShape,
  database: Database,
  options: Options,
): Promise<string> {
  const runs = await measureInTurn([xfchat('XFChat'), typical], shape, database, options);
  return report(name, shape, ['XFChat', 'typical'], runs);
}

/** Compares XFChat with two workers and with one. */
export async function compareWorkers(
  name: string,
  shape: ChatShape,
  database: Database,
  options: Options,
): Promise<string> {
  const two = xfchat('two workers', undefined, { WORKERS: '2' });
  const runs = await measureInTurn([two, xfchat('one')], shape, database, options);
  return report(`${name}, WORKERS=2 and 1`, shape, ['two', 'one'], runs);
}

/** Measures both in turn within each repeat, so that a busy moment affects both. Each is first equally often. */
export async function measureInTurn(
  entrants: readonly [Entrant, Entrant],
  shape: ChatShape,
  database: Database,
  { repeats, seconds }: Options,
): Promise<[ChatResults[], ChatResults[]]> {
  const contenders: Contender[] = [];
  try {
    for (const enter of entrants) contenders.push(await enter(shape, database));
    const runs: [ChatResults[], ChatResults[]] = [[], []];
    for (let repeat = 0; repeat < repeats; repeat++) {
      for (const index of repeat % 2 ? [1, 0] : [0, 1])
        runs[index]!.push(await runOf(contenders[index]!, shape, database, seconds));
    }
    return runs;
  } finally {
    for (const { server } of contenders) await server.stop();
  }
}

/**
 * @param folder the folder of the revision, which is built
 * @param environment additional environment variables of the server
 */
export function xfchat(name: string, folder?: string, environment?: Record<string, string>): Entrant {
  return async ({ rooms, members }, database) => {
    const databaseUrl = await database.create(`bench_${name.toLowerCase().replace(/\W/g, '_')}`);
    const server = await startXFChat(databaseUrl, folder, environment);
    const messages = 'chat_messages where sender_id not in (select id from users where is_internal)';
    return { name, server, databaseUrl, messages, crowd: await gather(server, rooms, members) };
  };
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
): Promise<ChatResults> {
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

export function report(
  name: string,
  { rooms, members, senders, window }: ChatShape,
  [us, them]: readonly [string, string],
  [ours, theirs]: readonly [ChatResults[], ChatResults[]],
): string {
  const column = (runs: ChatResults[], pick: (run: ChatResults) => number): string =>
    formatSpread(spreadOf(runs.map(pick)));
  const row = (who: string, runs: ChatResults[]): string[] => [
    who,
    column(runs, (run) => run.messagesPerSecond),
    column(runs, (run) => run.p50Ms),
    column(runs, (run) => run.p99Ms),
    column(runs, (run) => run.serverCpu),
    column(runs, (run) => run.databaseCpu),
  ];
  const ratio = (pick: (run: ChatResults) => number): string =>
    formatSpread(spreadOf(ours.map((run, index) => pick(run) / pick(theirs[index]!))));
  const cpu = 'CPU s per 1,000';
  return [
    `${name}: ${rooms} × ${members} people, ${rooms * senders * window} messages on their way`,
    table(
      ['', 'messages/s', 'p50 ms', 'p99 ms', `server ${cpu}`, `database ${cpu}`],
      [row(us, ours), row(them, theirs)],
    ),
    `${us} / ${them} within a repeat: messages/s ${ratio((run) => run.messagesPerSecond)}, ` +
      `CPU ${ratio((run) => run.serverCpu + run.databaseCpu)}, p99 ${ratio((run) => run.p99Ms)}`,
  ].join('\n');
}
