import type { Client } from 'pg';
import { checkIntegrity } from '../src/operations/integrity/check-integrity';
import type { ImportReport } from '../src/operations/legacy-import/import';
import { rollbackLegacy } from '../src/operations/legacy-import/rollback';
import type { SourceAddress } from '../src/operations/legacy-import/source';
import { call } from './support/api';
import { databaseDigest } from './support/database-digest';
import { createTestDatabase, withClient, type TestDatabase } from './support/databases';
import { makeLegacyDatabase, OLD_PASSWORD } from './support/legacy-database';
import { runImport, runVerify, withLegacySource } from './support/legacy-import';
import { SEED, SEEDS } from './support/random';
import { startTestServer } from './support/test-server';

const LEGACY_SCHEMA = { schema: 'legacy' };
const MESSAGES = 400;

/** The reasons to leave out a row, and the faults of parents, that occur in the generated rows. */
const FAULTS = [
  'chat_messages conversation-missing',
  'chat_messages text-empty',
  'chat_messages type-unknown',
  'contacts same-user',
  'contacts user-missing',
  'conversation_participants conversation-missing',
  'conversation_participants user-missing',
  'conversations nobody-left',
  'friend_requests same-user',
  'friend_requests status-unknown',
  'friend_requests user-missing',
  'messages text-empty',
  'messages text-missing',
  'messages text-too-long',
  'messages time-missing',
  'usage_tracking no-counterpart',
  'version_history version-missing',
  'parent-cycle',
  'parent-duplicate',
  'parent-null',
  'parent-self',
  'parent-unknown',
  'parents-empty',
  'parents-null',
];

