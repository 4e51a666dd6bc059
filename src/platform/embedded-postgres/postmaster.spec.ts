import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cluster } from './cluster';
import { firstProcessId } from './cluster-shutdown';
import { adviceFor, isTransient, Postmaster } from './postmaster';

describe('a failed start', () => {
  it.each([
    ['FATAL:  lock file "postmaster.pid" already exists', true, 'Another PostgreSQL'],
    ['FATAL:  lock file "postmaster.pid" is empty', true, 'Another PostgreSQL'],
    ['FATAL:  pre-existing shared memory block (key 1, ID 2) is still in use', true, 'Another PostgreSQL'],
    ['PANIC:  could not write to file: No space left on device', false, 'Free some disk space'],
    [
      'FATAL:  could not resize shared memory segment: No space left on device',
      false,
      'Give /dev/shm more room',
    ],
    [
      'FATAL:  data directory "/x" has wrong ownership',
      false,
      'Make the account that created the data directory its owner',
    ],
    ['FATAL:  unrecognized configuration parameter "x"', false, 'Correct the settings'],
    ['PANIC:  could not locate a valid checkpoint record', false, 'restore a backup'],
  ])('%s', (log, transient, advice) => {
    expect(isTransient(log)).toBe(transient);
    expect(adviceFor(log)).toContain(advice);
  });
});

describe('a server', () => {
  const childrenWaitedFor = (): number =>
    process.getActiveResourcesInfo().filter((name) => name === 'ProcessWrap').length;

  it('does not keep this process alive until it is told to stop', async () => {
    const before = childrenWaitedFor();
    const postmaster = new Postmaster({} as Cluster, spawn('sleep', ['60']), () => '');
    expect(childrenWaitedFor()).toBe(before);
    postmaster.signal('SIGINT');
    // Otherwise an idle process would exit with code 0 in the middle of the stop.
    expect(childrenWaitedFor()).toBe(before + 1);
    expect(await postmaster.ended).toBe('signal SIGINT');
  });
});

describe('firstProcessId', () => {
  let root: string;
  beforeAll(() => (root = mkdtempSync(join(tmpdir(), 'xfchat-test-'))));
  afterAll(() => rmSync(root, { recursive: true }));

  it.each([
    ['4711\n/srv/chat/data\n', 4711],
    ['-4711\n/srv/chat/data\n', 4711],
    ['', undefined],
    ['0\n', undefined],
    ['nonsense', undefined],
  ])('reads %j', (text, expected) => {
    const file = join(root, 'postmaster.pid');
    writeFileSync(file, text);
    expect(firstProcessId(file)).toBe(expected);
  });

  it('handles a missing file', () => expect(firstProcessId(join(root, 'missing'))).toBeUndefined());
});
