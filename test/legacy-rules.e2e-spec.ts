import { archiveLegacy } from '../src/operations/legacy-import/archive';
import { withLegacyLock } from '../src/operations/legacy-import/lock';
import { loadConfiguration } from '../src/platform/configuration/load-configuration';
import { migrateUp } from '../src/platform/migrations/migrate';
import { verifySchema } from '../src/platform/database/verify-schema';
import { SCHEMA } from '../src/schema';
import { createTestDatabase, withClient, type TestDatabase } from './support/databases';
import { runImport, runVerify, withLegacySource } from './support/legacy-import';

const LEGACY_SCHEMA = { schema: 'legacy' };
const id = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;

const TABLES = `
  create table users (id uuid primary key, email text, password_hash text, username text, created_at timestamptz);
  create table messages (id uuid primary key, user_id uuid, text text, author text, timestamp timestamptz, version text,
    created_at timestamptz);
  create table conversations (id uuid primary key, created_by uuid, name text, description text,
    is_direct_message boolean, created_at timestamptz, updated_at timestamptz);
  create table conversation_participants (id uuid primary key, conversation_id uuid, user_id uuid, joined_at timestamptz);
  create table friend_requests (id uuid primary key, from_user_id uuid, to_user_id uuid, status text, message text,
    created_at timestamptz, responded_at timestamptz);
  create table contacts (user_id uuid, contact_user_id uuid)`;

/** Creates the old tables with these rows; users are numbered by their position. */
interface Old {
  readonly users?: [username: string | null, email?: string | null, passwordHash?: string][];
  readonly sql?: string;
}

