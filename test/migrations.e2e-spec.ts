import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { QueryRunner } from 'typeorm';
import { loadConfiguration } from '../src/platform/configuration/load-configuration';
import type { DatabaseSchema } from '../src/platform/database/database-options';
import { verifySchema } from '../src/platform/database/verify-schema';
import {
  dataMigrationProgress,
  pauseDataMigration,
  resumeDataMigration,
} from '../src/platform/migrations/data-migrations';
import { migrate, migrateDown, migrateUp } from '../src/platform/migrations/migrate';
import { planMigration } from '../src/platform/migrations/plan';
import type { Migration } from '../src/platform/migrations/recorded-migration';
import { withDirectSession } from '../src/platform/migrations/session';
import { SCHEMA } from '../src/schema';
import { CHANGED_SCHEMA, changedSchemaWithout, COUNT_TOUCHES } from './support/changed-schema';
import { createTestDatabase, withClient, type TestDatabase } from './support/databases';
import { fill } from './support/filled-database';

const configuration = loadConfiguration({});

describe('migrating', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
    await fill(database.url, { conversations: 2, messages: 200 });
  });
  afterAll(() => database.drop());

  const up = (schema: DatabaseSchema, options = {}) => migrate(database.url, configuration, schema, options);
  const inSession = <T>(work: (session: QueryRunner) => Promise<T>): Promise<T> =>
    withDirectSession(database.url, configuration, SCHEMA, work);
  const sql = async (text: string): Promise<Record<string, unknown>[]> =>
    withClient(database.url, async (client) => (await client.query(text)).rows);

  it('runs once when three begin at the same time on an empty database, also without a transaction', async () => {
    const empty = await createTestDatabase({ empty: true });
    const schema = changedSchemaWithout(COUNT_TOUCHES.name);
    const applied = await Promise.all([1, 2, 3].map(() => migrateUp(empty.url, configuration, schema)));
    expect(applied.map((names) => names.length).sort()).toEqual([0, 0, schema.migrations.length]);
    await empty.drop();
  });

  it('has the checksums of the sources in the build', async () => {
    const program = join(__dirname, '../dist/cli.js');
    const { status, stdout } = spawnSync(process.execPath, [program, 'migrate', 'verify', '--json'], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, DATABASE_URL: database.url },
    });
    expect({ status, ...JSON.parse(stdout) }).toMatchObject({ status: 0, ok: true, damage: [] });
  });

  it('is planned with its locks and about how many rows', async () => {
    const plan = await inSession((session) => planMigration(session, CHANGED_SCHEMA));
    expect(plan.migrations).toMatchObject([
      {
        name: 'UserNotes1999000000001',
        locks: [{ table: 'users', mode: 'ACCESS EXCLUSIVE', rows: 10, waiters: 'readers and writers wait' }],
      },
      {
        name: 'CreationIndex1999000000002',
        isTransactional: false,
        locks: [{ table: 'chat_messages', mode: 'SHARE UPDATE EXCLUSIVE', rows: 400 }],
      },
      { name: 'MessageTouches1999000000003', locks: [] },
      { name: 'EveryTouch1999000000005' },
    ]);
    expect(plan.dataMigrations).toMatchObject([{ name: COUNT_TOUCHES.name, state: 'pending' }]);
  });

  it('is left alone when the step before it fails', async () => {
    const pending: string[] = [];
    const beforeMigrating = async (names: readonly string[]): Promise<void> => {
      pending.push(...names);
      throw new Error('there is no room for a backup');
    };
    await expect(up(CHANGED_SCHEMA, { beforeMigrating })).rejects.toThrow('no room for a backup');
    expect(pending).toHaveLength(5);
    expect(await sql(`select from migration_ledger`)).toHaveLength(SCHEMA.migrations.length);
  });

  it('gives way when a lock is not free, names who holds it, and gives up in the end', async () => {
    const messages: string[] = [];
    await withClient(database.url, async (reader) => {
      await reader.query(`begin; set application_name = 'a long report'; select count(*) from users`);
      const attempt = up(CHANGED_SCHEMA, {
        patienceMs: 1_000,
        progress: (line: string) => messages.push(line),
      });
      await expect(attempt).rejects.toMatchObject({
        fault: 'migration-blocked',
        message: expect.stringMatching(/1999000000001-user-notes .*\(a long report\)/),
      });
      await reader.query('rollback');
    });
    expect(messages).toContainEqual(expect.stringMatching(/a lock was not free \(attempt 1\)/));
    expect(await sql(`select from migration_ledger`)).toHaveLength(SCHEMA.migrations.length);
  });

  it('waits with what comes after a data migration that is paused, and goes on where it was', async () => {
    await migrateUp(
      database.url,
      configuration,
      changedSchemaWithout(COUNT_TOUCHES.name, 'EveryTouch1999000000005'),
    );
    const interrupted: DatabaseSchema = {
      ...CHANGED_SCHEMA,
      dataMigrations: [
        {
          ...COUNT_TOUCHES,
          step: async (run, cursor, limit) => {
            const done = await COUNT_TOUCHES.step(run, cursor, limit);
            if (cursor !== null) throw new Error('interrupted in the second batch');
            return done;
          },
        },
      ],
    };
    await expect(up(interrupted)).rejects.toThrow('interrupted in the second batch');
    await inSession((session) => pauseDataMigration(session, COUNT_TOUCHES.name));
    expect(await up(CHANGED_SCHEMA)).toMatchObject({
      applied: [],
      dataMigrations: [{ name: COUNT_TOUCHES.name, state: 'paused', rows: 0 }],
      waiting: ['EveryTouch1999000000005'],
    });
    expect(await sql(`select from message_touches`)).toHaveLength(COUNT_TOUCHES.batchSize);
    await inSession((session) => resumeDataMigration(session, COUNT_TOUCHES.name, 100_000));
    expect(await up(CHANGED_SCHEMA)).toMatchObject({ applied: ['EveryTouch1999000000005'], waiting: [] });
    expect(await sql(`select times, count(*) from message_touches group by times`)).toEqual([
      { times: 1, count: '400' },
    ]);
    const [progress] = await inSession((session) => dataMigrationProgress(session, [COUNT_TOUCHES]));
    expect(progress).toEqual({ name: COUNT_TOUCHES.name, state: 'done', rowsDone: 400, rate: 100_000 });
    expect(await up(CHANGED_SCHEMA)).toMatchObject({ applied: [], dataMigrations: [], waiting: [] });
  });

  // Tests G29.
  it('leaves the release before it running, and refuses it once something was taken away', async () => {
    await verifySchema(database.url, configuration, SCHEMA);
    expect(await migrateUp(database.url, configuration, SCHEMA)).toEqual([]);
    await sql(`update migration_ledger set compat_version = 1999000000005 where name like 'EveryTouch%'`);
    const refusal = {
      fault: 'schema-too-new',
      message: expect.stringContaining('1999000000005-every-touch'),
    };
    await expect(verifySchema(database.url, configuration, SCHEMA)).rejects.toMatchObject(refusal);
    await expect(migrateUp(database.url, configuration, SCHEMA)).rejects.toMatchObject(refusal);
    await expect(migrateDown(database.url, configuration, SCHEMA)).rejects.toMatchObject(refusal);
    await sql(`update migration_ledger set compat_version = 1764000000000 where name like 'EveryTouch%'`);
  });

  it('builds a half-built index again', async () => {
    await sql(
      `update pg_index set indisvalid = false where indexrelid = 'chat_messages_created_idx'::regclass`,
    );
    await expect(verifySchema(database.url, configuration, CHANGED_SCHEMA)).rejects.toMatchObject({
      fault: 'schema-damaged',
    });
    expect(await up(CHANGED_SCHEMA)).toMatchObject({ mended: ['chat_messages_created_idx'] });
    await verifySchema(database.url, configuration, CHANGED_SCHEMA);
  });

  it('goes back one step, or to a migration, and says what cannot be taken back', async () => {
    const final: DatabaseSchema = {
      ...CHANGED_SCHEMA,
      migrations: CHANGED_SCHEMA.migrations.map((Class) =>
        Class.name.startsWith('UserNotes')
          ? withField(Class, { irreversible: 'the notes would be lost' })
          : Class,
      ),
    };
    await expect(
      migrateDown(database.url, configuration, final, { to: '1764000000021' }),
    ).rejects.toMatchObject({
      fault: 'migration-irreversible',
      message: expect.stringContaining('notes would be lost'),
    });
    expect(await migrateDown(database.url, configuration, CHANGED_SCHEMA)).toEqual([
      'EveryTouch1999000000005',
    ]);
    expect(
      await migrateDown(database.url, configuration, CHANGED_SCHEMA, { to: '1999000000001-user-notes' }),
    ).toEqual(['MessageTouches1999000000003', 'CreationIndex1999000000002']);
    await expect(migrateDown(database.url, configuration, CHANGED_SCHEMA, { to: 'nowhere' })).rejects.toThrow(
      'No migration "nowhere" is applied',
    );
  });

  it('leaves nothing of itself when it fails, and keeps the migrations before it', async () => {
    const failing = migrationOf('Failing1999000000009', ['create table half ()', 'select from nowhere']);
    const schema = { ...SCHEMA, migrations: [...SCHEMA.migrations, failing] };
    const other = await createTestDatabase();
    await expect(migrateUp(other.url, configuration, schema)).rejects.toMatchObject({
      fault: 'migration-failed',
      message: expect.stringMatching(/1999000000009-failing .*42P01.*It was rolled back/),
    });
    await withClient(other.url, async (client) => {
      expect((await client.query(`select to_regclass('half') as half`)).rows).toEqual([{ half: null }]);
    });
    await other.drop();
  });
});

function withField(Class: new () => Migration, fields: Partial<Migration>): new () => Migration {
  return class extends (Class as new () => object) {
    constructor() {
      super();
      Object.assign(this, fields);
    }
  } as new () => Migration;
}

function migrationOf(name: string, statements: string[]): new () => Migration {
  return class {
    name = name;
    up = async (runner: QueryRunner): Promise<void> => {
      for (const statement of statements) await runner.query(statement);
    };
    down = async (): Promise<void> => undefined;
  };
}
