import { locksOfStatement, strongestLocks } from './locks-of-statement';

describe('the locks of a statement', () => {
  it.each([
    ['create table a (id uuid)', []],
    ['create table a (b_id uuid references b (id))', ['b SHARE ROW EXCLUSIVE']],
    ['alter table a add column b text', ['a ACCESS EXCLUSIVE']],
    ['alter table a add constraint c check (d > 0) not valid', ['a ACCESS EXCLUSIVE']],
    ['alter table a validate constraint c', ['a SHARE UPDATE EXCLUSIVE']],
    [
      'alter table a add constraint c foreign key (b_id) references b (id) not valid',
      ['a SHARE ROW EXCLUSIVE', 'b SHARE ROW EXCLUSIVE'],
    ],
    ['create unique index a_key on a (b)', ['a SHARE']],
    ['create index concurrently if not exists a_idx on a (b)', ['a SHARE UPDATE EXCLUSIVE']],
    ['drop index a_idx', ['a ACCESS EXCLUSIVE']],
    ['drop index concurrently if exists a_idx', ['a SHARE UPDATE EXCLUSIVE']],
    ['drop table if exists a', ['a ACCESS EXCLUSIVE']],
    [`comment on column a.b is 'of c'`, ['a SHARE UPDATE EXCLUSIVE']],
    ['\n  -- why\n  update a\n  set b = 1', ['a ROW EXCLUSIVE']],
    ['alter function f() set enable_seqscan = off', []],
    ['create or replace function f() returns void language sql as $$ drop table a $$', []],
  ] as [string, string[]][])('%s', (statement, expected) => {
    const locks = locksOfStatement(statement, (index) => (index === 'a_idx' ? 'a' : undefined));
    expect(locks!.map(({ table, mode }) => `${table} ${mode}`)).toEqual(expected);
  });

  it('are unknown for an unexpected statement', () => {
    expect(locksOfStatement('vacuum full a')).toBeUndefined();
  });

  it('are listed once per table, with the strongest', () => {
    expect(
      strongestLocks([
        { table: 'a', mode: 'SHARE' },
        { table: 'a', mode: 'ACCESS EXCLUSIVE' },
        { table: 'b', mode: 'ROW EXCLUSIVE' },
        { table: 'a', mode: 'ROW EXCLUSIVE' },
      ]),
    ).toEqual([
      { table: 'a', mode: 'ACCESS EXCLUSIVE' },
      { table: 'b', mode: 'ROW EXCLUSIVE' },
    ]);
  });
});