describe('the rules of the legacy import', () => {
  const databases: TestDatabase[] = [];
  afterAll(() => Promise.all(databases.map((database) => database.drop())));

  async function withOld(
    { users = [], sql = '' }: Old,
    schema = 'legacy',
    empty = false,
  ): Promise<TestDatabase> {
    const database = await createTestDatabase({ empty });
    databases.push(database);
    await withClient(database.url, async (client) => {
      await client.query(`create schema if not exists ${schema}; set search_path = ${schema}; ${TABLES}`);
      for (const [index, [username, email = null, hash = '-']] of users.entries()) {
        await client.query(`insert into users values ($1, $2, $3, $4, $5)`, [
          id(index + 1),
          email,
          hash,
          username,
          new Date(Date.UTC(2023, 0, 1, 0, index)),
        ]);
      }
      await client.query(sql);
    });
    return database;
  }
  const select = async (database: TestDatabase, sql: string): Promise<unknown[]> =>
    (await withClient(database.url, (client) => client.query({ text: sql, rowMode: 'array' }))).rows;
  const people = (count: number): Old['users'] =>
    Array.from({ length: count }, (_, index) => [`user${index + 1}`]);

  it('give everybody a unique name and address, and report the changed ones', async () => {
    const database = await withOld({
      users: [
        ['Ada', 'ADA@example.org'],
        ['ada', 'ada@example.org'],
        ['ada', 'here@example.org'],
        [null, 'no address'],
        ['Ann Lee', null],
        ['x'],
        ['taken', 'c@example.org'],
        ['Taken-bf9f0ff5'],
        ['a-name-that-is-much-too-long-for-anybody', 'd@example.org'],
        ['system_bot', 'system@bot', 'x'],
      ],
    });
    await withClient(database.url, (client) =>
      client.query(`insert into users (id, username, email, password_hash, display_name)
        values ('${id(99)}', 'taken', 'here@example.org', '-', 'was here before')`),
    );
    await runImport(database.url, LEGACY_SCHEMA, { owner: 'taken' });
    const rows = await select(
      database,
      `
      select u.username, u.email, u.is_internal from users u where display_name not in ('was here before', 'deleted user')
      order by u.id`,
    );
    const digits = expect.stringMatching(/^user-[0-9a-f]{8}$/);
    const again = (name: string): string => expect.stringMatching(new RegExp(`^${name}-[0-9a-f]{8}$`));
    expect(rows).toEqual([
      [again('ada'), null, false],
      ['ada', 'ada@example.org', false],
      [again('ada'), null, false],
      [digits, null, false],
      ['ann-lee', null, false],
      [digits, null, false],
      [again('taken'), 'c@example.org', false],
      ['taken-bf9f0ff5', null, false],
      ['a-name-that-is-much-too-long-for', 'd@example.org', false],
      ['system_bot', 'system@bot', true],
    ]);
    const told = await select(
      database,
      `select kind, count(*)::integer from legacy_findings group by 1 order by 1`,
    );
    expect(told).toEqual([
      ['email-left-out', 3],
      ['password-unusable', 9],
      ['service-user', 1],
      ['username-changed', 8],
    ]);
  });

  it('make friends of contacts, and of people who accepted or crossed requests', async () => {
    const request = (number: number, from: number, to: number, status: string): string =>
      `('${id(100 + number)}', '${id(from)}', '${id(to)}', '${status}', null, timestamptz '2024-01-01' + ${number} * interval '1 day', null)`;
    const database = await withOld({
      users: people(15),
      sql: `insert into friend_requests values
          ${request(1, 1, 2, 'pending')}, ${request(2, 1, 2, 'pending')}, ${request(3, 3, 4, 'pending')},
          ${request(4, 4, 3, 'pending')}, ${request(5, 5, 6, 'accepted')}, ${request(6, 7, 8, 'pending')},
          ${request(7, 9, 10, 'blocked')}, ${request(8, 10, 9, 'pending')}, ${request(9, 11, 12, 'rejected')};
        insert into contacts values ('${id(8)}', '${id(7)}'), ('${id(9)}', '${id(10)}'), ('${id(13)}', '${id(14)}'),
          ('${id(14)}', '${id(13)}')`,
    });
    await runImport(database.url, LEGACY_SCHEMA, { owner: 'user1' });
    const name = (column: string): string =>
      `(select substr(username, 5)::integer from users where id = ${column})`;
    expect(
      await select(
        database,
        `select ${name('user_low_id')}, ${name('user_high_id')} from friendships order by 1`,
      ),
    ).toEqual([
      [3, 4],
      [5, 6],
      [7, 8],
      [13, 14],
    ]);
    expect(
      await select(
        database,
        `select ${name('sender_id')}, ${name('recipient_id')}, status from friend_requests order by id`,
      ),
    ).toEqual([
      [1, 2, 'pending'],
      [3, 4, 'accepted'],
      [4, 3, 'accepted'],
      [5, 6, 'accepted'],
      [7, 8, 'accepted'],
      [9, 10, 'declined'],
      [10, 9, 'declined'],
      [11, 12, 'declined'],
    ]);
    expect(await select(database, `select ${name('blocker_id')}, ${name('blocked_id')} from blocks`)).toEqual(
      [[10, 9]],
    );
    // The row has the form that an accepted request creates.
    expect(
      await select(
        database,
        `select count(*)::integer from friendships f
        join conversations c on c.direct_key = f.user_low_id || ':' || f.user_high_id
        join conversation_participants p on p.conversation_id = c.id and p.user_id in (f.user_low_id, f.user_high_id)`,
      ),
    ).toEqual([[8]]);
    expect(await runVerify(database.url, LEGACY_SCHEMA)).toMatchObject({ ok: true });
  });

  it('make one direct conversation for a pair, and a group of a conversation that lacks the other person', async () => {
    const conversation = (number: number, by: number, isDirect: boolean): string =>
      `('${id(number)}', '${id(by)}', null, null, ${isDirect}, timestamptz '2024-01-01' + ${number} * interval '1 day', null)`;
    const member = (number: number, inside: number, user: number): string =>
      `('${id(number)}', '${id(inside)}', '${id(user)}', timestamptz '2024-02-01' - ${number} * interval '1 minute')`;
    const database = await withOld({
      users: people(5),
      sql: `insert into conversations values ${conversation(201, 1, true)}, ${conversation(202, 2, true)},
          ${conversation(203, 3, true)}, ${conversation(204, 4, true)}, ${conversation(205, 9, false)};
        insert into conversation_participants values ${member(1, 201, 1)}, ${member(2, 201, 2)}, ${member(3, 202, 2)},
          ${member(4, 202, 1)}, ${member(5, 203, 1)}, ${member(6, 203, 8)}, ${member(7, 204, 4)}, ${member(8, 205, 5)},
          ${member(9, 205, 4)}`,
    });
    await runImport(database.url, LEGACY_SCHEMA, { owner: 'user1' });
    expect(
      await select(
        database,
        `
        select right(m.source_key, 3), c.type, c.title, right(c.id::text, 3), string_agg(
          right(p.user_id::text, 1) || ' ' || p.role, ', ' order by p.user_id)
        from legacy_mappings m join conversations c on c.id = m.target_id
        join conversation_participants p on p.conversation_id = c.id
        where m.source_table = 'conversations' group by 1, 2, 3, 4 order by 1`,
      ),
    ).toEqual([
      ['201', 'direct', null, '201', '1 member, 2 member'],
      ['202', 'direct', null, '201', '1 member, 2 member'],
      ['203', 'direct', null, '203', '1 member, 3 member'],
      ['204', 'group', 'Conversation', '204', '4 owner'],
      ['205', 'group', 'Conversation', '205', '4 owner, 5 member'],
    ]);
  });

  it('report missing versions, and messages that may have been overwritten', async () => {
    const message = (number: number, version: string, late: string): string =>
      `('${id(number)}', null, 'hello', null, timestamptz '2024-01-01' + interval '${late}', '${version}', '2024-01-01')`;
    const database = await withOld({
      users: people(1),
      sql: `insert into messages values ${message(1, 'v2', '1 second')}, ${message(2, 'v6', '3 days')}, ${message(3, 'v7', '59 minutes')}`,
    });
    await runImport(database.url, LEGACY_SCHEMA, { owner: 'user1' });
    expect(
      await select(
        database,
        `select kind, source_key, detail from legacy_findings where source_table = 'messages' order by 1, 2`,
      ),
    ).toEqual([
      ['maybe-overwritten', id(2), 'its timestamp is 3 days later than created_at'],
      ['versions-missing', 'v1', 'v1 is missing'],
      ['versions-missing', 'v3', 'v3 to v5 are missing'],
    ]);
  });

  it('reject impossible options before any change', async () => {
    const database = await withOld({
      users: [['Ann Lee'], ['user2']],
      sql: `insert into messages (id, text, created_at) values ('${id(1)}', 'x', now())`,
    });
    await expect(runImport(database.url, LEGACY_SCHEMA)).rejects.toThrow('needs an owner');
    await expect(runImport(database.url, LEGACY_SCHEMA, { owner: 'nobody' })).rejects.toThrow(
      'no user "nobody"',
    );
    await expect(runImport(database.url, { schema: 'public' })).rejects.toThrow(
      'no tables of an earlier XFChat',
    );
    await expect(runImport(database.url, { url: 'postgres://x:geheim@127.0.0.1:1/none' })).rejects.toThrow(
      /^Could not connect to the database of the old tables \(ECONNREFUSED\)\.$/,
    );
    await expect(runVerify(database.url, LEGACY_SCHEMA)).rejects.toThrow('Nothing was imported');
    expect(await select(database, `select from legacy_imports union all select from legacy_rows`)).toEqual(
      [],
    );
    await withLegacyLock(database.url, () =>
      expect(withLegacyLock(database.url, async () => undefined)).rejects.toThrow('Another legacy command'),
    );

    await runImport(database.url, LEGACY_SCHEMA, { owner: 'ann lee' });
    expect(
      await select(database, `select u.username from conversations c join users u on u.id = c.created_by`),
    ).toEqual([['ann-lee']]);
    await withClient(database.url, (client) =>
      client.query(`create schema other; set search_path = other; ${TABLES}`),
    );
    await expect(runImport(database.url, { schema: 'other' }, { owner: 'ann lee' })).rejects.toThrow(
      'already has an import from schema legacy',
    );
  });

  it('refuse to migrate a database with old tables, and explain the next step', async () => {
    const configuration = loadConfiguration({});
    const database = await withOld({ users: people(2) }, 'public', true);
    const refusal = await migrateUp(database.url, configuration, SCHEMA).catch((error: Error) => error);
    expect(refusal).toMatchObject({ fault: 'old-tables', exitCode: 28 });
    await expect(verifySchema(database.url, configuration, SCHEMA)).rejects.toMatchObject({
      fault: 'old-tables',
    });
    const statements = (refusal as Error).message.split('\n').filter((line) => line.endsWith(';'));
    expect(statements).toHaveLength(2);
    await withClient(database.url, (client) => client.query(statements.join(' ')));
    expect(await migrateUp(database.url, configuration, SCHEMA)).toHaveLength(SCHEMA.migrations.length);
    await runImport(database.url, LEGACY_SCHEMA, { owner: 'user1' });

    // The old tables are beside the new ones; only the old ones must move.
    await withClient(database.url, (client) => client.query('alter table legacy.contacts set schema public'));
    const other = await migrateUp(database.url, configuration, SCHEMA).catch((error: Error) => error);
    expect((other as Error).message).toContain('alter table public.contacts set schema legacy;');
  });

  it('archive the old tables after 30 days and with a proven backup, and drop nothing', async () => {
    const database = await withOld({ users: people(2) });
    const archive = (isProven: boolean): Promise<void> =>
      withLegacySource(database.url, LEGACY_SCHEMA, (dataSource, source) =>
        archiveLegacy(dataSource, source, async () => isProven),
      );
    const verifiedAgo = (interval: string) =>
      withClient(database.url, (client) =>
        client.query(`update legacy_imports set verified_at = now() - interval '${interval}'`),
      );
    await expect(archive(true)).rejects.toThrow('Nothing was imported');
    await runImport(database.url, LEGACY_SCHEMA);
    await expect(archive(true)).rejects.toThrow('not verified');
    await runVerify(database.url, LEGACY_SCHEMA);
    await verifiedAgo('29 days');
    await expect(archive(true)).rejects.toThrow('29 days ago');
    await verifiedAgo('31 days');
    await expect(archive(false)).rejects.toThrow('No backup was verified');
    expect(await select(database, `select count(*)::integer from legacy.users`)).toEqual([[2]]);
    await archive(true);
    expect(await select(database, `select count(*)::integer from legacy_archive.users`)).toEqual([[2]]);
    expect(
      await select(database, `select count(*)::integer from pg_tables where schemaname = 'legacy'`),
    ).toEqual([[0]]);
    expect(await select(database, `select phase from legacy_imports`)).toEqual([['archived']]);
  });
});
