import { DataSource } from 'typeorm';
import { contentDigests, type ContentDigest } from '../../src/operations/integrity/content-digest';
import { loadConfiguration } from '../../src/platform/configuration/load-configuration';
import { migrationOptions } from '../../src/platform/database/database-options';
import {
  LOCK_MODES,
  locksOfStatement,
  strongestLocks,
} from '../../src/platform/migrations/locks-of-statement';
import { migrate, migrateDown } from '../../src/platform/migrations/migrate';
import { recordMigrations } from '../../src/platform/migrations/recorded-migration';
import { SCHEMA } from '../../src/schema';
import { catalogue } from '../support/catalogue';
import { CHANGED_SCHEMA } from '../support/changed-schema';
import { createTestDatabase, withClient } from '../support/databases';
import { fill } from '../support/filled-database';

const configuration = loadConfiguration({});

async function digests(url: string): Promise<ContentDigest[]> {
  const dataSource = await new DataSource(migrationOptions(url, configuration, SCHEMA)).initialize();
  try {
    return await contentDigests(dataSource.manager);
  } finally {
    await dataSource.destroy();
  }
}

describe('migrations on a large database', () => {
  it('run up, down and up again without changing any data', async () => {
    const database = await createTestDatabase();
    await fill(database.url, { conversations: 10, messages: 2_000 });
    const said = await digests(database.url);
    expect(said.map(({ messages }) => messages)).toEqual(said.map(() => 2_000));

    const started = performance.now();
    await migrate(database.url, configuration, CHANGED_SCHEMA);
    const schema = await catalogue(database.url);
    expect(await digests(database.url)).toEqual(said);

    const undone = await migrateDown(database.url, configuration, CHANGED_SCHEMA, { to: '1764000000000' });
    expect(undone).toHaveLength(CHANGED_SCHEMA.migrations.length - 1);
    expect(await catalogue(database.url)).not.toEqual(schema);
    expect(await digests(database.url)).toEqual(said);

    await migrate(database.url, configuration, CHANGED_SCHEMA);
    process.stdout.write(
      `up, down and up with 20,000 messages: ${Math.round(performance.now() - started)} ms\n`,
    );
    expect(await catalogue(database.url)).toEqual(schema);
    expect(await digests(database.url)).toEqual(said);
    await database.drop();
  }, 180_000);

  it('take the locks that the plan names', async () => {
    const database = await createTestDatabase({ empty: true });
    const seen: string[] = [];
    await withClient(database.url, async (client) => {
      const column = async (text: string): Promise<string[]> =>
        (await client.query<{ value: string }>(text)).rows.map((row) => row.value);
      for (const { name, statements, isTransactional } of await recordMigrations(CHANGED_SCHEMA.migrations)) {
        if (!isTransactional) continue;
        const present = await column(`select relname as value from pg_class where relkind = 'r'`);
        const indexes = new Map(
          (
            await client.query<{ index: string; table: string }>(
              `select indexrelid::regclass::text as index, indrelid::regclass::text as "table" from pg_index`,
            )
          ).rows.map(({ index, table }) => [index, table]),
        );
        await client.query('begin');
        for (const statement of statements) await client.query(statement);
        const held = await client.query<{ table: string; mode: string }>(
          `select c.relname as "table", upper(trim(regexp_replace(replace(l.mode, 'Lock', ''), '([A-Z])', ' \\1', 'g'))) as mode
           from pg_locks l join pg_class c on c.oid = l.relation
           where l.pid = pg_backend_pid() and c.relkind = 'r' and c.relnamespace = 'public'::regnamespace`,
        );
        await client.query('commit');
        const ofInterest = <T extends { table: string; mode: string }>(locks: T[]): string[] =>
          locks
            .filter(
              ({ table, mode }) => present.includes(table) && LOCK_MODES.some((known) => known === mode),
            )
            .map(({ table, mode }) => `${name}: ${mode} on ${table}`)
            .sort();
        const planned = statements.map((statement) =>
          locksOfStatement(statement, (index) => indexes.get(index)),
        );
        expect(planned).not.toContain(undefined);
        const foretold = ofInterest(strongestLocks(planned.flatMap((locks) => locks ?? [])));
        expect(foretold).toEqual(ofInterest(strongestLocks(held.rows as never)));
        seen.push(...foretold);
      }
    });
    expect(seen).toContain('UserNotes1999000000001: ACCESS EXCLUSIVE on users');
    await database.drop();
  });
});
