import { summaryOf } from './statement-span';

describe('the summary of a statement', () => {
  it.each([
    ['select * from append_messages($1, $2)', 'SELECT append_messages'],
    ['SELECT "User"."id" FROM "users" "User" WHERE "User"."id" = $1', 'SELECT users'],
    ["insert into sessions(id) values ('a secret') on conflict do update set x = 1", 'INSERT sessions'],
    ['UPDATE "conversations" SET "title" = $1', 'UPDATE conversations'],
    ['delete from blocks where user_id = $1', 'DELETE blocks'],
    ['START TRANSACTION; SET LOCAL statement_timeout = 9000', 'START TRANSACTION'],
    ['COMMIT', 'COMMIT'],
    ['  with a as (select 1) select 2', 'WITH'],
    ['', ''],
  ])('%s is %s', (text, summary) => {
    expect(summaryOf(text)).toBe(summary);
  });
});
