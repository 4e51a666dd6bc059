import { findAccount, parseMajorVersion } from './runner';

it('finds the number of an account, but never root', () => {
  const accounts = 'root:x:0:0:root:/root:/bin/sh\npostgres:x:101:104::/var/lib:/bin/sh\nbroken:x\n';
  const found = ['postgres', 'nobody', 'root', 'broken', 'post'].map((name) => findAccount(name, accounts));
  expect(found).toEqual([{ uid: 101, gid: 104 }, ...Array<undefined>(4)]);
});

it('reads the major version', () => {
  expect(
    ['postgres (PostgreSQL) 18.4\n', 'postgres (PostgreSQL) 19beta1', 'sh: not found'].map(parseMajorVersion),
  ).toEqual([18, 19, 0]);
});
