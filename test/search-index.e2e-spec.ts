import { DataSource } from 'typeorm';
import { indexNext, renewEntries } from '../src/features/search/search-index.queries';
import { databaseOptions } from '../src/platform/database/database-options';
import { loadConfiguration } from '../src/platform/configuration/load-configuration';
import { SCHEMA } from '../src/schema';
import { createTestDatabase, type TestDatabase } from './support/databases';
import { signUp } from './support/people';
import { startTestServer } from './support/test-server';
import { until } from './support/until';

/** Code units of text that one step may process. */
const STEP = 100_000;

describe('the indexing of messages for the search', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeEach(async () => {
    database = await createTestDatabase();
    dataSource = await new DataSource(
      databaseOptions(database.url, loadConfiguration({ DATABASE_URL: database.url }), SCHEMA),
    ).initialize();
  });
  afterEach(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  /** Groups with messages that no server has been notified of, as after an import. */
  async function store(groups: number, messages: number, body: string): Promise<string[]> {
    const rows: { id: string }[] = await dataSource.query(
      `insert into conversations (id, type, title, last_seq)
       select gen_random_uuid(), 'group', 'imported', $2 from generate_series(1, $1::integer) returning id`,
      [groups, messages],
    );
    await dataSource.query(
      `insert into chat_messages (id, conversation_id, seq, body)
       select gen_random_uuid(), c.id, n, $1 from conversations c, generate_series(1, c.last_seq) n`,
      [body],
    );
    return rows.map(({ id }) => id);
  }
  const count = async (condition: string): Promise<number> => {
    const rows: { count: number }[] = await dataSource.query(
      `select count(*) as count from search_entries where ${condition}`,
    );
    return Number(rows[0]!.count);
  };

  it('processes long texts in small steps, and skips none', async () => {
    const text = Array.from({ length: 4_000 }, (_, n) => String.fromCodePoint(0x4e00 + ((n * 7) % 20_000)));
    const ids = await store(2, 20, text.join(''));
    let left: readonly string[] = ids;
    for (let steps = 0; left.length > 0 && steps < 10; steps++) {
      const { messages, unfinished } = await dataSource.transaction((manager) =>
        indexNext(manager, left, 100),
      );
      expect(messages * 4_000).toBeLessThanOrEqual(STEP);
      left = unfinished;
    }
    expect(left).toEqual([]);
    expect(await count(`words <> ''`)).toBe(40);

    await dataSource.query(`update chat_messages set body = body || '。'`);
    expect(await count('not is_current')).toBe(40);
    while (await dataSource.transaction((manager) => renewEntries(manager, 100)));
    expect(await count(`is_current and words <> ''`)).toBe(40);
  });

  it('does not delay a search, which reads a part of the unindexed messages in all conversations', async () => {
    const server = await startTestServer({ database });
    try {
      const ada = await signUp(server.url);
      // Maintenance mode stops the indexing.
      await dataSource.query(`update database_state set maintenance_since = now()`);
      await until('maintenance', async () => (await ada.call('PATCH', '/users/me', {})).status === 503);
      const ids = await store(200, 500, 'a few words of a message');
      await dataSource.query(
        `insert into conversation_participants (conversation_id, user_id, role) select id, $1, 'member' from unnest($2::uuid[]) id`,
        [ada.id, ids],
      );
      await dataSource.query(`update chat_messages set rev = 1`);
      await dataSource.query('analyze');
      const started = performance.now();
      const found = await ada.call('GET', '/search/messages?q=message');
      const absent = await ada.call('GET', '/search/messages?q=nothing');
      // Before this limit, a search over 100,000 messages took 10 s and was rejected.
      expect(performance.now() - started).toBeLessThan(4_000);
      expect(found.body.items).toHaveLength(50);
      expect(absent).toMatchObject({ status: 200, body: { items: [] } });
    } finally {
      await server.close();
    }
  });

  it('begins with the server, and continues at once while messages remain', async () => {
    await store(450, 1, 'a word');
    const server = await startTestServer({ database });
    try {
      await until('all to be indexed', async () => (await count('is_current')) === 450);
    } finally {
      await server.close();
    }
  });
});
