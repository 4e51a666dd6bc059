import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ChildProcess } from 'node:child_process';
import { listBackups } from '../../src/operations/backups/backup-folder';
import { sideDatabasePrefix } from '../../src/operations/backups/side-databases';
import { createBackup } from '../../src/operations/backups/create-backup';
import { verifyBackup } from '../../src/operations/backups/verify-backup';
import { backupBench } from '../support/backup-bench';
import {
  createTestDatabase,
  databaseUrl,
  withAdministrator,
  withClient,
  type TestDatabase,
} from '../support/databases';
import { fillWithMessages } from '../support/fill-with-messages';
import { until } from '../support/until';
import { runCommand, startCommand } from '../support/xfchat-command';

const MESSAGES = 60_000;

describe('a killed backup command', () => {
  const bench = backupBench();
  let database: TestDatabase;
  let environment: Record<string, string>;

  beforeAll(async () => {
    database = await createTestDatabase();
    await fillWithMessages(database.url, MESSAGES);
    environment = { DATABASE_URL: database.url, BACKUP_DIR: bench.folder };
  });
  afterAll(async () => {
    await database.drop();
    bench.remove();
  });

  const kill = async (child: ChildProcess): Promise<void> => {
    child.kill('SIGKILL');
    await until('its end', () => child.signalCode ?? child.exitCode !== null);
    expect(child.signalCode).toBe('SIGKILL');
  };
  const databasesBeside = (): Promise<string[]> =>
    withAdministrator(async (client) => {
      const { rows } = await client.query<{ datname: string }>(
        'select datname from pg_database where starts_with(datname, $1) order by 1',
        [`${database.name}_`],
      );
      return rows.map(({ datname }) => datname);
    });
  const state = () =>
    withClient(database.url, async (client) => {
      const { rows } = await client.query<{ messages: number; last: string; epoch: number }>(
        `select count(*)::integer as messages, max(body) filter (where seq = ${MESSAGES}) as last,
           (select epoch from database_state) as epoch from chat_messages`,
      );
      return rows[0]!;
    });

  it('leaves no entry in the list when it was creating a backup, and the next command succeeds', async () => {
    const child = startCommand(environment, 'backup', 'create', '--portable');
    await until(
      'the file',
      () => readdirSync(bench.folder).find((name) => name.startsWith('unfinished-')),
      60_000,
    );
    await kill(child);
    expect(await listBackups(bench.folder)).toEqual([]);
    const made = runCommand(environment, 'backup', 'create', '--portable');
    expect(made.status).toBe(0);
    expect((await listBackups(bench.folder)).map(({ path }) => path)).toEqual([made.answer.path]);
    rmSync(
      join(
        bench.folder,
        readdirSync(bench.folder).find((name) => name.startsWith('unfinished-'))!,
      ),
    );
  }, 180_000);

  it('leaves either the old or the new data when it was restoring, and the next command succeeds', async () => {
    const backup = await createBackup(bench.context(database.url));
    await withClient(database.url, (client) =>
      client.query(`update chat_messages set body = 'not in the backup' where seq = ${MESSAGES}`),
    );
    const old = await state();
    const inScratch = async (condition: string): Promise<boolean> => {
      const [name] = await databasesBeside();
      if (!name?.includes('_scratch_')) return false;
      const ask = withClient(
        databaseUrl(name),
        async (client) => (await client.query(`select ${condition} as met`)).rows,
      );
      const [row] = (await ask.catch(() => [])) as { met: boolean }[];
      return row?.met ?? false;
    };
    // A query of the table itself would wait for the end of the copy.
    const isCopying = (): Promise<boolean> =>
      withAdministrator(async (client) => {
        const { rowCount } = await client.query(
          `select from pg_stat_activity where starts_with(datname, $1) and query ilike 'copy public."chat_messages"%'`,
          [sideDatabasePrefix(database.name, 'scratch')],
        );
        return rowCount === 1;
      });
    const moments: [string, () => Promise<boolean>][] = [
      ['the database beside is there', async () => (await databasesBeside()).length > 0],
      ['it has tables', () => inScratch(`to_regclass('chat_messages') is not null`)],
      ['rows are coming in', isCopying],
      ['they are committed', () => inScratch('exists (select from chat_messages)')],
    ];
    for (const [moment, hasCome] of moments) {
      const child = startCommand(
        environment,
        'backup',
        'restore',
        backup.manifest.id,
        '--confirm',
        database.name,
      );
      await until(moment, async () => child.exitCode !== null || hasCome(), 120_000);
      await kill(child);
      expect({ moment, ...(await state()) }).toEqual({ moment, ...old });
    }
    expect(await databasesBeside()).toHaveLength(1);
    await verifyBackup(bench.context(database.url), backup);
    expect(await databasesBeside()).toEqual([]);

    // Kill it at the moment of the switch: the data must be all old or all new.
    const child = startCommand(
      environment,
      'backup',
      'restore',
      backup.manifest.id,
      '--confirm',
      database.name,
    );
    await until(
      'the new epoch',
      async () => child.exitCode !== null || inScratch('(select epoch > 1 from database_state)'),
      120_000,
    );
    child.kill('SIGKILL');
    await until('its end', () => child.signalCode ?? child.exitCode !== null);
    const after = await state();
    if (after.epoch === 1) expect(after).toEqual(old);
    else expect(after).toMatchObject({ messages: MESSAGES, last: expect.stringMatching(/^message /) });
    const restored = runCommand(
      environment,
      'backup',
      'restore',
      backup.manifest.id,
      '--confirm',
      database.name,
      '--discard',
    );
    expect(restored).toMatchObject({ status: 0, answer: { epoch: after.epoch + 1, findings: [] } });
    expect(await databasesBeside()).toEqual([]);
    expect(await state()).toMatchObject({ messages: MESSAGES, last: expect.stringMatching(/^message /) });
  }, 300_000);
});
