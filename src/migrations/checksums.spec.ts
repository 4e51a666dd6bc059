import { readdirSync } from 'node:fs';
import { fileOf, recordMigrations } from '../platform/migrations/recorded-migration';
import { SCHEMA } from '../schema';
import checksums from './checksums.json';

describe('the migrations', () => {
  /**
   * Some databases have applied these migrations, and reject a program with different ones. So a change of the schema is a
   * new migration with a new line in `checksums.json`, which this test prints.
   */
  it('are unchanged since they were applied; a new one needs its line, printed here, in checksums.json', async () => {
    const recorded = await recordMigrations(SCHEMA.migrations);
    expect(Object.fromEntries(recorded.map(({ name, checksum }) => [fileOf(name), checksum]))).toEqual(
      checksums,
    );
  });

  it('are all registered under the names of their files', async () => {
    const files = readdirSync(__dirname).flatMap((file) => /^(\d{13}-.*)\.ts$/.exec(file)?.[1] ?? []);
    const recorded = await recordMigrations(SCHEMA.migrations);
    expect(recorded.map(({ name }) => fileOf(name))).toEqual(files.sort());
  });
});
