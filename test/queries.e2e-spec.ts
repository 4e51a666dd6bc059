import { randomUUID } from 'node:crypto';
import { Client, type QueryConfig } from 'pg';
import { eraseNextBatch } from '../src/features/erasure/erase-next-batch.queries';
import { erasePerson, lockPerson } from '../src/features/erasure/erase-person.queries';
import { INDEXING } from '../src/features/search/search-indexer';
import { READINGS } from '../src/platform/metrics/periodic-readings';
import { OwnPresence } from '../src/features/presence/own-presence';
import { DeadlineClient } from '../src/platform/database/deadline-client';
import { inTransaction } from '../src/platform/database/transaction';
import { currentContext, runInContext } from '../src/platform/request-context';
import { withClient } from './support/databases';
import { signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';

interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  Plans?: PlanNode[];
}

const TOTAL = 20_000;

/** The operations of work that goes on beside a request. */
const BACKGROUND: readonly string[] = [INDEXING, READINGS];

/** Tests the statements of requests: which ones, how many, and which indexes answer them. */
describe('the statements of a request', () => {
  let server: TestServer;
  let ada: Person;
  let ben: Person;
  /** A conversation of 20,000 messages, of which every tenth was edited and every fifth mentions ten users and Ada. Ada has read all but the last ten. */
  let large: string;
  let anyMessage: string;
  let quiet: string;

  beforeAll(async () => {
    // The background statements of presence serve many sockets at once and belong to no request.
    for (const change of ['connected', 'disconnected'] as const)
      jest.spyOn(OwnPresence.prototype, change).mockReturnValue(undefined);
    server = await startTestServer();
    [ada, ben] = (await signUpAll(server.url, 2)) as [Person, Person];
    large = await ada.group(ben);
    const run = (text: string, values: unknown[] = []) =>
      server.dataSource.query<{ id: string }[]>(text, values);
    await run(
      `insert into users (id, username, password_hash, display_name)
       select gen_random_uuid(), 'crowd-' || n, '-', '-' from generate_series(1, 100) n`,
    );
    // Each table has so many rows that a sequential scan would never be the cheapest plan.
    await run(
      `insert into conversations (id, type, title, last_seq)
       select gen_random_uuid(), 'group', case when n > 200 then 'empty' else 'crowd' end, 200
       from generate_series(1, 3000) n`,
    );
    await run(
      `insert into conversation_participants (conversation_id, user_id, role)
       select c.id, u.id, 'member' from conversations c cross join users u
       where c.title = 'crowd' and u.username like 'crowd-%'`,
    );
    await run(
      `insert into conversation_participants (conversation_id, user_id, role)
       select id, $1, 'member' from conversations where title = 'crowd' order by id limit 60`,
      [ada.id],
    );
    await run(
      `insert into chat_messages (id, conversation_id, seq, sender_id, body)
       select gen_random_uuid(), c.id, n, u.id, 'm' from conversations c cross join generate_series(1, 200) n
       join users u on u.username = 'crowd-' || (n % 100 + 1)
       where c.title = 'crowd'`,
    );
    await run(
      `insert into chat_messages (id, conversation_id, seq, sender_id, body, rev)
       select gen_random_uuid(), $1, n, $2, case when n % 5 = 0 then '@ada @crowd' else 'm' end, case when n % 10 = 0 then n / 10 else 0 end
       from generate_series(1, ${TOTAL}) n`,
      [large, ben.id],
    );
    await run(
      `insert into message_versions (message_id, number, version, parents, body)
       select m.id, n, 'v' || n, '{}', 'm' from chat_messages m cross join generate_series(1, 3) n where m.rev > 0`,
    );
    await run(
      `insert into message_reactions (message_id, emoji, user_id, rev)
       select m.id, emoji, u.id, m.rev from chat_messages m cross join unnest('{👍,🎉}'::text[]) emoji
       cross join (select id from users where username like 'crowd-%' limit 10) u
       where m.conversation_id = $1 and m.rev > 0`,
      [large],
    );
    await run(
      `insert into message_mentions (message_id, position, user_id, conversation_id, seq)
       select m.id, row_number() over (partition by m.seq), u.id, m.conversation_id, m.seq from chat_messages m
       cross join (select id from users where username like 'crowd-%' or id = $2 order by id = $2 desc limit 11) u
       where m.conversation_id = $1 and m.seq % 5 = 0`,
      [large, ada.id],
    );
    await run(
      `update chat_messages set pinned_at = now() where conversation_id = $1 and rev > 0 and seq % 200 = 0`,
      [large],
    );
    await run(`update conversations set last_seq = ${TOTAL}, last_rev = ${TOTAL / 10} where id = $1`, [
      large,
    ]);
    await run(`update conversation_participants set read_seq = ${TOTAL - 10} where conversation_id = $1`, [
      large,
    ]);
    await run(
      `update conversation_participants set read_seq = 200 where user_id = $1 and conversation_id <> $2`,
      [ada.id, large],
    );
    anyMessage = (
      await run(`select id from chat_messages where conversation_id = $1 and seq = 10`, [large])
    )[0]!.id;
    await run('analyze');
    quiet = await ada.group(ben);
    await ada.send(quiet, 'the only one');
  });
  afterAll(() => server.close());

  /** Records the statements of the server during `work`, except those of the monitor and of indexing. */
  async function statementsOf(work: () => Promise<unknown>): Promise<QueryConfig[]> {
    const statements: QueryConfig[] = [];
    const query = Client.prototype.query as (...parameters: unknown[]) => unknown;
    const spy = jest.spyOn(Client.prototype, 'query').mockImplementation(function (
      this: Client,
      ...parameters
    ) {
      // A statement without a context belongs to no request. Background work makes it, such as the authentication log.
      const context = currentContext();
      const isOfRequest = context && !BACKGROUND.includes(context.operation ?? '');
      if (this instanceof DeadlineClient && isOfRequest)
        statements.push(parameters[0] as unknown as QueryConfig);
      return query.apply(this, parameters) as never;
    });
    try {
      await runInContext({ requestId: 'of this test', deadline: performance.now() + 60_000 }, work);
      return statements;
    } finally {
      spy.mockRestore();
    }
  }

  /** The scans of tables in the plans of the statements, with the number of rows that each read. */
  async function scansOf(
    statements: QueryConfig[],
    kind = /^\s*(select|with)/i,
  ): Promise<{ table: string; by: string; rows: number }[]> {
    return withClient(server.database.url, async (client) => {
      // Writing statements run once more here, and are rolled back.
      await client.query('begin');
      const scans: { table: string; by: string; rows: number }[] = [];
      const walk = (node: PlanNode, table?: string): void => {
        const of = node['Relation Name'] ?? table;
        const by = node['Index Name'] ?? node['Node Type'];
        // The rows that a bitmap index scan finds are counted at its heap scan.
        const rows = table
          ? 0
          : (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'];
        if (of) scans.push({ table: of, by, rows });
        for (const child of node.Plans ?? [])
          walk(child, node['Node Type'] === 'Bitmap Heap Scan' ? of : undefined);
      };
      for (const { text, values } of statements.filter((statement) => kind.test(statement.text))) {
        const { rows } = await client.query(`explain (analyze, format json) ${text}`, values as unknown[]);
        walk(rows[0]['QUERY PLAN'][0].Plan as PlanNode);
      }
      await client.query('rollback');
      return scans;
    });
  }

  const path = (rest: string): string => `/conversations/${large}${rest}`;

  it.each<[what: string, path: () => string, indexes: unknown[], maxRows: number]>([
    [
      'the newest page',
      () => path('/messages'),
      ['chat_messages_conversation_seq_key', 'conversation_participants_pkey'],
      50,
    ],
    [
      'a page before',
      () => path('/messages?before=9000&limit=200'),
      ['chat_messages_conversation_seq_key', 'message_reactions_pkey', 'message_mentions_pkey'],
      200,
    ],
    [
      'what is pinned',
      () => path('/pins?limit=100'),
      ['chat_messages_pinned_idx', 'message_reactions_pkey'],
      101,
    ],
    [
      'a page after',
      () => path('/messages?after=9000&limit=200'),
      ['chat_messages_conversation_seq_key'],
      200,
    ],
    [
      'a page around',
      () => path('/messages?around=9000&limit=100'),
      ['chat_messages_conversation_seq_key'],
      199,
    ],
    [
      'one message',
      () => path(`/messages/${anyMessage}`),
      ['chat_messages_pkey', 'conversation_participants_pkey'],
      1,
    ],
    [
      'its versions',
      () => path(`/messages/${anyMessage}/versions`),
      ['chat_messages_pkey', expect.stringMatching(/^message_versions_(pkey|version_key)$/)],
      1,
    ],
    ['what is new', () => path('/changes?seq=19990&rev=2000'), ['chat_messages_conversation_seq_key'], 30],
    [
      'what has changed',
      () => path('/changes?seq=20000&rev=1990'),
      ['chat_messages_rev_idx', 'conversation_participants_rev_idx'],
      30,
    ],
    [
      'everything, from nothing',
      () => path('/changes?seq=0&rev=0'),
      ['chat_messages_conversation_seq_key'],
      520,
    ],
    [
      'a conversation',
      () => path(''),
      ['conversation_participants_pkey', 'chat_messages_conversation_seq_key'],
      20,
    ],
    [
      'how much is unread, however much it is',
      () => path('') + '?',
      ['chat_messages_sender_idx', 'chat_messages_deleted_idx', 'message_mentions_user_idx'],
      20,
    ],
    [
      'the list of conversations',
      () => '/conversations?limit=50',
      [
        'conversation_participants_user_idx',
        'chat_messages_conversation_seq_key',
        'message_mentions_user_idx',
      ],
      120,
    ],
  ])('use an index: %s', async (_what, address, indexes, maxRows) => {
    const statements = await statementsOf(async () => {
      expect((await ada.call('GET', address())).status).toBe(200);
    });
    const scans = await scansOf(statements);
    const used = scans.map((scan) => scan.by);
    expect(used).toEqual(expect.arrayContaining(indexes));
    const tables = [
      'chat_messages',
      'message_versions',
      'message_reactions',
      'message_mentions',
      'conversation_participants',
    ];
    expect(scans.filter(({ table, by }) => by === 'Seq Scan' && tables.includes(table))).toEqual([]);
    const rows = scans.filter((scan) => scan.table === 'chat_messages').map((scan) => scan.rows);
    expect(rows.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(maxRows);
  });

  /** The statements that erase a user and the first `batches` of their messages. They are rolled back. */
  async function statementsOfErasure(username: string, batches: number): Promise<QueryConfig[]> {
    const [person] = await server.dataSource.query<{ id: string }[]>(
      `select id from users where username = $1`,
      [username],
    );
    const isUndone = new Error('undone');
    const statements = await statementsOf(() =>
      inTransaction(server.dataSource, async (manager) => {
        await lockPerson(manager, person!.id);
        await erasePerson(manager, { userId: person!.id, messages: 'remove' });
        // The user's rows of the authentication log are deleted before the messages.
        for (let batch = 0; batch < batches;)
          if ((await eraseNextBatch(manager, 200))!.changed.length > 0) batch++;
        throw isUndone;
      }).catch((error: unknown) => {
        if (error !== isUndone) throw error;
      }),
    );
    return statements.filter(({ text }) => /^\s*(select|with|insert|update|delete)/i.test(text));
  }

  it.each([
    ['presence:watch', 1],
    ['typing:start', 1],
  ])('answer %s by index, with one statement', async (command, count) => {
    const crowd = await server.dataSource.query<{ id: string }[]>(
      `select id from users where username like 'crowd-%'`,
    );
    const socket = await ada.connect();
    // The first statements belong to a new connection.
    await socket.ok('presence:watch', { userIds: [] });
    const payload =
      command === 'typing:start' ? { conversationId: large } : { userIds: crowd.map(({ id }) => id) };
    const statements = await statementsOf(() => socket.ok(command, payload));
    socket.close();
    expect(statements).toHaveLength(count);
    const scans = await scansOf(statements);
    const read = scans.filter(({ table }) => table === 'conversation_participants');
    expect(read.length).toBeGreaterThan(0);
    expect(read.filter(({ by }) => by === 'Seq Scan')).toEqual([]);
  });

  it('erase a user by index, with no more statements for two hundred conversations', async () => {
    expect(await statementsOfErasure('crowd-1', 0)).toHaveLength(12);
    expect(await statementsOfErasure(ada.username, 0)).toHaveLength(14); // who owns groups
    const statements = await statementsOfErasure(ben.username, 1);
    const scans = await scansOf(statements, /./);
    expect(scans.map(({ by }) => by)).toEqual(
      expect.arrayContaining([
        'chat_messages_sender_idx',
        'chat_messages_pkey',
        'conversation_participants_user_idx',
      ]),
    );
    const tables = [
      'chat_messages',
      'message_versions',
      'message_reactions',
      'message_mentions',
      'conversation_participants',
    ];
    expect(scans.filter(({ table, by }) => by === 'Seq Scan' && tables.includes(table))).toEqual([]);
    const rows = scans.filter((scan) => scan.table === 'chat_messages').map((scan) => scan.rows);
    expect(rows.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(1_500); // of 20,000, for 200 messages
  });

  it('are noticed if they read a whole table', async () => {
    const text = `select * from chat_messages where body = 'x'`;
    expect(await scansOf([{ text }])).toEqual([
      { table: 'chat_messages', by: 'Seq Scan', rows: expect.any(Number) },
    ]);
  });

  // Tests G30.
  it('store messages without reading a whole table', async () => {
    await withClient(server.database.url, async (client) => {
      const scans = async (): Promise<unknown> => {
        // Those of this session alone: servers look through tables in the background.
        const { rows } = await client.query(
          `select relname, seq_scan from pg_stat_xact_user_tables
           where relname in ('chat_messages', 'message_versions', 'message_mentions', 'conversation_participants', 'conversations',
             'users')
           order by relname`,
        );
        return rows;
      };
      const stored = [randomUUID(), randomUUID()];
      await client.query('begin');
      const before = await scans();
      // Repeat it until PostgreSQL has chosen a generic plan.
      for (let round = 0; round < 12; round++) {
        const ids = [...stored, randomUUID(), randomUUID()];
        const { rows } = await client.query<{ outcome: string }>(
          'select outcome from append_messages($1, $2, $3, $4, $5, $6)',
          [
            ids,
            ids.map(() => large),
            ids.map(() => ada.id),
            ids.map(() => 'text'),
            ids.map(() => 'body'),
            ids.map((_id, index) => (index === 3 ? anyMessage : null)),
          ],
        );
        expect(rows.map((row) => row.outcome)).toEqual([
          ...(round === 0 ? ['created', 'created'] : ['repeated', 'repeated']),
          'created',
          'created',
        ]);
      }
      for (let round = 0; round < 12; round++)
        await client.query('select from store_mentions($1, $2, $3)', [
          Array.from({ length: 3 }, () => anyMessage),
          [100 * round + 100, 100 * round + 101, 100 * round + 102],
          [ben.username, 'crowd-1', 'all'],
        ]);
      expect(await scans()).toEqual(before);
      await client.query('rollback');
    });
  });

  describe('of a new database', () => {
    let fresh: TestServer;
    beforeAll(async () => {
      fresh = await startTestServer();
    });
    afterAll(() => fresh.close());

    it('store messages by index, although the tables were empty a moment ago', async () => {
      const sender = (await signUpAll(fresh.url, 1))[0]!;
      const conversationId = await sender.group();
      await withClient(fresh.database.url, async (client) => {
        const append = (count: number): Promise<unknown> => {
          const ids = Array.from({ length: count }, () => randomUUID());
          const all = (value: unknown): unknown[] => ids.map(() => value);
          return client.query('select from append_messages($1, $2, $3, $4, $5, $6)', [
            ids,
            all(conversationId),
            all(sender.id),
            all('text'),
            all('x'),
            all(null),
          ]);
        };
        const rowsRead = async (): Promise<number> => {
          await client.query('select pg_stat_force_next_flush()');
          const { rows } = await client.query<{ read: number }>(
            `select (seq_tup_read + coalesce(idx_tup_fetch, 0))::integer as read from pg_stat_user_tables
           where relname = 'chat_messages'`,
          );
          return rows[0]!.read;
        };
        await client.query('alter table chat_messages set (autovacuum_enabled = off)');
        for (let round = 0; round < 8; round++) await append(5);
        await client.query(
          `insert into chat_messages (id, conversation_id, seq, sender_id, body)
         select gen_random_uuid(), $1, 1000000 + n, $2, 'm' from generate_series(1, 5000) n`,
          [conversationId, sender.id],
        );
        const before = await rowsRead();
        for (const count of [1, 5, 50, 200]) await append(count);
        expect((await rowsRead()) - before).toBeLessThan(1_000);
      });
    });
  });

  describe('are as few as documented:', () => {
    it('one for a message over a socket, one more for the session over HTTP', async () => {
      const conversationId = await ada.group(ben);
      const socket = await ada.connect();
      const overSocket = await statementsOf(() => socket.ok('message:send', { conversationId, body: 'x' }));
      expect(overSocket).toHaveLength(1);
      expect(overSocket[0]!.text).toContain('append_messages');
      expect(await statementsOf(() => ada.send(conversationId, 'x'))).toHaveLength(2);
      const body = `@${ben.username} and @all`;
      expect(await statementsOf(() => socket.ok('message:send', { conversationId, body }))).toHaveLength(1);
      socket.close();
    });

    it.each<[what: string, path: () => string, count: number]>([
      ['a page', () => path('/messages?limit=200'), 2],
      ['a page around', () => path('/messages?around=500&limit=200'), 2],
      ['what is pinned', () => path('/pins?limit=200'), 2],
      ['a message', () => path(`/messages/${anyMessage}`), 3],
      ['a conversation', () => path(''), 4],
      ['60 conversations', () => '/conversations?limit=60', 4],
      ['one conversation of them', () => '/conversations?limit=1', 4],
      ['changes', () => path('/changes?seq=1&rev=0'), 6],
      // The answer includes the conversation, its participants and its last message.
      ['changes from nothing', () => path('/changes?seq=0&rev=0'), 10],
      ['changes of every kind', () => path('/changes?seq=19900&rev=1990'), 8],
      ['no changes', () => `/conversations/${quiet}/changes?seq=1&rev=0`, 5],
    ])('%s', async (_what, address, count) => {
      const statements = await statementsOf(() => ada.call('GET', address()));
      expect(statements.map((statement) => statement.text.slice(0, 60))).toHaveLength(count);
    });

    // Tests G30.
    it('as many for a catch-up of 60 conversations as of one', async () => {
      const socket = await ada.connect();
      const { body } = await ada.call('GET', '/conversations?limit=60');
      const cursors = body.items.map(({ id }: { id: string }) => ({ conversationId: id, seq: 0, rev: 0 }));
      const sync = (list: object[]) => statementsOf(() => socket.ok('conversation:sync', { cursors: list }));
      expect((await sync(cursors)).length).toBe((await sync([cursors[0]])).length);
      socket.close();
    });
  });
});
