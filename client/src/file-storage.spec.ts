import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileStorage } from './file-storage.ts';

describe('a file storage', () => {
  let directory: string;
  beforeEach(() => (directory = join(mkdtempSync(join(tmpdir(), 'xfchat-storage-')), 'state')));
  afterEach(() => rmSync(join(directory, '..'), { recursive: true, force: true }));

  const writeLock = (owner: object): void =>
    writeFileSync(
      join(directory, 'lock-a'),
      JSON.stringify({ host: hostname(), startedAt: '', name: 'a', ...owner }),
    );

  it('tells keys with special characters apart', async () => {
    const storage = new FileStorage(directory);
    const keys = ['a/b', 'a:b', '..', '', 'a*b', 'a.json', 'lock-a', 'ä', '%2F'];
    for (const key of keys) await storage.set(key, { key });
    await storage.close();
    expect((await storage.keys('')).sort()).toEqual([...keys].sort());
    for (const key of keys) expect(await storage.get(key)).toEqual({ key });
    await storage.close();
  });

  it('can be read by its user only', async () => {
    const storage = new FileStorage(directory);
    await storage.set('session', 'secret');
    expect(statSync(directory).mode & 0o077).toBe(0);
    expect(statSync(join(directory, 'session.json')).mode & 0o077).toBe(0);
    await storage.close();
  });

  it('serves one storage object at a time, in one process or several', async () => {
    const first = new FileStorage(directory);
    await first.set('a', 1);
    const second = new FileStorage(directory);
    await expect(second.get('a')).rejects.toThrow(/is in use by process \d+ on /);
    await first.close();
    expect(await second.get('a')).toBe(1);
    await second.close();

    const child = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)']);
    writeLock({ pid: child.pid });
    await expect(new FileStorage(directory).get('a')).rejects.toThrow(`in use by process ${child.pid}`);
    writeLock({ pid: child.pid, startedAt: '1' }); // another process has this pid now
    const third = new FileStorage(directory);
    if (process.platform === 'linux') expect(await third.get('a')).toBe(1);
    await third.close();
    writeLock({ pid: child.pid });
    child.kill('SIGKILL');
    await once(child, 'exit');
    const fourth = new FileStorage(directory);
    expect(await fourth.get('a')).toBe(1);
    await fourth.close();
  });

  it.each(['no lock', 'an abandoned lock'])(
    'serves one of several that begin at once, from %s',
    async (state) => {
      const before = new FileStorage(directory);
      await before.keys('');
      await before.close();
      for (let round = 0; round < 30; round++) {
        if (state === 'an abandoned lock') writeLock({ pid: process.pid });
        const storages = Array.from({ length: 4 }, () => new FileStorage(directory));
        const answers = await Promise.allSettled(storages.map((storage) => storage.get('a')));
        const served = answers.filter(({ status }) => status === 'fulfilled').length;
        expect(served).toBeLessThanOrEqual(1);
        for (const storage of storages) await storage.close();
        expect(readdirSync(directory)).toEqual([]);
      }
    },
  );

  it('takes over the lock of an ended process with the same pid, and an empty lock', async () => {
    await new FileStorage(directory).close();
    const first = new FileStorage(directory);
    await first.set('a', 1);
    await first.close();
    for (const lock of [JSON.stringify({ pid: process.pid, host: hostname(), name: 'other' }), '']) {
      writeFileSync(join(directory, 'lock-other'), lock);
      const storage = new FileStorage(directory);
      expect(await storage.get('a')).toBe(1);
      await storage.close();
    }
    writeLock({ pid: 1, host: 'another host' });
    await expect(new FileStorage(directory).get('a')).rejects.toThrow('in use by process 1 on another host');
  });

  it('holds the old or the new value after its process is killed during a write', async () => {
    const program = `
      require('@swc-node/register');
      const { FileStorage } = require(${JSON.stringify(join(__dirname, 'file-storage.ts'))});
      const storage = new FileStorage(${JSON.stringify(directory)});
      (async () => {
        for (let number = 0; ; number++) {
          await storage.set('value', { number, text: String(number).repeat(50_000) });
          process.stdout.write(number + '\\n');
        }
      })();`;
    let reached = -1;
    for (let round = 0; round < 3; round++) {
      const child = spawn(process.execPath, ['-e', program], { cwd: join(__dirname, '../..') });
      let acknowledged = -1;
      child.stdout.on('data', (data: Buffer) => {
        acknowledged = Number(data.toString().trim().split('\n').at(-1));
        if (acknowledged >= 3 + round) child.kill('SIGKILL');
      });
      await once(child, 'close');
      const storage = new FileStorage(directory);
      const value = (await storage.get('value')) as { number: number; text: string };
      expect(value.text).toBe(String(value.number).repeat(50_000));
      expect(value.number).toBeGreaterThanOrEqual(acknowledged);
      expect(readdirSync(directory).filter((name) => name.endsWith('.tmp'))).toEqual([]);
      await storage.close();
      reached = Math.max(reached, acknowledged);
    }
    expect(reached).toBeGreaterThanOrEqual(3);
  }, 120_000);

  it('rejects a write that the disk refuses, and continues to work', async () => {
    const storage = new FileStorage(directory);
    await storage.set('a', 1);
    await expect(storage.set('x'.repeat(300), 1)).rejects.toMatchObject({ code: 'ENAMETOOLONG' });
    await storage.set('a', 2);
    expect(JSON.parse(readFileSync(join(directory, 'a.json'), 'utf8'))).toBe(2);
    await storage.close();
  });
});
