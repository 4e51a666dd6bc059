import { existsSync, mkdirSync, mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { completeSymlinks, findPostgresBinaries } from './binaries';

let root: string;

beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'xfchat-test-'))));
afterEach(() => rmSync(root, { recursive: true }));

function packageWith(target: string): string {
  const folder = join(root, 'native');
  mkdirSync(join(folder, 'lib'), { recursive: true });
  writeFileSync(
    join(folder, 'pg-symlinks.json'),
    JSON.stringify([{ source: 'native/lib/libpq.so.5.18', target }]),
  );
  return folder;
}

it('creates the links that an install without scripts omits, once', () => {
  const folder = packageWith('native/lib/libpq.so.5');
  completeSymlinks(folder);
  completeSymlinks(folder);
  expect(readlinkSync(join(folder, 'lib', 'libpq.so.5'))).toBe('libpq.so.5.18');
});

it('prints instructions when a link cannot be created', () => {
  const folder = packageWith('native/missing/libpq.so.5');
  expect(() => completeSymlinks(folder)).toThrow(/cannot be made \(ENOENT\).*--ignore-scripts.*npm rebuild/);
});

it('finds the programs of this platform', () => {
  const { initdb, postgres } = findPostgresBinaries();
  expect([existsSync(initdb), existsSync(postgres)]).toEqual([true, true]);
});
