import { loadConfiguration } from '../configuration/load-configuration';
import { databaseOptions, migrationOptions } from './database-options';

const schema = { entities: [], migrations: [], dataMigrations: [], functions: [] };
const URL = 'postgres://user@host/database';
const extraOf = (environment: Record<string, string>, url = URL): Record<string, unknown> =>
  databaseOptions(url, loadConfiguration(environment), schema).extra as Record<string, unknown>;

describe('the options of the database', () => {
  it('need a URL, because TypeORM would otherwise use any local database', () => {
    expect(() => extraOf({}, '')).toThrow('DATABASE_URL');
  });

  it('read bigint as a number, and other types as pg does', () => {
    const types = extraOf({}).types as {
      getTypeParser(oid: number): (text: string) => unknown;
    };
    expect(types.getTypeParser(20)('9007199254740991')).toBe(9_007_199_254_740_991);
    expect(types.getTypeParser(25)('20')).toBe('20');
    expect(types.getTypeParser(1184)('2026-01-02 03:04:05.678+00')).toEqual(
      new Date('2026-01-02T03:04:05.678Z'),
    );
  });

  it('limit each statement to the time of the longest request', () => {
    expect(extraOf({})).toMatchObject({ statement_timeout: 9_500, lock_timeout: 1_200 });
    expect(extraOf({ DATABASE_STATEMENT_TIMEOUT_MS: '700' })).toMatchObject({ statement_timeout: 700 });
  });

  it('send no settings to a pooler, which would reject them', () => {
    const pooled = { DATABASE_POOLER: 'transaction', DIRECT_DATABASE_URL: `${URL}_behind` };
    expect(extraOf({}).isPooler).toBe(false);
    expect(extraOf(pooled).isPooler).toBe(true);
    const command = (url: string): unknown =>
      migrationOptions(url, loadConfiguration(pooled), schema).extra as object;
    expect(command(`${URL}_behind`)).toMatchObject({ isPooler: false });
    expect(command(URL)).toMatchObject({ isPooler: true });
  });

  it('do not mistake another role for migrations for a pooler', () => {
    const extra = extraOf({ DIRECT_DATABASE_URL: 'postgres://owner@host/database' });
    expect(extra).toMatchObject({ isPooler: false, statement_timeout: 9_500, lock_timeout: 1_200 });
  });

  it('limit a migration’s wait for locks, and not its work', () => {
    const extra = migrationOptions(URL, loadConfiguration({}), schema).extra as object;
    expect(extra).toMatchObject({ lock_timeout: 1_200 });
    expect(extra).not.toHaveProperty('statement_timeout');
  });
});