/** Counts the source rows, independently of the import. */
async function countsOf(client: Client, schema: string): Promise<Record<string, number>> {
  const { rows } = await client.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = $1::regnamespace and relkind = 'r'`,
    [schema],
  );
  const counts: Record<string, number> = {};
  for (const { name } of rows) {
    const { rows: counted } = await client.query(`select count(*)::integer as count from ${schema}.${name}`);
    counts[name] = counted[0].count;
  }
  return counts;
}

const rollback = (url: string, address: SourceAddress): Promise<void> =>
  withLegacySource(url, address, (dataSource) => rollbackLegacy(dataSource, () => undefined));

const sourceCounts = ({ tables }: ImportReport): Record<string, number> =>
  Object.fromEntries(tables.map(({ table, source }) => [table, source]));

// The expectations of the tests below must not depend on chance.
describe('generated old tables', () => {
  it.each(SEEDS)('contain every fault that the import handles (SEED=%d)', async (seed) => {
    const database = await createTestDatabase();
    await withClient(database.url, (client) =>
      makeLegacyDatabase(client, {
        seed,
        messages: MESSAGES,
        schema: 'legacy',
        shape: 'A',
        uniqueVersions: true,
      }),
    );
    const { findings } = await runImport(database.url, LEGACY_SCHEMA, { owner: 'person9' });
    const kinds = Object.keys(findings).map((kind) => kind.replace(/^quarantined /, ''));
    expect(kinds).toEqual(expect.arrayContaining(FAULTS));
    await database.drop();
  });
});

describe(`the import of old tables (SEED=${SEED})`, () => {
  it.each([
    { shape: 'A', uniqueVersions: true, place: 'schema' },
    { shape: 'B', uniqueVersions: false, place: 'url' },
  ] as const)(
    'imports every row of shape $shape in another $place once, and rolls it back',
    async (option) => {
      const database = await createTestDatabase();
      const other = option.place === 'url' ? await createTestDatabase({ empty: true }) : database;
      const schema = option.place === 'url' ? 'public' : 'legacy';
      const address = option.place === 'url' ? { url: other.url } : LEGACY_SCHEMA;
      await withClient(other.url, (client) =>
        makeLegacyDatabase(client, { seed: SEED, messages: MESSAGES, schema, ...option }),
      );
      const digest = () => withClient(database.url, (client) => databaseDigest(client));
      const before = await digest();
      const counts = await withClient(other.url, (client) => countsOf(client, schema));

      // The import is interrupted twice: while it reads, and while it stores messages.
      for (const interrupted of ['read messages', 'messages']) {
        const stop = (step: string): void => {
          if (step === interrupted) throw new Error('interrupted');
        };
        await expect(runImport(database.url, address, { owner: 'person9' }, stop)).rejects.toThrow(
          'interrupted',
        );
      }
      const report = await runImport(database.url, address, { owner: 'person9', title: 'The old room' });
      expect(sourceCounts(report)).toEqual(counts);
      for (const { source, imported, quarantined } of report.tables)
        expect(imported + quarantined).toBe(source);

      const imported = await digest();
      expect(await runImport(database.url, address)).toEqual(report);
      expect(await digest()).toEqual(imported);

      const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
      const verified = await runVerify(database.url, address);
      expect(verified).toMatchObject({ ok: true, source: total, differences: [] });
      expect(verified.imported + verified.quarantined).toBe(total);
      await withLegacySource(database.url, address, async (dataSource) =>
        expect(await checkIntegrity(dataSource)).toEqual([]),
      );

      const messages = await withClient(database.url, orderedMessages);
      await rollback(database.url, address);
      expect(await digest()).toEqual(before);
      expect(await withClient(other.url, (client) => countsOf(client, schema))).toEqual(counts);

      await runImport(database.url, address, { owner: 'person9' });
      expect(await withClient(database.url, orderedMessages)).toEqual(messages);
      await database.drop();
      if (other !== database) await other.drop();
    },
  );

  describe('keeps', () => {
    let database: TestDatabase;

    beforeAll(async () => {
      database = await createTestDatabase();
      await withClient(database.url, (client) =>
        makeLegacyDatabase(client, {
          seed: SEED,
          messages: MESSAGES,
          schema: 'legacy',
          shape: 'A',
          uniqueVersions: true,
        }),
      );
      await runImport(database.url, LEGACY_SCHEMA, { owner: 'PERSON9', title: 'The old room' });
    });
    afterAll(() => database.drop());
    const rows = async (sql: string): Promise<Record<string, unknown>[]> =>
      (await withClient(database.url, (client) => client.query(sql))).rows as Record<string, unknown>[];

    it('the order, the texts and the times of the global room', async () => {
      const stored = await rows(`
        select m.seq::integer, m.body, m.created_at from chat_messages m join conversations c on c.id = m.conversation_id
        where c.title = 'The old room' order by m.seq`);
      const old = await rows(`
        select row_number() over (order by created_at, id)::integer as seq, text as body, created_at::timestamptz(3) as created_at
        from legacy.messages where char_length(text) between 1 and 4000 and isfinite(created_at) order by 1`);
      expect(stored.length).toBeGreaterThan(MESSAGES * 0.9);
      expect(stored).toEqual(old);
    });

    it('old versions and parents with the messages, and reports faulty parents', async () => {
      expect(
        await rows(`
          select count(*)::integer as count from legacy.messages old
          join legacy_message_origins o on o.source_key = old.id::text and o.version is not distinct from old.version
          left join legacy.version_history h on h.version_id = old.version
            and coalesce(h.user_id = old.user_id, true)
          where o.parents is not distinct from h.parents`),
      ).toEqual(
        await rows(`select count(*)::integer from legacy_message_origins where source_table = 'messages'`),
      );
      const kinds = await rows(`select distinct kind from legacy_version_edges order by kind`);
      expect(kinds.map(({ kind }) => kind)).toEqual([
        'cycle',
        'duplicate',
        'known',
        'null',
        'self',
        'unknown',
      ]);
      // v10 claims v13 as its parent, but v13 descends from v10 through v11 and v12: a cycle.
      expect(
        await rows(
          `select version from legacy_version_edges where kind = 'cycle' order by length(version), version limit 4`,
        ),
      ).toEqual([{ version: 'v10' }, { version: 'v11' }, { version: 'v12' }, { version: 'v13' }]);
    });

    it('the senders, with one placeholder for unknown ones', async () => {
      const senders = await rows(`
        select distinct sender.display_name, sender.is_internal from legacy.messages old
        join legacy_message_origins o on o.source_key = old.id::text
        join chat_messages m on m.id = o.message_id join users sender on sender.id = m.sender_id
        where not exists (select from legacy.users u where u.id = old.user_id)`);
      expect(senders).toEqual([{ display_name: 'deleted user', is_internal: true }]);
      expect(
        await rows(`
          select count(*)::integer as count from legacy.messages old join chat_messages m on m.id = old.id
          join legacy.users u on u.id = old.user_id where m.sender_id <> old.user_id`),
      ).toEqual([{ count: 0 }]);
    });

    it('each row that was not imported, with the reason', async () => {
      const same = await rows(`
        select count(*)::integer as count, count(*) filter (where q.row = r.row)::integer as same
        from legacy_quarantine q left join legacy_rows r using (source_table, source_key)`);
      expect(same[0]!.count).toBeGreaterThan(0);
      expect(same[0]!.same).toBe(same[0]!.count);
    });

    it.each<[kinds: string, damage: string]>([
      [
        'source-row-not-read source-row-gone source-row-changed row-without-one-outcome quarantined-row-differs',
        `insert into legacy.usage_tracking values (null, 'late', 9);
         delete from legacy.contacts where username = 'myself';
         update legacy.conversations set description = 'changed';
         delete from legacy_quarantine where source_table = 'usage_tracking';
         update legacy_quarantine set row = '{}'`,
      ],
      [
        'user-missing participant-missing friend-request-missing friendship-missing',
        `delete from users where username = 'person8'; delete from conversation_participants where role = 'member';
         delete from friend_requests; delete from friendships`,
      ],
      [
        'message-origin-differs conversation-differs edge-differs',
        `update legacy_message_origins set version = 'v0' where version = 'v12';
         delete from legacy_version_edges where version = 'v12'`,
      ],
      [
        'message-origin-differs edge-differs parents-differ',
        `update legacy_message_origins set parents = '{v0}' where version = 'v12';
         update legacy_version_edges set parent = 'v0' where version = 'v12';
         update legacy_versions set parents = '{}' where parents is null`,
      ],
      ['conversation-differs', `update chat_messages set body = 'something else' where seq = 5`],
      [
        'conversation-differs',
        `update chat_messages set created_at = created_at + interval '1 ms' where seq = 6`,
      ],
      [
        'conversation-differs',
        `update chat_messages set seq = 1000003 - seq where seq in (1, 2);
         update chat_messages set seq = seq - 1000000 where seq > 1000000`,
      ],
    ])('only data that verify compares: it notices %s', async (kinds, damage) => {
      const copy = await createTestDatabase({ template: database.name });
      await withClient(copy.url, (client) =>
        client.query(`set session_replication_role = replica; ${damage}`),
      );
      const { ok, differences } = await runVerify(copy.url, LEGACY_SCHEMA);
      expect(ok).toBe(false);
      expect([...new Set(differences.map(({ kind }) => kind))].join(' ')).toBe(kinds);
      await copy.drop();
    });

    it('old passwords until the next sign-in, and refuses a rollback once people use the server', async () => {
      const copy = await createTestDatabase({ template: database.name });
      const server = await startTestServer({ database: copy });
      const hash = async (): Promise<string> =>
        (await server.dataSource.query(`select password_hash from users where username = 'person9'`))[0]
          .password_hash;
      const signIn = (login: string, password: string) =>
        call(server.url, 'POST', '/api/v1/auth/login', { body: { login, password } });

      expect(await hash()).toMatch(/^\$2[aby]\$/);
      const refused = await signIn('person9', 'not their password');
      expect(refused.body.code).toBe('invalid-credentials');
      for (const login of ['nobody-at-all', 'system@bot', 'deleted-user'])
        expect(await signIn(login, OLD_PASSWORD)).toMatchObject({
          status: 401,
          body: { code: 'invalid-credentials' },
        });
      expect(await hash()).toMatch(/^\$2[aby]\$/);

      const [first, atOnce] = await Promise.all([
        signIn('person9', OLD_PASSWORD),
        signIn('PERSON9@example.org', OLD_PASSWORD),
      ]);
      expect([first.status, atOnce.status]).toEqual([200, 200]);
      expect(await hash()).toMatch(/^\$argon2id\$/);
      expect((await signIn('person9', OLD_PASSWORD)).status).toBe(200);
      expect((await signIn('person9', 'not their password')).status).toBe(401);

      const token = first.body.accessToken as string;
      const list = await call(server.url, 'GET', '/api/v1/conversations?limit=200', { token });
      const room = list.body.items.find((item: { title: string }) => item.title === 'The old room');
      expect(room).toMatchObject({ myRole: 'owner', unreadCount: 0 });
      const sent = await call(server.url, 'POST', `/api/v1/conversations/${room.id}/messages`, {
        token,
        body: { body: 'and now here' },
      });
      expect(sent.body.seq).toBe(room.lastSeq + 1);
      // The server writes its authentication log in the background, until it is closed.
      await server.close();
      const before = await withClient(copy.url, (client) => databaseDigest(client));
      await expect(rollback(copy.url, LEGACY_SCHEMA)).rejects.toThrow(
        /signed in with imported accounts; people have written into imported conversations/,
      );
      expect(await withClient(copy.url, (client) => databaseDigest(client))).toEqual(before);
      await copy.drop();
    });
  });
});

async function orderedMessages(client: Client): Promise<unknown[]> {
  const { rows } = await client.query(
    `select id, conversation_id, seq, sender_id, body from chat_messages order by conversation_id, seq`,
  );
  return rows;
}
