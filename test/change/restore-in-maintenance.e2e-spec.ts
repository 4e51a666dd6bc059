import { createBackup } from '../../src/operations/backups/create-backup';
import { restoreBackup } from '../../src/operations/backups/restore-backup';
import { backupBench } from '../support/backup-bench';
import { createTestDatabase, withClient } from '../support/databases';

it('a restore does not change whether maintenance is on', async () => {
  const bench = backupBench();
  const database = await createTestDatabase();
  const context = bench.context(database.url);
  const sinceAfter = async (change: string): Promise<Date | null> => {
    const { rows } = await withClient(database.url, (client) =>
      client.query(`${change}; select maintenance_since from database_state`),
    ).then((results) => (results as unknown as { rows: { maintenance_since: Date | null }[] }[]).at(-1)!);
    return rows[0]!.maintenance_since;
  };
  const look = 'select';
  const replacing = { force: true, discard: true };

  const open = await createBackup(context);
  const since = await sinceAfter('update database_state set maintenance_since = now()');
  expect(since).toEqual(expect.any(Date));
  const closed = await createBackup(context);
  expect(await restoreBackup(context, open, replacing)).toMatchObject({ maintenanceSince: since });
  expect(await sinceAfter(look)).toEqual(since);
  await sinceAfter('update database_state set maintenance_since = null');
  expect(await restoreBackup(context, closed, replacing)).toMatchObject({ maintenanceSince: null });
  expect(await sinceAfter(look)).toBeNull();

  const empty = await createTestDatabase({ empty: true });
  const elsewhere = await restoreBackup(bench.context(empty.url), closed, {});
  expect(elsewhere.maintenanceSince).toBeNull();
  await empty.drop();
  await database.drop();
  bench.remove();
}, 180_000);
