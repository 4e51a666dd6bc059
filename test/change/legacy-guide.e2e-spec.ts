import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, withClient, type TestDatabase } from '../support/databases';
import { makeLegacyDatabase } from '../support/legacy-database';
import { SEED } from '../support/random';

const ROOT = join(__dirname, '../..');
const GUIDE = readFileSync(join(ROOT, 'docs/legacy-import.md'), 'utf8');

const blocksOf = (language: string): string[] =>
  [...GUIDE.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map((block) => block[1]!);
const COMMANDS = blocksOf('sh').flatMap((block) => block.split('\n').flatMap((line) => line.trim() || []));

interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

describe(`the guide to the import (SEED=${SEED})`, () => {
  let database: TestDatabase;
  let backups: string;

  beforeAll(async () => {
    database = await createTestDatabase({ empty: true });
    backups = mkdtempSync(join(tmpdir(), 'xfchat-backups-'));
    await withClient(database.url, async (client) => {
      await makeLegacyDatabase(client, {
        seed: SEED,
        messages: 300,
        schema: 'public',
        shape: 'A',
        uniqueVersions: true,
      });
      await client.query(`update users set username = 'ada' where email = 'person9@example.org'`);
    });
  });
  afterAll(async () => {
    await database.drop();
    rmSync(backups, { recursive: true, force: true });
  });

  /** Runs a command of the guide as it is typed into a shell. */
  function run(command: string): Run {
    const [npx, xfchat, ...words] = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(
      (match) => match[1] ?? match[2]!,
    );
    expect([npx, xfchat]).toEqual(['npx', 'xfchat']);
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, 'dist/cli.js'), ...words], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, DATABASE_URL: database.url, BACKUP_DIR: backups },
    });
    return { status, stdout, stderr };
  }
  const commandsWith = (words: string): string => {
    const found = COMMANDS.filter((command) => command.includes(words));
    expect(found).toHaveLength(1);
    return found[0]!;
  };

  it('leads command by command from old tables in "public" to the archive', async () => {
    const migrate = commandsWith('migrate up');
    const refused = run(migrate);
    expect(refused.status).toBe(28);
    const statements = blocksOf('sql')[0]!
      .split('\n')
      .flatMap((line) => line.trim() || []);
    for (const statement of statements) expect(refused.stderr).toContain(statement);
    await withClient(database.url, (client) => client.query(statements.join(' ')));
    expect(run(migrate)).toMatchObject({ status: 0 });

    const steps = ['legacy import', 'legacy verify', 'xfchat check', 'legacy rollback'].map(commandsWith);
    for (const step of steps) expect({ step, ...run(step) }).toMatchObject({ step, status: 0 });
    for (const step of steps.slice(0, 2)) expect(run(step).status).toBe(0);
    const archive = commandsWith('legacy archive');
    expect(run(archive)).toMatchObject({ status: 1, stderr: expect.stringContaining('0 days ago') });
    await withClient(database.url, (client) =>
      client.query(`update legacy_imports set verified_at = now() - interval '31 days'`),
    );
    expect(run(archive)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('No backup was verified'),
    });
    const proof = ['backup create', 'drill'].map(commandsWith);
    for (const command of [...proof, archive])
      expect({ command, ...run(command) }).toMatchObject({ status: 0 });
    expect(new Set(COMMANDS)).toEqual(new Set([migrate, ...steps, ...proof, archive]));
  }, 600_000);

  it('has commands that explain themselves with --help, and that fail with a clear message without secrets', () => {
    for (const command of ['import', 'verify', 'rollback', 'archive'])
      expect(run(`npx xfchat legacy ${command} --help`)).toMatchObject({
        status: 0,
        stdout: expect.stringMatching(/--schema[\s\S]*--source-url[\s\S]*--json/),
      });
    for (const where of ['', '--schema legacy --source-url postgres://x:geheim@127.0.0.1:1/none']) {
      const { status, stdout, stderr } = run(`npx xfchat legacy verify ${where}`);
      expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
      expect(stderr).toContain('either --schema NAME or --source-url URL');
    }
    const unreachable = run(`npx xfchat legacy import --source-url postgres://x:geheim@127.0.0.1:1/none`);
    expect(unreachable.status).toBe(1);
    expect(unreachable.stdout + unreachable.stderr).not.toContain('geheim');
  }, 600_000);
});
