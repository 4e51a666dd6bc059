import { Client } from 'pg';
import { rollbackLegacy } from '../src/operations/legacy-import/rollback';
import {
  createTestDatabase,
  withAdministrator,
  withClient,
  databaseUrl,
  type TestDatabase,
} from './support/databases';
import { FaultProxy } from './support/fault-proxy';
import { runImport, runVerify, withLegacySource } from './support/legacy-import';

const LEGACY_SCHEMA = { schema: 'legacy' };
const id = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
const TABLES = `
  create table users (id uuid primary key, email text, password_hash text, username text, created_at text);
  create table messages (id uuid primary key default gen_random_uuid(), user_id uuid, text text, author text, timestamp text,
    version text, meta json, created_at text);
  create table version_history (version_id text, user_id uuid, parents text[], created_at timestamptz);
  create table conversations (id uuid primary key, created_by uuid, name text, description text, is_direct_message text,
    created_at timestamptz, updated_at text);
  create table conversation_participants (conversation_id uuid, user_id uuid, joined_at text, extra json);
  create table friend_requests (id uuid primary key, from_user_id uuid, to_user_id uuid, status text, message text,
    created_at timestamptz, responded_at text);
  insert into users values ('${id(1)}', 'ada@example.org', '-', 'ada', '2024-01-01 00:00:00'),
    ('${id(2)}', 'ben@example.org', '-', 'ben', '2024-01-02 00:00:00');
  insert into messages (user_id, text, version, created_at)
  select '${id(1)}', 'number ' || i, 'v' || i, to_char(timestamp '2024-02-01' + i * interval '1 minute', 'YYYY-MM-DD HH24:MI:SS')
  from generate_series(1, 20) i`;

