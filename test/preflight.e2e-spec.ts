import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { createBackup } from '../src/operations/backups/create-backup';
import { sealManifest } from '../src/operations/backups/manifest';
import { verifyBackup } from '../src/operations/backups/verify-backup';
import { loadConfiguration } from '../src/platform/configuration/load-configuration';
import { migrationOptions } from '../src/platform/database/database-options';
import { verifyDatabase } from '../src/platform/database/verify-database';
import { migrateDown } from '../src/platform/migrations/migrate';
import type { ChecklistItem, Surroundings, PreflightOptions } from '../src/operations/preflight/checklist';
import { CHECK_NAMES, confirm, cutShort, preflight } from '../src/operations/preflight/preflight';
import { SCHEMA } from '../src/schema';
import { createTestDatabase, withClient, type TestDatabase } from './support/databases';
import { FakeServer, servePrometheus } from './support/fake-servers';

/** Tests the checklist itself. `npm run test:operations` runs it as a command, with one defect at a time. */
describe('the checklist before a deployment', () => {
  const directory = mkdtempSync(join(tmpdir(), 'xfchat-checklist-'));
  const servers: FakeServer[] = [];
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(async () => {
    for (const server of servers) await server.close();
    await database.drop();
    rmSync(directory, { recursive: true });
  });

  const file = (name: string, content: string): string => {
    writeFileSync(join(directory, name), content);
    return join(directory, name);
  };
  const prometheus = async (
    ...rules: { name: string; state?: string; health?: string }[]
  ): Promise<string> => {
    servers.push(await servePrometheus(rules));
    return servers.at(-1)!.url;
  };
  async function on(
    environment: Record<string, string>,
    options: Partial<PreflightOptions>,
    work: (ground: Surroundings) => Promise<ChecklistItem[]>,
  ): Promise<ChecklistItem[]> {
    const { url } = database;
    const configuration = loadConfiguration({
      BACKUP_DIR: directory,
      DATABASE_POOL_MAX: '10',
      ...environment,
    });
    const facts = await verifyDatabase(url, configuration, () => undefined);
    const dataSource = await new DataSource(migrationOptions(url, configuration, SCHEMA)).initialize();
    try {
      return await work({
        ...{ url, configuration, facts, dataSource },
        isEmbedded: false,
        schema: SCHEMA,
        options: {
          alertRules: file('alerts.yml', '- alert: Down\n- alert: "Slow"\n'),
          diskFree: 0.01,
          ...options,
        },
        progress: () => undefined,
      });
    } finally {
      await dataSource.destroy();
    }
  }
  const withStatus = (checks: ChecklistItem[], status: string): Record<string, string> =>
    Object.fromEntries(
      checks.filter((check) => check.status === status).map(({ name, evidence }) => [name, evidence]),
    );
  const preflightOf =
    (...names: string[]) =>
    (ground: Surroundings): Promise<ChecklistItem[]> =>
      preflight(ground, names);
  const rules = [{ name: 'Down' }, { name: 'Slow' }];

  it('is green where all is well, but for what only a person can say', async () => {
    const checks = await on({}, {}, async (ground) => {
      const context = { ...ground, isEmbedded: true, warn: () => undefined };
      const backup = await createBackup(context);
      const [unproven] = await preflight(ground, ['backup']);
      expect(unproven).toMatchObject({
        status: 'red',
        evidence: expect.stringContaining('none was verified'),
      });
      await verifyBackup(context, backup);
      const begunAt = new Date(Date.parse(backup.manifest.begunAt) - 27 * 3_600_000).toISOString();
      writeFileSync(`${backup.base}.json`, sealManifest({ ...backup.manifest, begunAt }));
      const [old] = await preflight(ground, ['backup']);
      writeFileSync(`${backup.base}.json`, sealManifest(backup.manifest));
      expect(old).toMatchObject({ status: 'red', evidence: expect.stringMatching(/ is 27\.0 h old: `npx/) });
      return preflight(ground);
    });
    expect(withStatus(checks, 'red')).toEqual({});
    expect(Object.keys(withStatus(checks, 'person'))).toEqual(['alerts', 'tests']);
    expect(confirm(checks, ['alerts', 'tests']).every(({ status }) => status === 'green')).toBe(true);
    expect(['configuration', ...checks.map(({ name }) => name)]).toEqual(CHECK_NAMES);
  });

  it('reads Prometheus and the test results when they are configured', async () => {
    const testResults = file(
      'good.json',
      JSON.stringify({ success: true, numPassedTests: 9, startTime: Date.now() }),
    );
    const options = { prometheus: await prometheus(...rules), testResults };
    const checks = await on({}, options, preflightOf('alerts', 'tests'));
    expect(withStatus(checks, 'green')).toMatchObject({
      alerts: 'all 2 rules are loaded, and none fires',
      tests: expect.stringMatching(/^9 tests passed at /),
    });
  });

  it('names every fault, and continues with the later checks', async () => {
    await withClient(database.url, (client) =>
      client.query(`update migration_ledger set checksum = 'x' || checksum where name like 'Maintenance%'`),
    );
    const harm = {
      INSTANCES: '1000',
      BACKUP_DIR: join(directory, 'elsewhere'),
      FLAGS_FILE: file('flags.json', '{"flags":'),
    };
    const failed = { success: false, numFailedTests: 2, numFailedTestSuites: 1, startTime: 0 };
    const options = {
      prometheus: await prometheus({ name: 'Down' }),
      testResults: file('bad.json', JSON.stringify(failed)),
      diskFree: 100,
    };
    const checks = await on(harm, options, preflight);
    await withClient(database.url, (client) =>
      client.query(
        `update migration_ledger set checksum = substr(checksum, 2) where name like 'Maintenance%'`,
      ),
    );
    expect(withStatus(checks, 'red')).toMatchObject({
      pool: expect.stringContaining('12000 connections'),
      migrations: expect.stringContaining('1764000000020-maintenance'),
      backup: expect.stringContaining('has no backup of this'),
      disk: expect.stringContaining('100 % must be free'),
      flags: expect.any(String),
      alerts: expect.stringContaining('lacks rules of this release: Slow'),
      tests: expect.stringContaining('2 tests and 1 files failed'),
    });
    expect(confirm(checks, ['pool'])).toEqual(checks);
  });

  it('is red when Prometheus does not answer, is another program, or there are no test results', async () => {
    const gone = await FakeServer.start(() => undefined);
    await gone.close();
    const other = await FakeServer.start((_request, response) => response.end('<html>'));
    servers.push(other);
    const alerts = (url: string) => on({}, { prometheus: url }, preflightOf('alerts'));
    expect((await alerts(gone.url))[0]!.evidence).toBe(
      `${gone.url}/api/v1/rules does not answer (ECONNREFUSED)`,
    );
    expect((await alerts(other.url))[0]!.evidence).toBe(
      `${other.url}/api/v1/rules answers 200 without rules`,
    );
    const [tests] = await on({}, { testResults: '/no/results.json' }, preflightOf('tests'));
    expect(tests).toMatchObject({
      status: 'red',
      evidence: expect.stringMatching(/^ENOENT: .*\/no\/results.json'$/),
    });
  });

  it.each<[string, { name: string; state?: string; health?: string }, string]>([
    ['firing', { name: 'Down', state: 'firing' }, 'firing: Down'],
    ['broken', { name: 'Down', health: 'err' }, 'cannot be evaluated: Down'],
  ])('is red while a rule is %s', async (_what, rule, evidence) => {
    const url = await prometheus(rule, { name: 'Slow' });
    const [check] = await on({}, { prometheus: url }, preflightOf('alerts'));
    expect(check).toMatchObject({ status: 'red', evidence: expect.stringContaining(evidence) });
  });

  it('is red for a flag that this version does not know, and for a migration that was not finished', async () => {
    const flag = { state: 'ENABLED', variants: { on: true }, defaultVariant: 'on' };
    const FLAGS_FILE = file('unknown.json', JSON.stringify({ flags: { 'no-such-flag': flag } }));
    const [flags] = await on({ FLAGS_FILE }, {}, preflightOf('flags'));
    expect(flags).toMatchObject({ status: 'red', evidence: expect.stringContaining('no-such-flag') });

    const last = `'OldPasswordHashes1764000000031'`;
    const sql = (text: string) => withClient(database.url, (client) => client.query(text));
    await sql(`delete from migrations where name = ${last}`);
    await sql(`update migration_ledger set applied_at = null where name = ${last}`);
    const [migrations] = await on({}, {}, preflightOf('migrations'));
    await sql(`update migration_ledger set applied_at = now() where name = ${last}`);
    await sql(`insert into migrations (timestamp, name) values (1764000000031, ${last})`);
    expect(migrations).toMatchObject({
      status: 'red',
      evidence: expect.stringContaining('started and not finished: 1764000000031-old-password-hashes'),
    });
  });

  it('leaves to a person what cannot be seen, and says which migrations are to come', async () => {
    await migrateDown(database.url, loadConfiguration({}), SCHEMA);
    const pooled = await on(
      { DIRECT_DATABASE_URL: database.url, DATABASE_POOLER: 'transaction' },
      {},
      preflightOf('pool', 'migrations', 'rollback'),
    );
    expect(withStatus(pooled, 'person').pool).toContain('behind a pooler');
    expect(withStatus(pooled, 'green')).toMatchObject({
      migrations: expect.stringMatching(/^1 to apply: \d{13}-/),
      rollback: expect.stringMatching(/: \d{13}-\S+ reverted$/),
    });
  });

  it('ends at a fault that makes the later checks impossible', () => {
    const checks = cutShort([{ name: 'configuration', status: 'red', evidence: 'PORT' }]);
    expect(checks.map(({ name }) => name)).toEqual(CHECK_NAMES);
    expect(checks.at(-1)).toEqual({
      name: 'tests',
      status: 'red',
      evidence: 'not checked: configuration must be green first',
    });
  });
});
