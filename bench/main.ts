// npm run bench [-- s1 s1-crowded s2 clients idle sign-in reads search crossing workers] [--repeats 3] [--seconds 6]
// npm run bench -- compare <revision> [--repeats 6] [--seconds 6]
import { parseArgs } from 'node:util';
import type { ChatShape } from './chat';
import { measureClients } from './clients';
import { compareChat, compareWorkers } from './compare-chat';
import { compareRevisions } from './compare-revisions';
import { gatherIdle, measureIdleSockets, measureSignIns } from './connections';
import { measureCrossing } from './crossing';
import { measureReads } from './reads';
import { measureSearch } from './search';
import { Database, startXFChat, type Server } from './servers';
import { formatSpread, spreadOf, table } from './statistics';

const SHAPES: Record<string, ChatShape> = {
  s1: { rooms: 20, members: 10, senders: 2, window: 1 },
  's1-crowded': { rooms: 20, members: 10, senders: 2, window: 8 },
  s2: { rooms: 1, members: 200, senders: 10, window: 1 },
};
const IDLE_SOCKETS = 2_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    repeats: { type: 'string' },
    seconds: { type: 'string', default: '6' },
  },
});
const isComparison = positionals[0] === 'compare';
const repeats = Number(values.repeats ?? (isComparison ? 6 : 3));

type Measurements = Record<string, number[]>;

/** The measurements by name. Each uses its own database. */
const MEASUREMENTS: Record<string, (databaseUrl: string, database: Database) => Promise<Measurements>> = {
  clients: (url) => withServer(url, (server) => measureClients(server, url, repeats)),
  'sign-in': (url) => withServer(url, (server) => measureSignIns(server, repeats)),
  reads: (url) => withServer(url, (server) => measureReads(server, url, repeats)),
  search: (url) => withServer(url, (server) => measureSearch(server, url, repeats)),
  idle,
  crossing: (_url, database) => measureCrossing(database, { repeats, seconds: Number(values.seconds) }),
};

async function main(): Promise<void> {
  if (isComparison) return compare(positionals[1]);
  const all = [...Object.keys(SHAPES), ...Object.keys(MEASUREMENTS), 'workers'];
  const unknown = positionals.filter((name) => !all.includes(name));
  if (unknown.length > 0)
    throw new Error(`no such measurement: ${unknown.join(', ')}; there are ${all.join(', ')}`);
  const wanted = positionals.length > 0 ? positionals : all;
  const database = await Database.start();
  try {
    for (const name of wanted) {
      const options = { repeats, seconds: Number(values.seconds) };
      if (name === 'workers') {
        for (const [shape, chat] of Object.entries(SHAPES))
          process.stdout.write(`\n${await compareWorkers(shape, chat, database, options)}\n`);
        continue;
      }
      const shape = SHAPES[name];
      const report = shape
        ? await compareChat(name, shape, database, options)
        : await reportOf(name, database);
      process.stdout.write(`\n${report}\n`);
    }
  } finally {
    await database.stop();
  }
}

async function compare(revision: string | undefined): Promise<void> {
  if (!revision) throw new Error('compare with which revision? npm run bench -- compare <revision>');
  const shapes = { s1: SHAPES.s1!, s2: SHAPES.s2! };
  const options = { repeats, seconds: Number(values.seconds) };
  process.stdout.write(`\n${await compareRevisions(revision, shapes, options)}\n`);
}

async function reportOf(name: string, database: Database): Promise<string> {
  const url = await database.create(`bench_${name.replace('-', '_')}`);
  const figures = await MEASUREMENTS[name]!(url, database);
  const rows = Object.entries(figures).map(([what, found]) => [what, formatSpread(spreadOf(found))]);
  return table([name, 'median [least..most]'], rows);
}

async function withServer<T>(url: string, work: (server: Server) => Promise<T>): Promise<T> {
  const server = await startXFChat(url);
  try {
    return await work(server);
  } finally {
    await server.stop();
  }
}

/** Each repeat gets a new process, because the heap of a busy one already has room for sockets. */
async function idle(url: string): Promise<Measurements> {
  const crowd = await withServer(url, gatherIdle);
  const atOnce: number[] = [];
  const later: number[] = [];
  for (let repeat = 0; repeat < repeats; repeat++) {
    const found = await withServer(url, (server) => measureIdleSockets(server, crowd, IDLE_SOCKETS));
    atOnce.push(found.atOnce);
    later.push(found.later);
  }
  return {
    'KiB of each of 2,000 sockets, after 8 s': atOnce,
    'KiB of each of 2,000 sockets, after 48 s': later,
  };
}

void main();
