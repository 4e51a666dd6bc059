import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');
const check = (...files: string[]) =>
  spawnSync(process.execPath, [join(ROOT, 'scripts/check-engines.js'), ...files], { encoding: 'utf8' });

describe('the packages of the lock files', () => {
  it('run on the oldest Node that is supported, so that `npm ci` does not warn', () => {
    expect(check()).toMatchObject({ status: 0, stderr: '' });
  });

  it('are named when they need a newer Node', () => {
    const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
    lock.packages['node_modules/newer'] = { version: '1.0.0', engines: { node: '>=22' } };
    const directory = mkdtempSync(join(tmpdir(), 'xfchat-engines-'));
    const file = join(directory, 'package-lock.json');
    writeFileSync(file, JSON.stringify(lock));
    const { status, stderr } = check(file);
    rmSync(directory, { recursive: true });
    expect(status).toBe(1);
    expect(stderr).toMatch(/node_modules\/newer 1\.0\.0 requires Node >=22; Node 20\.19\.0 is supported\n$/);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});
