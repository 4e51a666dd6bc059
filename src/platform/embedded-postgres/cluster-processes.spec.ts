import { belongsToCluster, isPostgresProgram, parseProcessTable } from './cluster-processes';

const cluster = { dataFolder: '/srv/chat/data', name: 'xfchat-0123' };

describe('belongsToCluster', () => {
  const postmaster = (folder: string) => `/opt/postgres -D ${folder} -c jit=off`;

  it.each([
    ['its postmaster', postmaster('/srv/chat/data'), true],
    ['its session', 'postgres: xfchat-0123: xfchat postgres [local] idle', true],
    ['a longer path', postmaster('/srv/chat/data-old'), false],
    ['a longer path with a space', postmaster('/srv/chat/data 2'), false],
    ['a longer path in front', postmaster('/backup/srv/chat/data'), false],
    ['a session of another server', 'postgres: xfchat-01234: xfchat postgres [local] idle', false],
    ['a program that names the folder', 'tail -f /srv/chat/data/log/postgres-Mon.log', false],
  ])('recognises %s', (_, commandLine, expected) => {
    expect(belongsToCluster(commandLine, ' ', cluster)).toBe(expected);
  });

  it('compares whole words in /proc', () => {
    const words = (folder: string) => ['postgres', '-D', folder, '-c', 'jit=off', ''].join('\0');
    expect(belongsToCluster(words('/srv/chat/data'), '\0', cluster)).toBe(true);
    expect(belongsToCluster(words('/srv/chat/data -c'), '\0', cluster)).toBe(false);
  });
});

it('recognises the program of PostgreSQL, also after it was replaced by an update', () => {
  const paths = ['/opt/bin/postgres', '/opt/bin/postgres (deleted)', '/bin/bash', '/opt/postgres/editor'];
  expect(paths.map(isPostgresProgram)).toEqual([true, true, false, false]);
});

it('reads the output of ps', () => {
  expect(parseProcessTable('    1     0 /sbin/init splash\n 4711    12 postgres -D /x y -c a=b\n')).toEqual([
    { pid: 1, parent: 0, commandLine: '/sbin/init splash' },
    { pid: 4711, parent: 12, commandLine: 'postgres -D /x y -c a=b' },
  ]);
});
