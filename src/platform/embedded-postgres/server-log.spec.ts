import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cluster, clusterAt } from './cluster';
import { markServerLog, pruneServerLog } from './server-log';

let cluster: Cluster;
const log = (day: string) => join(cluster.dataFolder, 'log', `postgres-${day}.log`);

beforeEach(() => {
  cluster = clusterAt(mkdtempSync(join(tmpdir(), 'xfchat-test-')));
  mkdirSync(join(cluster.dataFolder, 'log'), { recursive: true });
});
afterEach(() => rmSync(cluster.directory, { recursive: true }));

it('removes logs of last week, empties large ones, and leaves other files alone', () => {
  const now = Date.now();
  const days = (count: number) => new Date(now - count * 24 * 3600 * 1000);
  for (const day of ['Mon', 'Tue', 'Wed', 'Thu']) writeFileSync(log(day), 'text');
  writeFileSync(join(cluster.dataFolder, 'log', 'notes.txt'), 'text');
  utimesSync(log('Mon'), days(7), days(7));
  utimesSync(log('Tue'), days(5), days(5));
  utimesSync(join(cluster.dataFolder, 'log', 'notes.txt'), days(7), days(7));
  truncateSync(log('Wed'), 33 * 1024 * 1024);
  pruneServerLog(cluster, now);
  expect(readdirSync(join(cluster.dataFolder, 'log')).sort()).toEqual([
    'notes.txt',
    ...['postgres-Thu.log', 'postgres-Tue.log', 'postgres-Wed.log'],
  ]);
  expect([statSync(log('Wed')).size, statSync(log('Thu')).size]).toEqual([0, 4]);
});

it('handles a missing log folder', () => {
  rmSync(cluster.dataFolder, { recursive: true });
  expect(() => pruneServerLog(cluster)).not.toThrow();
  expect(markServerLog(cluster)()).toBe('');
});

it('shows only the end of the text since the mark', () => {
  writeFileSync(log('Mon'), 'old line\n');
  const logSinceMark = markServerLog(cluster);
  writeFileSync(cluster.startLog, 'early line\n');
  appendFileSync(log('Mon'), 'new line\n');
  expect(logSinceMark()).toBe('early line\nnew line');
  appendFileSync(log('Mon'), `${'x'.repeat(5000)}\nlast line\n`);
  expect(logSinceMark()).toMatch(/^early line\nx{1989}\nlast line$/);
});
