import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { checkIntegrity } from '../src/operations/integrity/check-integrity';
import { contentDigests } from '../src/operations/integrity/content-digest';
import { loadConfiguration } from '../src/platform/configuration/load-configuration';
import { migrationOptions } from '../src/platform/database/database-options';
import { migrateUp } from '../src/platform/migrations/migrate';
import { startEmbeddedPostgres } from '../src/platform/embedded-postgres/embedded-postgres';
import { SCHEMA } from '../src/schema';
import {
  createTestDatabase,
  databaseUrl,
  withAdministrator,
  withClient,
  type TestDatabase,
} from './support/databases';
import { signUpAll, type Person } from './support/people';
import { startTestServer } from './support/test-server';

describe('the integrity check', () => {
  let original: TestDatabase;
  let group: string;
  let direct: string;
  let edited: string;
  let deleted: string;
  let plain: string;
  let ada: Person;
  let ben: Person;
  let outsider: Person;

  beforeAll(async () => {
    original = await createTestDatabase();
    const server = await startTestServer({ database: original });
    let cem: Person;
    [ada, ben, cem, outsider] = (await signUpAll(server.url, 4)) as [Person, Person, Person, Person];
    [group, direct] = [await ada.group(ben, cem), await ada.direct(ben)];
    plain = (await ada.send(group, 'plain')).id;
    edited = (await ben.send(group, 'first', { replyToId: plain })).id;
    deleted = (await ada.send(group, 'not for long')).id;
    await ben.send(direct, 'hello');
    for (const body of ['second', 'third']) {
      await ben.call('PUT', `/conversations/${group}/messages/${edited}`, { body });
    }
    await ada.call('DELETE', `/conversations/${group}/messages/${deleted}`);
    await ada.call('PATCH', `/conversations/${group}`, { title: 'renamed' });
    await ben.call('PUT', `/conversations/${group}/messages/${edited}/reactions/${encodeURIComponent('👍')}`);
    await ada.call('PUT', `/conversations/${group}/messages/${edited}/pin`);
    await ada.call('DELETE', `/conversations/${group}/participants/${cem.id}`);
    const request = await ada.call('POST', '/friend-requests', { recipientId: cem.id });
    await cem.call('POST', `/friend-requests/${request.body.id}/accept`);
    await server.close();
  });
  afterAll(() => original.drop());

  /** Copies the database, so that the test can damage it. */
  async function onCopy<T>(work: (url: string) => Promise<T>): Promise<T> {
    const name = `xfchat_c_${randomBytes(6).toString('hex')}`;
    await withAdministrator((client) => client.query(`create database ${name} template ${original.name}`));
    try {
      return await work(databaseUrl(name));
    } finally {
      await withAdministrator((client) => client.query(`drop database ${name} with (force)`));
    }
  }
  async function within<T>(url: string, work: (dataSource: DataSource) => Promise<T>): Promise<T> {
    const dataSource = await new DataSource(
      migrationOptions(url, loadConfiguration({}), SCHEMA),
    ).initialize();
    try {
      return await work(dataSource);
    } finally {
      await dataSource.destroy();
    }
  }
  const check = (url: string) => within(url, checkIntegrity);
  /** Writes past every constraint, as a faulty disk or a manual change could. */
  const damage = (url: string, sql: string) =>
    withClient(url, (client) => client.query(`set session_replication_role = replica; ${sql}`));

  // Tests G12.
  it('finds nothing in a sound database, and fails no request', async () => {
    await onCopy(async (url) => {
      expect(await check(url)).toEqual([]);
      const run = command(url);
      expect(run).toMatchObject({ status: 0 });
      expect(JSON.parse(run.stdout)).toEqual({ ok: true, findings: [] });
    });
  });

  /** Leaves a half-erased user, whose messages still name them as the sender. */
  const husk = ({ id }: Person, erasedAndFinished = 'now(), null') => `
    delete from sessions where user_id = '${id}';
    delete from friendships where '${id}' in (user_low_id::text, user_high_id::text);
    delete from friend_requests where '${id}' in (sender_id::text, recipient_id::text);
    update conversation_participants set left_at = now() where user_id = '${id}';
    update users set erased_at = now(), username = 'erased-0', password_hash = '!' where id = '${id}';
    insert into erasures (user_id, messages, erased_at, finished_at) values ('${id}', 'keep', ${erasedAndFinished})`;
  const unknown = '00000000-0000-4000-8000-000000000000';
  it.each<[kind: string, where: () => string, sql: () => string]>([
    ['seq-hole', () => group, () => `delete from chat_messages where id = '${plain}'`],
    ['seq-hole', () => direct, () => `update conversations set last_seq = 7 where id = '${direct}'`],
    [
      'duplicate-message',
      () => edited,
      () => `alter table chat_messages drop constraint chat_messages_pkey cascade;
        alter table chat_messages drop constraint chat_messages_conversation_seq_key;
        insert into chat_messages select * from chat_messages where id = '${edited}'`,
    ],
    ['rev-ahead', () => group, () => `update conversations set last_rev = 1 where id = '${group}'`],
    ['rev-lost', () => group, () => `update conversations set last_rev = 9 where id = '${group}'`],
    ['rev-twice', () => group, () => `update chat_messages set rev = 3 where id = '${edited}'`],
    ['rev-missing', () => edited, () => `update chat_messages set rev = 0 where id = '${edited}'`],
    ['rev-missing', () => plain, () => `update chat_messages set pinned_at = now() where id = '${plain}'`],
    ['rev-missing', () => edited, () => `update message_reactions set rev = 90`],
    ['deleted-marked', () => deleted, () => `update message_reactions set message_id = '${deleted}'`],
    [
      'deleted-marked',
      () => deleted,
      () => `update chat_messages set pinned_at = now() where id = '${deleted}'`,
    ],
    [
      'reaction-outside',
      () => edited,
      () =>
        `delete from conversation_participants where conversation_id = '${group}' and user_id = '${ben.id}'`,
    ],
    [
      'mention-outside',
      () => plain,
      () => `insert into message_mentions (message_id, position, user_id, conversation_id, seq)
        select id, 0, '${outsider.id}', conversation_id, seq from chat_messages where id = '${plain}'`,
    ],
    [
      'mention-place',
      () => plain,
      () => `insert into message_mentions (message_id, position, user_id, conversation_id, seq)
        select id, 0, '${ben.id}', conversation_id, seq + 1 from chat_messages where id = '${plain}'`,
    ],
    [
      'erasure-unfinished',
      () => ben.id,
      () => `${husk(ben, `now(), now()`)};
        update chat_messages set sender_id = null; update message_versions set author_id = null;
        delete from message_reactions; delete from authentication_events;
        insert into message_mentions (message_id, position, user_id, conversation_id, seq)
        select id, 0, '${ben.id}', conversation_id, seq from chat_messages where id = '${plain}'`,
    ],
    [
      'attachment-flag',
      () => plain,
      () => `update chat_messages set has_attachments = true where id = '${plain}'`,
    ],
    [
      'attachment-foreign',
      () => unknown,
      () => `update chat_messages set has_attachments = true where id = '${plain}';
        insert into attachments (id, uploader_id, name, type, size, sha256, message_id, stored_at)
        values ('${unknown}', null, 'a', 'text/plain', 1, 'x', '${plain}', now())`,
    ],
    [
      'erasure-unfinished',
      () => ben.id,
      () => `${husk(ben, `now(), now()`)};
        update chat_messages set sender_id = null; update message_versions set author_id = null;
        delete from authentication_events`,
    ],
    [
      'read-position',
      () => direct,
      () => `update conversation_participants set read_seq = 9 where conversation_id = '${direct}'`,
    ],
    [
      'version-hole',
      () => edited,
      () => `delete from message_versions where message_id = '${edited}' and number = 2`,
    ],
    [
      'version-parent',
      () => edited,
      () => `update message_versions set parents = '{x}' where message_id = '${edited}' and number = 2`,
    ],
    [
      'version-first',
      () => edited,
      () => `update message_versions set version = 'x' where message_id = '${edited}' and number = 1`,
    ],
    ['version-current', () => edited, () => `update chat_messages set body = 'other' where id = '${edited}'`],
    ['version-current', () => edited, () => `delete from message_versions where message_id = '${edited}'`],
    [
      'version-of-deleted',
      () => deleted,
      () => `update message_versions set body = 'still here' where message_id = '${deleted}' and number = 1`,
    ],
    [
      'reply-elsewhere',
      () => edited,
      () =>
        `update chat_messages set reply_to_id = (select id from chat_messages where conversation_id = '${direct}') where id = '${edited}'`,
    ],
    [
      'group-owner',
      () => group,
      () => `update conversation_participants set role = 'admin' where conversation_id = '${group}'`,
    ],
    [
      'direct-participants',
      () => direct,
      () =>
        `delete from conversation_participants where conversation_id = '${direct}' and user_id = '${ada.id}'`,
    ],
    [
      'sender-outside',
      () => plain,
      () =>
        `delete from conversation_participants where conversation_id = '${group}' and user_id = '${ada.id}'`,
    ],
    [
      'friends-blocked',
      () => '',
      () => `insert into blocks (blocker_id, blocked_id) select user_low_id, user_high_id from friendships`,
    ],
    ['erasure-half', () => ada.id, () => `update users set erased_at = now() where id = '${ada.id}'`],
    [
      'erasure-half',
      () => ada.id,
      () => `insert into erasures (user_id, messages) values ('${ada.id}', 'keep')`,
    ],
    [
      'erasure-half',
      () => ben.id,
      () => `${husk(ben)}; update users set email = 'ben@example.org' where id = '${ben.id}'`,
    ],
    [
      'erasure-half',
      () => ben.id,
      () => `${husk(ben)}; update conversation_participants set left_at = null where user_id = '${ben.id}'`,
    ],
    [
      'erasure-half',
      () => ben.id,
      () =>
        `${husk(ben)}; insert into blocks (blocker_id, blocked_id) select '${ada.id}', id from users where id = '${ben.id}'`,
    ],
    ['erasure-unfinished', () => ben.id, () => husk(ben, `now(), now()`)],
    ['erasure-unfinished', () => ben.id, () => husk(ben, `now() - interval '2 days', null`)],
    [
      'search-deleted',
      () => deleted,
      () =>
        `insert into search_entries (message_id, conversation_id, words, created_at)
         select id, conversation_id, 'secret', created_at from chat_messages where id = '${deleted}'
         on conflict (message_id) do update set words = excluded.words`,
    ],
    [
      'search-missing',
      () => plain,
      () =>
        `delete from search_entries where message_id = '${plain}';
         insert into search_positions (conversation_id, indexed_seq) values ('${group}', 1)
         on conflict (conversation_id) do update set indexed_seq = 1`,
    ],
    ['request-open', () => '', () => `update friend_requests set status = 'pending'`],
    [
      'orphan',
      () => 'chat_messages_reply_to_fkey',
      () => `update chat_messages set reply_to_id = '${unknown}' where id = '${edited}'`,
    ],
    ['orphan', () => 'sessions_user_fkey', () => `delete from users where id = '${ben.id}'`],
    [
      'unvalidated-constraint',
      () => 'later_check',
      () => `alter table users add constraint later_check check (username <> '') not valid`,
    ],
    [
      'invalid-index',
      () => 'chat_messages_sender_idx',
      () => `update pg_index set indisvalid = false where indexrelid = 'chat_messages_sender_idx'::regclass`,
    ],
    ['unenforced-constraint', () => 'sessions_user_fkey', () => `alter table sessions disable trigger all`],
    ['schema-missing', () => 'chat_messages_sender_idx', () => `drop index chat_messages_sender_idx`],
    [
      'schema-missing',
      () => 'users_username_check',
      () => `alter table users drop constraint users_username_check`,
    ],
    ['schema-missing', () => 'users.status', () => `alter table users drop column status`],
    ['schema-missing', () => 'list_positions', () => `drop sequence list_positions`],
    ['schema-differs', () => 'list_positions', () => `alter sequence list_positions increment 2`],
    [
      'schema-differs',
      () => 'chat_messages_sender_idx',
      () =>
        `drop index chat_messages_sender_idx; create index chat_messages_sender_idx on chat_messages (reply_to_id)`,
    ],
    [
      'schema-differs',
      () => 'conversations_title_check',
      () =>
        `alter table conversations drop constraint conversations_title_check, add constraint conversations_title_check check (true)`,
    ],
    [
      'schema-differs',
      () => 'sessions_user_fkey',
      () =>
        `alter table sessions drop constraint sessions_user_fkey, add constraint sessions_user_fkey foreign key (user_id) references users`,
    ],
    ['schema-differs', () => 'users.created_at', () => `alter table users alter created_at drop default`],
    [
      'schema-differs',
      () => 'users.username',
      () => `alter table users alter username type text collate "und-x-icu"`,
    ],
    ['entity-differs', () => 'users', () => `alter table users add column forgotten text`],
  ])('reports %s', async (kind, where, sql) => {
    await onCopy(async (url) => {
      await damage(url, sql());
      const findings = await check(url);
      expect(findings).toContainEqual({
        kind,
        where: where() || expect.any(String),
        detail: expect.stringMatching(/.{10}/),
      });
    });
  });

  it('finds missing objects while a server is running', async () => {
    await onCopy(async (url) => {
      const name = new URL(url).pathname.slice(1);
      const server = await startTestServer({ database: { url, name, drop: async () => undefined } });
      await damage(url, `drop index chat_messages_sender_idx`);
      const run = command(url);
      await server.close();
      expect(run.status).toBe(1);
      expect(JSON.parse(run.stdout).findings).toEqual([
        {
          kind: 'schema-missing',
          where: 'chat_messages_sender_idx',
          detail: expect.stringMatching(/^index is missing: CREATE INDEX .* ON chat_messages /),
        },
      ]);
    });
  });

  it('leaves nothing behind, and accepts an index that operators have added', async () => {
    await onCopy(async (url) => {
      const schemas = () =>
        withClient(url, async (client) => (await client.query('select nspname from pg_namespace')).rows);
      const before = await schemas();
      await damage(url, `create index of_operators_idx on users (created_at)`);
      expect(await check(url)).toEqual([]);
      expect(await schemas()).toEqual(before);
    });
  });

  it('compares everything as the user of DIRECT_DATABASE_URL, and says when it could not', async () => {
    await onCopy(async (url) => {
      const role = `reader_${randomBytes(4).toString('hex')}`;
      await damage(
        url,
        `create role ${role} login; grant usage on schema public to ${role};
         grant select on all tables in schema public to ${role};
         alter function append_messages cost 99`,
      );
      const reader = new URL(url);
      reader.username = role;
      const alone = command(reader.toString());
      expect(JSON.parse(alone.stdout)).toEqual({ ok: true, findings: [] });
      expect(alone.stderr).toContain('The schema was compared with the entities of the program only');
      const both = command(reader.toString(), { DIRECT_DATABASE_URL: url });
      expect(both).toMatchObject({ status: 1, stderr: '' });
      expect(JSON.parse(both.stdout).findings).toMatchObject([{ kind: 'schema-differs' }]);
      await damage(url, `drop owned by ${role}; drop role ${role}`);
    });
  });

  it('compares only the entities if its user cannot create a schema', async () => {
    await onCopy(async (url) => {
      const role = `reader_${randomBytes(4).toString('hex')}`;
      await damage(
        url,
        `create role ${role} login; grant usage on schema public to ${role};
         grant select on all tables in schema public to ${role}; drop index chat_messages_sender_idx`,
      );
      const reader = new URL(url);
      reader.username = role;
      expect(await check(reader.toString())).toEqual([
        {
          kind: 'entity-differs',
          where: 'chat_messages_sender_idx',
          detail: expect.stringContaining('CREATE INDEX'),
        },
      ]);
      await damage(url, `drop owned by ${role}; drop role ${role}`);
    });
  });

  it('accepts an erasure that is under way', async () => {
    await onCopy(async (url) => {
      await damage(url, husk(ben));
      expect((await check(url)).filter(({ kind }) => kind.startsWith('erasure'))).toEqual([]);
    });
  });

  it('fails as a command, and prints every finding', async () => {
    await onCopy(async (url) => {
      await damage(
        url,
        `delete from chat_messages where id = '${plain}'; delete from users where id = '${ben.id}'`,
      );
      const run = command(url);
      expect(run.status).toBe(1);
      const { ok, findings } = JSON.parse(run.stdout);
      expect(ok).toBe(false);
      expect(findings).toEqual(await check(url));
      expect(findings.length).toBeGreaterThan(5);
    });
  });

  it('has a digest of each conversation, which changes only with its content', async () => {
    const digests = (url: string) => within(url, (dataSource) => contentDigests(dataSource.manager));
    await onCopy(async (url) => {
      const before = await digests(url);
      expect(new Map(before.map((entry) => [entry.conversationId, entry.messages])).get(group)).toBe(3);
      for (const harmless of [
        `update conversation_participants set read_seq = 0`,
        `vacuum full chat_messages`,
        `update conversations set active_at = now()`,
      ]) {
        await withClient(url, (client) => client.query(harmless));
        expect(await digests(url)).toEqual(before);
      }
      for (const harmful of [
        `update chat_messages set body = body || '.' where id = '${plain}'`,
        `update chat_messages set created_at = created_at + interval '1 ms' where id = '${plain}'`,
        `update message_versions set body = 'x' where message_id = '${edited}' and number = 1`,
        `update conversations set title = 'x' where id = '${group}'`,
        `delete from conversation_participants where conversation_id = '${group}' and left_at is not null`,
      ]) {
        const last = await digests(url);
        await damage(url, harmful);
        const changed = (await digests(url)).filter((entry, index) => entry.digest !== last[index]!.digest);
        expect(changed.map((entry) => entry.conversationId)).toEqual([group]);
      }
    });
  });

  it('notices a flipped bit on the disk', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'xfchat-flip-'));
    let server = await startEmbeddedPostgres({ directory });
    const url = server.url('postgres');
    await migrateUp(url, loadConfiguration({}), SCHEMA);
    const file = await withClient(url, async (client) => {
      await client.query(
        `insert into conversations (id, type, title, last_seq) values ('${unknown}', 'group', 'g', 100)`,
      );
      await client.query(
        `insert into chat_messages (id, conversation_id, seq, body)
         select gen_random_uuid(), '${unknown}', n, repeat('x', 200) from generate_series(1, 100) n`,
      );
      await client.query('checkpoint');
      const { rows } = await client.query<{ path: string }>(
        `select current_setting('data_directory') || '/' || pg_relation_filepath('chat_messages') as path`,
      );
      return rows[0]!.path;
    });
    expect((await check(url)).map((finding) => finding.kind)).not.toContain('unreadable');
    await server.stop();
    const descriptor = openSync(file, 'r+');
    const byte = Buffer.alloc(1);
    readSync(descriptor, byte, 0, 1, 5_000);
    writeSync(descriptor, Buffer.from([byte[0]! ^ 1]), 0, 1, 5_000);
    closeSync(descriptor);
    server = await startEmbeddedPostgres({ directory });
    expect((await check(server.url('postgres'))).map((finding) => finding.kind)).toContain('unreadable');
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  }, 60_000);

  function command(
    url: string,
    settings: Record<string, string> = {},
  ): { status: number | null; stdout: string; stderr: string } {
    const program = join(__dirname, '../dist/cli.js');
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, 'check', '--json'], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, DATABASE_URL: url, ...settings },
    });
    return { status, stdout, stderr };
  }
});
