import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChatResults, ChatShape } from './chat';
import { measureInTurn, report, xfchat, type Options } from './compare-chat';
import { Database, startXFChat } from './servers';
import { formatSpread, spreadOf, table } from './statistics';

const ROOT = join(__dirname, '..');
/** Ratios closer to 1 than this are noise, even if all of them are on one side. */
const NOISE = 0.03;
/** Fewer repeats would agree by chance too often. */
const MIN_REPEATS = 5;

/**
 * Compares this revision with an earlier one, in turn within each repeat: the start, and the given shapes of chat. A ratio
 * above 1 means that this revision takes longer, or does more.
 */
export async function compareRevisions(
  revision: string,
  shapes: Record<string, ChatShape>,
  options: Options,
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'xfchat-revision-'));
  const database = await Database.start();
  try {
    build(revision, folder);
    const reports: string[] = [];
    const verdicts = [['start-up', ...(await compareStarts(folder, database, options))]];
    for (const [name, shape] of Object.entries(shapes)) {
      const names = ['this', revision] as const;
      const entrants = [xfchat('this'), xfchat('earlier', folder)] as const;
      const runs = await measureInTurn(entrants, shape, database, options);
      reports.push(report(name, shape, names, runs));
      verdicts.push(...verdictsOf(name, runs));
    }
    const head = ['', `this / ${revision}`, 'verdict'];
    return [...reports, table(head, verdicts)].join('\n\n');
  } finally {
    await database.stop();
    execFileSync('git', ['worktree', 'remove', '--force', folder], { cwd: ROOT });
    rmSync(folder, { recursive: true, force: true });
  }
}

function build(revision: string, folder: string): void {
  const run = (command: string, args: string[], cwd: string): void => {
    execFileSync(command, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
  };
  run('git', ['worktree', 'add', '--detach', '--force', folder, revision], ROOT);
  const lock = (of: string): string => readFileSync(join(of, 'package-lock.json'), 'utf8');
  if (lock(folder) === lock(ROOT))
    cpSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), {
      recursive: true,
      verbatimSymlinks: true,
    });
  else run('npm', ['ci'], folder);
  run('npm', ['run', '--silent', 'build'], folder);
}

/** Compares the time until the server serves on existing data, in milliseconds. */
async function compareStarts(
  folder: string,
  database: Database,
  { repeats }: Options,
): Promise<[string, string]> {
  const urls = [await database.create('bench_start_this'), await database.create('bench_start_earlier')];
  const startOf = async (index: number): Promise<number> => {
    const started = performance.now();
    const server = await startXFChat(urls[index]!, index === 0 ? ROOT : folder);
    const took = performance.now() - started;
    await server.stop();
    return took;
  };
  await startOf(0);
  await startOf(1);
  const ratios: number[] = [];
  for (let repeat = 0; repeat < repeats; repeat++) {
    const times: number[] = [];
    for (const index of repeat % 2 ? [1, 0] : [0, 1]) times[index] = await startOf(index);
    ratios.push(times[0]! / times[1]!);
  }
  return [formatSpread(spreadOf(ratios)), verdictOf(ratios, 'less')];
}

function verdictsOf(name: string, [ours, theirs]: readonly [ChatResults[], ChatResults[]]): string[][] {
  const ratios = (pick: (run: ChatResults) => number): number[] =>
    ours.map((run, index) => pick(run) / pick(theirs[index]!));
  const row = (what: string, pick: (run: ChatResults) => number, better: 'less' | 'more'): string[] => {
    const found = ratios(pick);
    return [`${name}, ${what}`, formatSpread(spreadOf(found)), verdictOf(found, better)];
  };
  return [
    row('messages/s', (run) => run.messagesPerSecond, 'more'),
    row('processor time', (run) => run.serverCpu + run.databaseCpu, 'less'),
    row('p99', (run) => run.p99Ms, 'less'),
  ];
}

/** A difference is proven when all repeats agree on its direction and the median is not noise. */
function verdictOf(ratios: readonly number[], better: 'less' | 'more'): string {
  if (ratios.length < MIN_REPEATS) return 'too few repeats';
  const { median, min, max } = spreadOf(ratios);
  const isLess = max < 1 && median < 1 - NOISE;
  const isMore = min > 1 && median > 1 + NOISE;
  if (!isLess && !isMore) return 'no difference shown';
  return isLess === (better === 'less') ? 'better' : 'worse';
}
