import { createTestDatabase, type TestDatabase } from '../../support/databases';
import { randomSchedule } from '../nemesis/schedule';
import { Cluster } from '../processes/cluster';
import { Random, SEED } from '../../support/random';
import { runUnderFaults } from '../workload/run-under-faults';

describe('servers that are killed', () => {
  let database: TestDatabase;
  let cluster: Cluster;

  beforeEach(async () => {
    database = await createTestDatabase();
  });
  afterEach(async () => {
    await cluster.close();
    await database.drop();
  });

  // Tests G1.
  it(`loses, doubles and reorders nothing, 20 times at random moments under load (SEED=${SEED})`, async () => {
    cluster = await Cluster.start(database.url);
    const random = new Random(SEED);
    const schedule = randomSchedule(random.fork('schedule'), 20, 2, [['kill server', 1]]);
    const { broken, outcomes } = await runUnderFaults(cluster, schedule, random, { writers: 8 });
    expect(broken).toEqual([]);
    // The faults had an effect.
    expect(outcomes.info).toBeGreaterThan(20);
  }, 600_000);

  // Tests G1.
  it(`loses, doubles and reorders nothing as one of three on one database, with links that break (SEED=${SEED})`, async () => {
    cluster = await Cluster.start(database.url, { servers: 3, links: 3 });
    const random = new Random(SEED);
    const schedule = randomSchedule(random.fork('schedule of three'), 10, 2, [
      ['kill server', 3],
      ['stop server', 3],
      ['cut link', 3],
      ['lose replies of link', 3],
    ]);
    const { broken, outcomes } = await runUnderFaults(cluster, schedule, random, {
      writers: 9,
      outsiders: 1,
    });
    expect(broken).toEqual([]);
    expect(outcomes.info).toBeGreaterThan(5);
  }, 600_000);
});