describe('unexpected rows of old tables', () => {
  const databases: TestDatabase[] = [];
  afterAll(() => Promise.all(databases.map((database) => database.drop())));

  async function withOld(sql: string, schema = 'legacy', empty = false): Promise<TestDatabase> {
    const database = await createTestDatabase({ empty });
    databases.push(database);
    await withClient(database.url, (client) =>
      client.query(`create schema if not exists ${schema}; set search_path = ${schema}; ${TABLES}; ${sql}`),
    );
    return database;
  }
  const select = async (database: TestDatabase, sql: string): Promise<unknown[]> =>
    (await withClient(database.url, (client) => client.query({ text: sql, rowMode: 'array' }))).rows;
  const bodies = `select body from chat_messages where body like 'number %' order by seq`;

  it.each<[what: string, sql: string, imported: number]>([
    [
      'a zero character in a column of type json',
      `update messages set meta = '{"client":"a\\u0000b"}' where version = 'v7';
       insert into conversation_participants values (null, null, null, '{"a":"\\ud800"}')`,
      20,
    ],
    [
      'a claimed time that is no date',
      `update messages set timestamp = '2024-02-30 10:00:00' where version = 'v7'`,
      20,
    ],
    [
      'a time of creation that is no date',
      `update messages set created_at = '2024-13-01 10:00:00' where version = 'v7'`,
      19,
    ],
    [
      'other times that are no dates',
      `insert into conversations values ('${id(9)}', '${id(1)}', 'a', null, 'maybe', '2024-01-01', '2024-02-30 00:00:00');
       insert into conversation_participants values ('${id(9)}', '${id(1)}', '2024-99-01 00:00:00');
       insert into friend_requests values ('${id(8)}', '${id(1)}', '${id(2)}', 'rejected', '', '2024-01-01', '2024-04-31 25:00:00')`,
      20,
    ],
    [
      'versions that are longer than an index takes',
      `update messages set version = (select string_agg(md5(i::text), '') from generate_series(1, 190) i) where version = 'v7';
       insert into version_history select version, user_id, array[version, 'v1'], now() from messages where length(version) > 99`,
      20,
    ],
  ])('are imported or quarantined without stopping other rows: %s', async (_what, sql, imported) => {
    const database = await withOld(sql);
    const report = await runImport(database.url, LEGACY_SCHEMA, { owner: 'ada' });
    for (const { source, imported: came, quarantined } of report.tables)
      expect(came + quarantined).toBe(source);
    expect(await select(database, bodies)).toHaveLength(imported);
    expect(await runVerify(database.url, LEGACY_SCHEMA)).toMatchObject({ ok: true, differences: [] });
  });

  it('are quarantined one by one if the database rejects them, with table, key and reason', async () => {
    const database = await withOld('');
    // The database may reject a row for any reason.
    await withClient(database.url, (client) =>
      client.query(
        `alter table chat_messages add constraint odd check (body not in ('number 7', 'number 13'))`,
      ),
    );
    const report = await runImport(database.url, LEGACY_SCHEMA, { owner: 'ada' });
    expect(report.findings).toMatchObject({ 'quarantined messages refused-23514': 2 });
    expect(await select(database, bodies)).toHaveLength(18);
    expect(
      await select(
        database,
        `select q.source_table, q.reason, q.row->>'version' from legacy_quarantine q join legacy_rows r using (source_table, source_key) order by 3`,
      ),
    ).toEqual([
      ['messages', 'refused-23514', 'v13'],
      ['messages', 'refused-23514', 'v7'],
    ]);
    expect(await runVerify(database.url, LEGACY_SCHEMA)).toMatchObject({ ok: true });
  });

  it('are read in batches of bounded size, however long they are', async () => {
    const database = await withOld(
      `insert into messages (user_id, text, created_at)
       select '${id(2)}', 'data:image/png;base64,' || repeat(md5(i::text), 4400), '2024-03-01 00:00:00' from generate_series(1, 2000) i`,
    );
    const { tables } = await runImport(database.url, LEGACY_SCHEMA, { owner: 'ada' });
    expect(tables.find(({ table }) => table === 'messages')).toEqual({
      table: 'messages',
      source: 2_020,
      imported: 20,
      quarantined: 2_000,
    });
  }, 180_000);

  it('are cut to the current limits, with a finding about each cut', async () => {
    const database = await withOld(
      `insert into conversations values ('${id(9)}', '${id(1)}', repeat('t', 255), repeat('d', 5000), 'false', '2024-01-01'),
         ('${id(10)}', '${id(1)}', E'\\u200b \\u202e', null, 'false', '2024-01-01');
       insert into conversation_participants values ('${id(9)}', '${id(1)}'), ('${id(10)}', '${id(1)}');
       insert into friend_requests values ('${id(8)}', '${id(1)}', '${id(2)}', 'pending', repeat('m', 2000), '2024-01-01')`,
    );
    const { findings } = await runImport(database.url, LEGACY_SCHEMA, { owner: 'ada' });
    expect(findings).toMatchObject({ 'title-cut': 1, 'description-cut': 1, 'request-message-cut': 1 });
    expect(
      await select(
        database,
        `select length(title), length(description) from conversations where id = '${id(9)}'
         union all select length(message), null from friend_requests`,
      ),
    ).toEqual([
      [100, 1000],
      [500, null],
    ]);
    expect(await select(database, `select title from conversations where id = '${id(10)}'`)).toEqual([
      ['Conversation'],
    ]);
    expect(
      await select(database, `select length(row->>'name') from legacy_rows where source_key = '${id(9)}'`),
    ).toEqual([[255]]);
    expect(await runVerify(database.url, LEGACY_SCHEMA)).toMatchObject({ ok: true });
  });

  it('get the time of the import, in their old order, if their time is in the future', async () => {
    const database = await withOld(
      `update messages set created_at = '9999-12-31 23:59:59.9999' where version = 'v20';
       update messages set created_at = '2999-01-01 00:00:00' where version = 'v19';
       update messages set created_at = '0099-06-01 00:00:00' where version = 'v1';
       update users set created_at = '2999-01-01 00:00:00' where username = 'ben'`,
    );
    const { findings } = await runImport(database.url, LEGACY_SCHEMA, { owner: 'ada' });
    expect(findings).toMatchObject({ 'time-in-future': 3 });
    expect(await select(database, `select body from chat_messages order by seq desc limit 2`)).toEqual([
      ['number 20'],
      ['number 19'],
    ]);
    const future = ['users.created_at', 'chat_messages.created_at', 'conversations.active_at'].map(
      (column) => {
        const [table, name] = column.split('.');
        return `select '${column}' from ${table} where ${name} > now()`;
      },
    );
    expect(await select(database, future.join(' union all '))).toEqual([]);
    expect(await runVerify(database.url, LEGACY_SCHEMA)).toMatchObject({ ok: true });
  });

  it('are read as Windows-1252 where their bytes are not UTF-8', async () => {
    const database = await createTestDatabase();
    const name = `${database.name}_bytes`;
    await withAdministrator((client) =>
      client.query(`create database ${name} template template0 encoding 'SQL_ASCII' locale 'C'`),
    );
    databases.push(database, {
      name,
      url: databaseUrl(name),
      drop: () =>
        withAdministrator(async (client) => void (await client.query(`drop database ${name} with (force)`))),
    });
    const source = { url: databaseUrl(name) };
    await withClient(source.url, (client) =>
      client.query(
        `${TABLES}; update messages set text = convert_from('\\x6e756d62657220636166e9', 'SQL_ASCII') where version = 'v7';
         update messages set text = convert_from('\\x6e756d62657220636166c3a9', 'SQL_ASCII') where version = 'v8'`,
      ),
    );
    await runImport(database.url, source, { owner: 'ada' });
    expect((await select(database, bodies)).slice(6, 8)).toEqual([['number café'], ['number café']]);
    expect(await runVerify(database.url, source)).toMatchObject({ ok: true });
  });

  it('belong to the same source under any address of it', async () => {
    const [database, other] = [await createTestDatabase(), await withOld('', 'public', true)];
    databases.push(database);
    const tunnel = await FaultProxy.inFrontOf(other.url);
    const elsewhere = { url: tunnel.url };
    const stop = (step: string): void => {
      if (step === 'messages') throw new Error('interrupted');
    };
    await expect(runImport(database.url, { url: other.url }, { owner: 'ada' }, stop)).rejects.toThrow(
      'interrupted',
    );
    await runImport(database.url, elsewhere);
    expect(await runVerify(database.url, elsewhere)).toMatchObject({ ok: true });

    // Earlier releases recorded the address. It identifies the source once more; afterwards any address does.
    const { host, port } = new Client({ connectionString: other.url });
    await withClient(database.url, (client) =>
      client.query(`update legacy_imports set source = $1`, [`database ${other.name} on ${host}:${port}`]),
    );
    await expect(runVerify(database.url, elsewhere)).rejects.toThrow('The imported data is from');
    await runImport(database.url, { url: other.url });
    expect(await runVerify(database.url, elsewhere)).toMatchObject({ ok: true });
    await withLegacySource(database.url, elsewhere, (dataSource) =>
      rollbackLegacy(dataSource, () => undefined),
    );
    await tunnel.close();
  });
});
