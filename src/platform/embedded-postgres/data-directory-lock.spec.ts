import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DataDirectoryInUseError,
  type DataDirectoryLock,
  lockDataDirectory,
  lockName,
} from './data-directory-lock';

let root: string;
let locks: DataDirectoryLock[];

async function lock(name: string, waitMs = 0): Promise<DataDirectoryLock> {
  const taken = await lockDataDirectory(join(root, name), { waitMs });
  locks.push(taken);
  return taken;
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'xfchat-test-'));
  locks = [];
});

afterEach(async () => {
  await Promise.all(locks.map((taken) => taken.release()));
  rmSync(root, { recursive: true });
});

it('rejects a directory that is in use, and names the process that uses it', async () => {
  await lock('data');
  const refusal = lock('data');
  await expect(refusal).rejects.toBeInstanceOf(DataDirectoryInUseError);
  await expect(refusal).rejects.toThrow(`data is in use by another XFChat server (process ${process.pid})`);
});

it('recognises a directory under any of its names', async () => {
  await lock('data');
  symlinkSync('data', join(root, 'alias'));
  await expect(lock('alias')).rejects.toBeInstanceOf(DataDirectoryInUseError);
});

it('does not confuse two directories', async () => {
  await Promise.all([lock('data'), lock('data-2'), lock(join('data', 'postgres'))]);
});

it('waits until the directory is free, and can be released twice', async () => {
  const first = await lock('data');
  const second = lock('data', 10_000);
  await first.release();
  await second;
  await first.release();
  await expect(lock('data')).rejects.toBeInstanceOf(DataDirectoryInUseError);
});

it('gives the lock to one of many', async () => {
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => lock('data')));
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

it('uses names that leave no file behind', () => {
  expect(lockName('/srv/chat', 'linux')).toMatch(/^\0xfchat-[0-9a-f]{64}$/);
  expect(lockName('C:\\chat', 'win32')).toMatch(/^\\\\\.\\pipe\\xfchat-[0-9a-f]{64}$/);
});
