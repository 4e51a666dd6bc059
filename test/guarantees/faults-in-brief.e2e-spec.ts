import { createTestDatabase, type TestDatabase } from '../support/databases';
import { parseSchedule } from './nemesis/schedule';
import { Cluster } from './processes/cluster';
import { Random, SEED } from '../support/random';
import { runUnderFaults } from './workload/run-under-faults';

// `npm run test:guarantees` is the long form, with many more faults.
describe('the guarantees, in brief', () => {
  let database: TestDatabase;
  let cluster: Cluster;

  beforeAll(async () => {
    database = await createTestDatabase();
    cluster = await Cluster.start(database.url, { links: 3 });
  });
  afterAll(async () => {
    await cluster.close();
    await database.drop();
  });

  // Tests G1, G3, G4, G5, G6, G8, G9, G10, G11, G12, G13, G14, G15, G16.
  it(`hold while the server is killed, links break, and people come and go (SEED=${SEED})`, async () => {
    const schedule = parseSchedule(`
      at 0.5 s: cut link 1
      at 1 s: lose replies of link 2
      at 1.5 s: kill server
      at 3 s: cut link 3
      at 4 s: kill server`);
    const report = await runUnderFaults(cluster, schedule, new Random(SEED), {
      writers: 5,
      leavers: 2,
      outsiders: 1,
    });
    expect(report.broken).toEqual([]);
    // The run had effective faults, rejected outsiders, and conflicting edits.
    expect(report.outcomes.info).toBeGreaterThan(2);
    expect(report.refusals.get('conversation-not-found')).toBeGreaterThan(5);
    expect(report.refusals.get('message-id-conflict')).toBeGreaterThan(0);
    expect(report.refusals.get('version-conflict')).toBeGreaterThan(0);
  }, 120_000);
});
