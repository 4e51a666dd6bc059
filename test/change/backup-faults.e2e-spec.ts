import { randomBytes } from 'node:crypto';
import { chmodSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listBackups, type Backup } from '../../src/operations/backups/backup-folder';
import { createBackup } from '../../src/operations/backups/create-backup';
import { restoreBackup } from '../../src/operations/backups/restore-backup';
import { verifyBackup } from '../../src/operations/backups/verify-backup';
import { backupBench } from '../support/backup-bench';
import { createTestDatabase, withAdministrator, withClient, type TestDatabase } from '../support/databases';
import { fillWithMessages } from '../support/fill-with-messages';
import { until } from '../support/until';

describe('a backup or a restore with a fault', () => {
  const bench = backupBench();
  let database: TestDatabase;
  let backup: Backup;

  beforeAll(async () => {
    database = await createTestDatabase();
    await fillWithMessages(database.url, 60_000);
    backup = await createBackup(bench.context(database.url));
  });
  afterAll(async () => {
    await database.drop();
    bench.remove();
  });

  /** Ends the session that copies the messages, in the live database or in the restored one. */
  async function cutCopying(beside: string, isOver: () => boolean): Promise<void> {
    await withAdministrator((client) =>
      until('copying', async () => {
        const { rowCount } = await client.query(
          `select pg_terminate_backend(pid) from pg_stat_activity
           where starts_with(datname, $1) and query ilike 'copy public."chat_messages"%' and state = 'active'`,
          [`${database.name}${beside}`],
        );
        return rowCount! > 0 || isOver();
      }),
    );
  }
  const beside = async (): Promise<object[]> =>
    withAdministrator(
      async (client) =>
        (await client.query('select from pg_database where starts_with(datname, $1)', [`${database.name}_`]))
          .rows,
    );

  it('reports a connection that breaks during the copy, and leaves nothing behind', async () => {
    let isOver = false;
    const creating = createBackup(bench.context(database.url)).finally(() => (isOver = true));
    creating.catch(() => undefined);
    await cutCopying('', () => isOver);
    await expect(creating).rejects.toThrow(/terminat/i);
    expect(await listBackups(bench.folder)).toEqual([backup]);
    expect(readdirSync(bench.folder).filter((name) => name.startsWith('unfinished'))).toEqual([]);
  }, 120_000);

  it('reports a connection that breaks during the restore, and keeps the old data unchanged', async () => {
    let isOver = false;
    const restoring = restoreBackup(bench.context(database.url), backup, { force: true });
    restoring.catch(() => undefined).finally(() => (isOver = true));
    await cutCopying('_scratch_', () => isOver);
    await expect(restoring).rejects.toThrow(/terminat/i);
    expect(await beside()).toEqual([]);
    const { rows } = await withClient(database.url, (client) =>
      client.query(
        'select epoch, (select count(*)::integer from chat_messages) as count from database_state',
      ),
    );
    expect(rows).toEqual([{ epoch: 1, count: 60_000 }]);
  }, 120_000);

  it('names the missing grant for a user who cannot create databases', async () => {
    const role = `weak_${randomBytes(4).toString('hex')}`;
    const password = randomBytes(8).toString('hex');
    await withAdministrator((client) => client.query(`create role ${role} login password '${password}'`));
    const url = Object.assign(new URL(database.url), { username: role, password }).toString();
    await expect(verifyBackup(bench.context(url), backup)).rejects.toThrow(
      /may not create databases.*createdb/,
    );
    await withAdministrator((client) => client.query(`drop role ${role}`));
  });

  it('does not back up an empty database', async () => {
    const empty = await createTestDatabase({ empty: true });
    await expect(createBackup(bench.context(empty.url))).rejects.toThrow('there is nothing to back up');
    await empty.drop();
  });

  it('names a folder that it cannot use', async () => {
    const file = join(bench.folder, 'a-file');
    writeFileSync(file, '');
    chmodSync(file, 0o600);
    const environment = { BACKUP_DIR: join(file, 'backups') };
    await expect(createBackup(bench.context(database.url, { environment }))).rejects.toThrow(
      /a-file\/backups cannot be used .*BACKUP_DIR/,
    );
  });
});
