import { isSqlState } from './sql-state';

it.each([
  ['42P01', true],
  ['XX000', true],
  ['P0001', true],
  ['EPERM', false],
  ['E2BIG', false],
  ['ECONNREFUSED', false],
])('%s is an SQLSTATE: %s', (code, is) => expect(isSqlState(code)).toBe(is));
