import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { loadConfiguration } from '../src/platform/configuration/load-configuration';
import { databaseOptions } from '../src/platform/database/database-options';
import { migrateDown, migrateUp } from '../src/platform/migrations/migrate';
import { SCHEMA } from '../src/schema';
import { catalogue } from './support/catalogue';
import { createTestDatabase, withClient, type TestDatabase } from './support/databases';
import { differencesOf, readShape } from '../src/platform/database/schema-shape';
import { schemaShapeText, schemaText } from './support/schema-text';

describe('the schema', () => {
  const configuration = loadConfiguration({});
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = await new DataSource(databaseOptions(database.url, configuration, SCHEMA)).initialize();
  });
  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  const differences = async (): Promise<string[]> =>
    (await dataSource.driver.createSchemaBuilder().log()).upQueries.map((entry) => entry.query);

  it('is what the entities say, and a difference would be seen', async () => {
    expect(await differences()).toEqual([]);
    await dataSource.query('alter table users add column forgotten text');
    expect(await differences()).toHaveLength(1);
    await dataSource.query('alter table users drop column forgotten');
  });

  it('comes back the same after down and up', async () => {
    const other = await createTestDatabase();
    const before = await catalogue(other.url);
    const names = SCHEMA.migrations.map((Migration) => Migration.name).reverse();
    expect(await migrateDown(other.url, configuration, SCHEMA)).toEqual(names.slice(0, 1));
    expect(await migrateDown(other.url, configuration, SCHEMA, { to: '0' })).toEqual(names.slice(1));
    expect(await catalogue(other.url)).toEqual([]);
    expect(await migrateUp(other.url, configuration, SCHEMA)).toHaveLength(SCHEMA.migrations.length);
    expect(await catalogue(other.url)).toEqual(before);
    await other.drop();
  });

  it('is summed up in schema-shape.json (npm run schema)', async () => {
    const written = readFileSync(join(__dirname, '../src/migrations/schema-shape.json'), 'utf8');
    expect(await schemaShapeText(database.url)).toBe(written);
  });

  it.each([
    ['column users.created_at', 'differs', 'alter table users alter created_at drop default'],
    ['column users.username', 'differs', 'alter table users alter username drop not null'],
    ['column users.status', 'missing', 'alter table users drop column status'],
    ['index sessions_user_idx', 'missing', 'drop index sessions_user_idx'],
    [
      'index sessions_user_idx',
      'differs',
      'drop index sessions_user_idx; create index sessions_user_idx on sessions (created_at)',
    ],
    ['constraint blocks_self_check', 'missing', 'alter table blocks drop constraint blocks_self_check'],
    [
      'constraint blocks_self_check',
      'differs',
      `alter table blocks drop constraint blocks_self_check;
       alter table blocks add constraint blocks_self_check check (blocker_id <> blocked_id) not valid`,
    ],
    ['sequence list_positions', 'differs', 'alter sequence list_positions increment 2'],
    [
      'function next_list_position()',
      'differs',
      'create or replace function next_list_position() returns bigint language sql as $$ select 1::bigint $$',
    ],
    ['trigger chat_messages', 'differs', 'alter table chat_messages disable trigger user'],
  ])('has damage that its shape names: %s %s', async (object, kind, damage) => {
    const runner = dataSource.createQueryRunner();
    await runner.startTransaction();
    try {
      expect(differencesOf(SCHEMA.shape!, await readShape(runner))).toEqual([]);
      await runner.query(damage);
      const found = differencesOf(SCHEMA.shape!, await readShape(runner));
      expect(found).toContainEqual({
        object: expect.stringMatching(`^${object.replace(/[()]/g, '.')}`),
        isMissing: kind === 'missing',
      });
    } finally {
      await runner.rollbackTransaction();
      await runner.release();
    }
  });

  it('may have more than the migrations make', async () => {
    await dataSource.query('create index of_operators_idx on users (display_name)');
    expect(differencesOf(SCHEMA.shape!, await readShape(dataSource))).toEqual([]);
    await dataSource.query('drop index of_operators_idx');
  });

  it('is written down in schema.sql, which makes the same schema (npm run schema)', async () => {
    const written = readFileSync(join(__dirname, '../src/migrations/schema.sql'), 'utf8');
    const migrated = await createTestDatabase();
    expect(await schemaText(migrated.url)).toBe(written);
    const empty = await createTestDatabase({ empty: true });
    await withClient(empty.url, (client) => client.query(written));
    const withoutRemarks = async ({ url }: TestDatabase): Promise<string[]> =>
      (await catalogue(url)).filter((line) => !line.startsWith('comment on'));
    expect(await withoutRemarks(empty)).toEqual(await withoutRemarks(migrated));
    await Promise.all([migrated.drop(), empty.drop()]);
  });

  it('has an explicit name for every constraint and index', async () => {
    const rows = await dataSource.query<{ name: string; table: string }[]>(`
      select conname as name, conrelid::regclass::text as table from pg_constraint
        where connamespace = 'public'::regnamespace and contype <> 'n' and conrelid <> 0
      union all select indexname, tablename from pg_indexes where schemaname = 'public'`);
    const unnamed = rows.filter(
      ({ name, table }) => table !== 'migrations' && !/^[a-z_]+_(pkey|fkey|key|check|idx)$/.test(name),
    );
    expect(unnamed).toEqual([]);
    expect(rows.length).toBeGreaterThan(50);
  });

  it('indexes every foreign key, so that the deletion of a user needs no sequential scan', async () => {
    const rows = await dataSource.query<{ key: string }[]>(`
      select c.conname as key from pg_constraint c
      where c.contype = 'f' and c.connamespace = 'public'::regnamespace and not exists (
        select from pg_index i where i.indrelid = c.conrelid and i.indkey[0] = c.conkey[1])`);
    expect(rows).toEqual([]);
  });

  describe('enforces', () => {
    const ids = {
      ada: randomUUID(),
      ben: randomUUID(),
      direct: randomUUID(),
      group: randomUUID(),
      message: randomUUID(),
    };
    const [low, high] = [ids.ada, ids.ben].sort() as [string, string];

    beforeAll(async () => {
      for (const [id, name] of [
        [ids.ada, 'ada'],
        [ids.ben, 'ben'],
      ]) {
        await dataSource.query(
          `insert into users (id, username, password_hash, display_name) values ($1, $2, '-', '-')`,
          [id, name],
        );
      }
      await dataSource.query(`insert into conversations (id, type, direct_key) values ($1, 'direct', $2)`, [
        ids.direct,
        `${low}:${high}`,
      ]);
      await dataSource.query(
        `insert into conversations (id, type, title, created_by) values ($1, 'group', 'g', $2)`,
        [ids.group, ids.ada],
      );
      await dataSource.query(
        `insert into conversation_participants (conversation_id, user_id, role) values ($1, $2, 'owner')`,
        [ids.group, ids.ada],
      );
      await dataSource.query(
        `insert into chat_messages (id, conversation_id, seq, sender_id, body) values ($1, $2, 1, $3, 'hello')`,
        [ids.message, ids.group, ids.ada],
      );
      await dataSource.query(`insert into friendships (user_low_id, user_high_id) values ($1, $2)`, [
        low,
        high,
      ]);
      await dataSource.query(
        `insert into friend_requests (id, sender_id, recipient_id) values ($1, $2, $3)`,
        [randomUUID(), ids.ada, ids.ben],
      );
    });

    it.each([
      [
        'one direct conversation for a pair',
        'conversations_direct_key_key',
        () => [
          `insert into conversations (id, type, direct_key) values (gen_random_uuid(), 'direct', $1)`,
          [`${low}:${high}`],
        ],
      ],
      [
        'a title for groups only',
        'conversations_title_check',
        () => [
          `insert into conversations (id, type, title, direct_key) values (gen_random_uuid(), 'direct', 't', 'k')`,
          [],
        ],
      ],
      [
        'one owner',
        'conversation_participants_owner_key',
        () => [
          `insert into conversation_participants (conversation_id, user_id, role) values ($1, $2, 'owner')`,
          [ids.group, ids.ben],
        ],
      ],
      [
        'one message for an id',
        'chat_messages_pkey',
        () => [
          `insert into chat_messages (id, conversation_id, seq, body) values ($1, $2, 1, 'x')`,
          [ids.message, ids.direct],
        ],
      ],
      [
        'one message for a position',
        'chat_messages_conversation_seq_key',
        () => [
          `insert into chat_messages (id, conversation_id, seq, body) values (gen_random_uuid(), $1, 1, 'x')`,
          [ids.group],
        ],
      ],
      [
        'no body in a tombstone',
        'chat_messages_body_check',
        () => [`update chat_messages set deleted_at = now() where id = $1`, [ids.message]],
      ],
      [
        'friends once, in one order',
        'friendships_order_check',
        () => [`insert into friendships (user_low_id, user_high_id) values ($1, $2)`, [high, low]],
      ],
      [
        'one open request for a pair, whoever asks',
        'friend_requests_pending_pair_key',
        () => [
          `insert into friend_requests (id, sender_id, recipient_id) values (gen_random_uuid(), $1, $2)`,
          [ids.ben, ids.ada],
        ],
      ],
      [
        'lower-case usernames',
        'users_username_check',
        () => [
          `insert into users (id, username, password_hash, display_name) values (gen_random_uuid(), 'Ada', '-', '-')`,
          [],
        ],
      ],
      ['one row of state', 'database_state_pkey', () => [`insert into database_state default values`, []]],
    ] as [string, string, () => [string, unknown[]]][])('%s', async (_what, constraint, statement) => {
      const [text, values] = statement();
      await expect(dataSource.query(text, values)).rejects.toMatchObject({ driverError: { constraint } });
    });

    // Tests G12.
    it('conversations and messages, whoever is deleted', async () => {
      await dataSource.query(`delete from users where id = any ($1)`, [[ids.ada, ids.ben]]);
      expect(
        await dataSource.query(`select sender_id, body from chat_messages where id = $1`, [ids.message]),
      ).toEqual([{ sender_id: null, body: 'hello' }]);
      expect(
        await dataSource.query(`select created_by from conversations where id = any ($1)`, [
          [ids.direct, ids.group],
        ]),
      ).toEqual([{ created_by: null }, { created_by: null }]);
    });
  });
});
