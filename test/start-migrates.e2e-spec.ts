import { isWhole, listBackups } from '../src/operations/backups/backup-folder';
import { loadConfiguration } from '../src/platform/configuration/load-configuration';
import { migrateDown } from '../src/platform/migrations/migrate';
import { SCHEMA } from '../src/schema';
import { startServer } from '../src/start';
import { backupBench } from './support/backup-bench';
import { createTestDatabase, type TestDatabase } from './support/databases';
import { fill } from './support/filled-database';

describe('a start that migrates', () => {
  const bench = backupBench();
  let database: TestDatabase;
  const environment = (): Record<string, string> => ({
    PORT: '0',
    HOST: '127.0.0.1',
    LOG_LEVEL: 'fatal',
    CANARY_INTERVAL_MS: '0',
    DATABASE_POOL_MAX: '5',
    AUTH_SECRET: 'a-secret-for-the-starts-of-this-test-0123456789',
    DATA_DIR: bench.folder,
    BACKUP_DIR: bench.folder,
    DATABASE_URL: database.url,
    MIGRATE_ON_START: 'true',
  });
  const start = async (options = {}): Promise<void> => {
    const server = await startServer(environment(), options);
    await server.stop();
  };
  const backups = async () => (await listBackups(bench.folder)).filter(isWhole);
  const takeBackTheLast = () => migrateDown(database.url, loadConfiguration({}), SCHEMA);
  const names = SCHEMA.migrations.map((migration) => new migration().name!);

  beforeAll(async () => {
    database = await createTestDatabase();
    await fill(database.url, { conversations: 1, messages: 10 });
  });
  afterAll(async () => {
    await database.drop();
    bench.remove();
  });

  it('makes no backup of a database with nothing in it', async () => {
    const filled = database;
    database = await createTestDatabase({ empty: true });
    await start();
    await database.drop();
    database = filled;
    expect(await backups()).toEqual([]);
  }, 60_000);

  it('backs up first and proves the backup, once for two that start together', async () => {
    await takeBackTheLast();
    await Promise.all([start(), start()]);
    expect(await backups()).toMatchObject([
      {
        manifest: { migrations: names.slice(0, -1), database: database.name },
        proof: { verifiedAt: expect.any(String) },
      },
    ]);
  }, 60_000);

  it('changes nothing when the backup cannot be made', async () => {
    const [backup] = await backups();
    await takeBackTheLast();
    const nowhere = { ...environment(), BACKUP_DIR: backup!.path };
    await expect(startServer(nowhere)).rejects.toThrow(/EEXIST|ENOTDIR/);
    await expect(startServer({ ...environment(), MIGRATE_ON_START: 'false' })).rejects.toMatchObject({
      fault: 'schema-too-old',
    });
  }, 60_000);

  it('does without one when it is left out by name', async () => {
    const before = await backups();
    await start({ backup: false });
    expect(await backups()).toEqual(before);
    expect(await takeBackTheLast()).toEqual(names.slice(-1));
  }, 60_000);
});
