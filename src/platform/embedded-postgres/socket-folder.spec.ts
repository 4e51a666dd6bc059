import { chownSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clusterAt, connectionUrl, socketFile } from './cluster';
import { prepareSocketFolder, removeTemporarySocketFolder } from './socket-folder';

const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
let root: string;

beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'xfchat-test-'))));
afterEach(() => rmSync(root, { recursive: true }));

describe('the place of the socket', () => {
  it('is in the directory, and elsewhere when the path would not fit into a socket address', () => {
    expect(clusterAt('/srv/chat').socketFolder).toBe('/srv/chat/socket');
    for (let length = 1; length < 200; length += 1) {
      expect(Buffer.byteLength(socketFile(clusterAt(`/${'ä'.repeat(length)}`)))).toBeLessThanOrEqual(107);
    }
    expect(clusterAt(`/${'a'.repeat(200)}`).socketFolder).not.toBe(
      clusterAt(`/${'b'.repeat(200)}`).socketFolder,
    );
  });

  it('is written into the address with every setting that the environment could change', () => {
    expect(connectionUrl(clusterAt('/srv/a b'), 'x/y')).toBe(
      'postgres://xfchat@localhost:5432/x%2Fy?host=%2Fsrv%2Fa%20b%2Fsocket&sslmode=disable',
    );
  });
});

describe('prepareSocketFolder', () => {
  it('creates the folder for its owner only, and reuses it', () => {
    const folder = join(root, 'socket');
    expect([prepareSocketFolder(folder, owner), prepareSocketFolder(folder, owner)]).toEqual([
      folder,
      folder,
    ]);
    expect(lstatSync(folder).mode & 0o777).toBe(0o700);
  });

  const foreign: [string, (folder: string) => void][] = [
    ['others may enter', (folder) => mkdirSync(folder, { mode: 0o711 })],
    [
      'is a symbolic link',
      (folder) => {
        mkdirSync(`${folder}-target`, { mode: 0o700 });
        symlinkSync(`${folder}-target`, folder);
      },
    ],
  ];
  if (owner.uid === 0) {
    foreign.push([
      'belongs to somebody else',
      (folder) => {
        mkdirSync(folder, { mode: 0o700 });
        chownSync(folder, 12345, 12345);
      },
    ]);
  }

  it.each(foreign)('uses another folder when the existing one %s', (_, occupy) => {
    const folder = join(root, 'socket');
    occupy(folder);
    const before = readdirSync(root);
    const taken = prepareSocketFolder(folder, owner);
    expect(before).not.toContain(taken.slice(root.length + 1));
    expect(lstatSync(taken).mode & 0o777).toBe(0o700);
  });
});

it('removes only a temporary folder', () => {
  for (const name of ['socket', 'xfchat-0123', 'other']) mkdirSync(join(root, name));
  removeTemporarySocketFolder(join(root, 'socket'), root);
  removeTemporarySocketFolder(join(root, 'xfchat-0123'), '/elsewhere');
  removeTemporarySocketFolder(join(root, 'other'), '/elsewhere');
  expect(readdirSync(root).sort()).toEqual(['other', 'socket']);
});
