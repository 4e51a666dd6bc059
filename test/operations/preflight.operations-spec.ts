import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfiguration } from '../../src/platform/configuration/load-configuration';
import type { Ground } from '../../src/operations/preflight/checklist';
import { checkLatency } from '../../src/operations/preflight/database-checks';
import {
  createTestDatabase,
  databaseUrl,
  withAdministrator,
  withClient,
  type TestDatabase,
} from '../support/databases';
import { FakeServer, servePrometheus } from '../support/fake-servers';
import { FaultProxy } from '../support/fault-proxy';
import { commandOf, type CommandResult } from '../support/xfchat-command';

const RULES = ['XfchatDown', 'XfchatErrors'];

/** A healthy system, and the red check after each defect. */
describe('xfchat preflight', () => {
  const directory = mkdtempSync(join(tmpdir(), 'xfchat-preflight-'));
  const rulesFile = join(directory, 'alerts.yml');
  const servers: FakeServer[] = [];
  let database: TestDatabase;
  let environment: Record<string, string>;
  let prometheus: string;

  const file = (name: string, content: object | string): string => {
    const path = join(directory, name);
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  };
  const results = (name: string, content: object): string =>
    file(name, { success: true, numPassedTests: 700, numFailedTests: 0, startTime: Date.now(), ...content });
  const rules = async (...loaded: { name: string; health?: string; state?: string }[]): Promise<string> => {
    const server = await servePrometheus(loaded);
    servers.push(server);
    return server.url;
  };
  /** The disk of this machine is not under test. A full disk would be a no-go of its own. */
  const ROOM = ['--disk-free', '0.01'];

  beforeAll(async () => {
    database = await createTestDatabase();
    environment = {
      DATABASE_URL: database.url,
      DATA_DIR: directory,
      BACKUP_DIR: join(directory, 'backups'),
      DATABASE_POOL_MAX: '10',
    };
    file('alerts.yml', RULES.map((name) => `      - alert: ${name}\n        expr: up == 0\n`).join(''));
    prometheus = await rules(...RULES.map((name) => ({ name })));
    expect(await commandOf(environment, 'backup', 'create')).toMatchObject({ status: 0 });
    expect(await commandOf(environment, 'drill')).toMatchObject({ status: 0 });
  }, 120_000);
  afterAll(async () => {
    for (const server of servers) await server.close();
    await database.drop();
    rmSync(directory, { recursive: true, force: true });
  });

  /** Later arguments override the ones of the healthy system. */
  const preflight = (over: Record<string, string> = {}, ...words: string[]): Promise<CommandResult> =>
    commandOf(
      { ...environment, ...over },
      ...['preflight', '--alert-rules', rulesFile, '--prometheus', prometheus, ...ROOM],
      ...['--test-results', results('results.json', {}), ...words],
    );
  const withStatus = ({ answer }: CommandResult, status: string): { name: string; evidence: string }[] =>
    answer.checks.filter((check: { status: string }) => check.status === status);

  it('says go, with evidence for each check, and exits with 0', async () => {
    const result = await preflight();
    expect({ status: result.status, answer: result.answer }).toMatchObject({
      status: 0,
      answer: { go: true },
    });
    expect(result.answer.checks.map(({ name }: { name: string }) => name)).toEqual([
      ...['configuration', 'database', 'latency', 'pool', 'redis', 'migrations', 'rollback', 'backup'],
      ...['integrity', 'disk', 'flags', 'alerts', 'tests'],
    ]);
    const evidence = Object.fromEntries(
      withStatus(result, 'green').map((check) => [check.name, check.evidence]),
    );
    expect(evidence).toMatchObject({
      configuration: 'valid, for development',
      database: expect.stringMatching(/^PostgreSQL \d+\.\d+, takes writes/),
      latency: expect.stringMatching(/^25 statements took \d+\.\d ms in the middle/),
      pool: expect.stringMatching(/^1 × \(10 \+ 2 beside the pool\) = 12 connections, of \d+/),
      migrations: expect.stringMatching(/^all \d+ are applied .* complete$/),
      rollback: expect.stringMatching(/rehearsed up, down and up .*: \d{13}-\S+ reverted$/),
      backup: expect.stringMatching(/^xfchat-\S+ is 0\.0 h old, verified by restoring it at /),
      flags: 'no FLAGS_FILE: one-write-per-turn on',
      alerts: 'all 2 rules are loaded, and none fires',
      tests: expect.stringMatching(/^700 tests passed at /),
    });
  }, 60_000);

  it('leaves some checks to people, until they confirm them', async () => {
    const bare = ['preflight', ...ROOM];
    const open = await commandOf(environment, ...bare);
    expect(withStatus(open, 'red')).toEqual([]);
    expect(withStatus(open, 'person').map(({ name }) => name)).toEqual(['alerts', 'tests']);
    expect({ status: open.status, go: open.answer.go }).toEqual({ status: 31, go: false });
    const vouched = await commandOf(environment, ...bare, '--confirm', 'alerts', 'tests');
    expect({ status: vouched.status, go: vouched.answer.go }).toEqual({ status: 0, go: true });
    expect(vouched.answer.checks.at(-1).evidence).toMatch(/^confirmed by a person/);
    expect(await commandOf(environment, ...bare, '--confirm', 'weather')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('There is no check "weather"'),
    });
  }, 60_000);

  /** A defect, the check that names it, and its repair. */
  type Defect = [name: string, evidence: RegExp, provoke: () => Promise<CommandResult>];
  const sql = (text: string): Promise<unknown> => withClient(database.url, (client) => client.query(text));
  const during = async (harm: string, mend: string, work = preflight): Promise<CommandResult> => {
    await sql(harm);
    try {
      return await work();
    } finally {
      await sql(mend);
    }
  };

  const defects: Defect[] = [
    ['pool', /1000 × \(10 \+ 2 beside the pool\)/, () => preflight({ INSTANCES: '1000' })],
    [
      'migrations',
      /edited after they had been applied: 1764000000020-maintenance/,
      () =>
        during(
          `update migration_ledger set checksum = 'x' || checksum where name like 'Maintenance%'`,
          `update migration_ledger set checksum = substr(checksum, 2) where name like 'Maintenance%'`,
        ),
    ],
    ['rollback', /may not create databases/, () => asRoleThatMayNotCreateDatabases()],
    [
      'backup',
      /elsewhere has no backup of this/,
      () => preflight({ BACKUP_DIR: join(directory, 'elsewhere') }),
    ],
    [
      'integrity',
      /broken in 1 places, such as /,
      () =>
        during(
          `insert into conversations (id, type, title, created_by, last_seq) values ('00000000-0000-7000-8000-000000000001', 'group', 'a', null, 3)`,
          `delete from conversations where id = '00000000-0000-7000-8000-000000000001'`,
        ),
    ],
    ['disk', /100 % must be free/, () => preflight({}, '--disk-free', '100')],
    [
      'flags',
      /must have required property 'variants'/,
      () => preflight({ FLAGS_FILE: file('flags.json', { flags: { a: { state: 'ON' } } }) }),
    ],
    [
      'alerts',
      /lacks rules of this release: XfchatErrors/,
      async () => preflight({}, '--prometheus', await rules({ name: 'XfchatDown' })),
    ],
    [
      'tests',
      /^2 tests and 1 files failed/,
      () =>
        preflight(
          {},
          '--test-results',
          results('failed.json', { success: false, numFailedTests: 2, numFailedTestSuites: 1 }),
        ),
    ],
  ];

  it.each(defects)(
    'says no-go for %s: %s',
    async (name, evidence, provoke) => {
      const result = await provoke();
      expect({ status: result.status, stderr: result.stderr, go: result.answer.go }).toEqual({
        status: 30,
        stderr: '',
        go: false,
      });
      expect(withStatus(result, 'red')).toEqual([
        { name, status: 'red', evidence: expect.stringMatching(evidence) },
      ]);
    },
    60_000,
  );

  /** Run only this check, because the others would send so many queries that the test took minutes. */
  it('is red for latency when the database is far away', async () => {
    const proxy = await FaultProxy.inFrontOf(database.url);
    proxy.set('delay');
    try {
      const configuration = loadConfiguration({});
      const finding = await checkLatency({ url: proxy.url, configuration } as Ground);
      expect(finding).toEqual({
        status: 'red',
        evidence: expect.stringMatching(/^25 statements took [2-9]\d\d\.\d ms in the middle/),
      });
    } finally {
      await proxy.close();
    }
  }, 60_000);

  it.each<[name: string, evidence: RegExp, environment: () => Record<string, string>]>([
    ['configuration', /INSTANCES/, () => ({ INSTANCES: '0' })],
    [
      'configuration',
      /ignores DATABASE_REPLICA_URLS/,
      () => ({ DATABASE_REPLICA_URLS: 'postgres://replica' }),
    ],
    ['database', /did not answer \(ECONNREFUSED\)/, () => ({ DATABASE_URL: 'postgres://x:y@127.0.0.1:1/x' })],
    ['database', /does not exist/, () => ({ DATABASE_URL: databaseUrl('nowhere') })],
  ])('says no-go for %s: %s, before the checks that depend on it', async (name, evidence, over) => {
    const result = await preflight(over());
    expect(result).toMatchObject({ status: 30, stderr: '', answer: { go: false } });
    const [first] = withStatus(result, 'red');
    expect(first).toMatchObject({ name, evidence: expect.stringMatching(evidence) });
    expect(result.answer.checks).toHaveLength(13);
  });

  /** The role has every right within the database, and no other. */
  async function asRoleThatMayNotCreateDatabases(): Promise<CommandResult> {
    const role = `${database.name}_role`;
    await withAdministrator((client) => client.query(`create role ${role} login password 'pw'`));
    for (const kind of ['tables', 'sequences', 'functions'])
      await sql(`grant all on all ${kind} in schema public to ${role}`);
    const url = new URL(database.url);
    [url.username, url.password] = [role, 'pw'];
    try {
      return await preflight({ DATABASE_URL: url.toString() }, '--confirm', 'disk');
    } finally {
      await sql(`drop owned by ${role}`);
      await withAdministrator((client) => client.query(`drop role ${role}`));
    }
  }
});
