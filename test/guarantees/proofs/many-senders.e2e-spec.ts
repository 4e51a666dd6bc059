import { createTestDatabase, withClient, type TestDatabase } from '../../support/databases';
import { Cluster } from '../processes/cluster';
import { Random, SEED } from '../../support/random';
import { sendAllAtOnce } from '../workload/crowd';

const SENDERS = 100;

describe(`${SENDERS} senders at once in one conversation`, () => {
  let database: TestDatabase;
  let cluster: Cluster;

  beforeEach(async () => {
    database = await createTestDatabase();
  });
  afterEach(async () => {
    await cluster.close();
    await database.drop();
  });

  async function numbersOfTheGroup(): Promise<{ first: number; last: number; count: number }> {
    return withClient(database.url, async (client) => {
      const { rows } = await client.query<{ first: number; last: number; count: number }>(
        `select min(seq)::integer as first, max(seq)::integer as last, count(*)::integer as count
         from chat_messages where sender_id not in (select id from users where is_internal)`,
      );
      return rows[0]!;
    });
  }

  // Tests G3, G10.
  it(`send by socket and HTTP, some repeatedly, and everybody gets 1 to 2000 once and in order (SEED=${SEED})`, async () => {
    cluster = await Cluster.start(database.url);
    const { broken, sent, heard } = await sendAllAtOnce(cluster, new Random(SEED), SENDERS);
    expect(broken).toEqual([]);
    expect(await numbersOfTheGroup()).toEqual({ first: 1, last: sent, count: sent });
    // Everything arrived live, without a hole.
    expect(new Set(heard)).toEqual(new Set([sent]));
  }, 300_000);

  // Tests G10.
  it(`send through three processes on one database, and everybody who catches up gets the same (SEED=${SEED})`, async () => {
    const environment = { DATABASE_POOL_MAX: '10' };
    cluster = await Cluster.start(database.url, { servers: 3, environment });
    const { broken, sent, heard } = await sendAllAtOnce(cluster, new Random(SEED), SENDERS);
    expect(broken).toEqual([]);
    expect(await numbersOfTheGroup()).toEqual({ first: 1, last: sent, count: sent });
    // Live events may be incomplete. The checker asserts that they are in order and as stored.
    expect(Math.min(...heard)).toBeGreaterThan(0);
  }, 300_000);
});
