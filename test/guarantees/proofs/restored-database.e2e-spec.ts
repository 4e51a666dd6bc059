import { parseSchedule } from '../nemesis/schedule';
import { Cluster } from '../processes/cluster';
import { RestorableDatabase } from '../processes/restorable-database';
import { Random, SEED } from '../random';
import { runUnderFaults } from '../workload/run-under-faults';

describe('a database that is restored', () => {
  let database: RestorableDatabase;
  let cluster: Cluster;

  beforeAll(async () => {
    database = await RestorableDatabase.create();
    cluster = await Cluster.start(database.url);
  });
  afterAll(async () => {
    await cluster.close();
    await database.drop();
  });

  it(`under its clients, who go on from their old numbers, shows nobody a mixture (SEED=${SEED})`, async () => {
    const schedule = parseSchedule(`
      at 1 s: back up database
      at 5 s: restore database
      at 9 s: back up database
      at 13 s: restore database
      at 16 s: kill server`);
    const { broken, outcomes } = await runUnderFaults(cluster, schedule, new Random(SEED), {
      writers: 6,
      faults: (recorder) => database.faults(cluster.servers[0]!, recorder),
    });
    expect(broken).toEqual([]);
    expect(outcomes.info).toBeGreaterThan(0);
  }, 300_000);
});
