import { createBackup } from '../../src/operations/backups/create-backup';
import { restoreBackup } from '../../src/operations/backups/restore-backup';
import { loadConfiguration } from '../../src/platform/configuration/load-configuration';
import { migrateUp } from '../../src/platform/migrations/migrate';
import { verifySchema } from '../../src/platform/database/verify-schema';
import { SCHEMA } from '../../src/schema';
import { backupBench } from '../support/backup-bench';
import { createTestDatabase, withClient } from '../support/databases';
import { fillWithMessages } from '../support/fill-with-messages';

describe('a backup of an older schema', () => {
  const bench = backupBench();
  const configuration = loadConfiguration({});
  const names = SCHEMA.migrations.map((migration) => new migration().name!);
  afterAll(() => bench.remove());

  it.each([1, names.length - 1])(
    'is restored unchanged after %i migrations, and migrated to the current schema',
    async (count) => {
      const old = await createTestDatabase({ empty: true });
      // The schema lacks parts that this program needs, so only the migrations are compared.
      await migrateUp(old.url, configuration, {
        entities: [],
        functions: [],
        dataMigrations: [],
        migrations: SCHEMA.migrations.slice(0, count),
      });
      await fillWithMessages(old.url, 500);
      const backup = await createBackup(bench.context(old.url));
      await old.drop();
      expect(backup.manifest.migrations).toEqual(names.slice(0, count));

      const target = await createTestDatabase({ empty: true });
      const restored = await restoreBackup(bench.context(target.url), backup, {});
      expect(restored).toMatchObject({ applied: names.slice(count), findings: [], epoch: 2 });
      await verifySchema(target.url, configuration, SCHEMA);
      const { rows } = await withClient(target.url, (client) =>
        client.query('select count(*)::integer as count from chat_messages'),
      );
      expect(rows).toEqual([{ count: 500 }]);
      await target.drop();
    },
    120_000,
  );

  it('keeps the rows of tables that no migration creates', async () => {
    const database = await createTestDatabase();
    await withClient(database.url, (client) =>
      client.query(`
        create table "Old messages" (id serial primary key, "said at" timestamptz(3) not null, body text, tags text[]);
        insert into "Old messages" ("said at", body, tags) values
          ('2020-02-02 02:02:02.2+00', E'a\\tb\\\\', '{x,"y z"}'), (now(), null, null)`),
    );
    const read = async () =>
      (await withClient(database.url, (client) => client.query('select * from "Old messages" order by id')))
        .rows;
    const before = await read();
    const context = bench.context(database.url);
    const backup = await createBackup(context);
    await withClient(database.url, (client) => client.query('drop table "Old messages"'));
    await restoreBackup(context, backup, { force: true, discard: true });
    expect(await read()).toEqual(before);
    await database.drop();
  }, 120_000);
});
