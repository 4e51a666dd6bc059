import { Cluster } from '../processes/cluster';
import { DurablePostgres } from '../processes/durable-postgres';
import { randomSchedule } from '../nemesis/schedule';
import { Random, SEED } from '../../support/random';
import { runUnderFaults } from '../workload/run-under-faults';

describe('a database that is killed', () => {
  let postgres: DurablePostgres;
  let cluster: Cluster;

  beforeAll(async () => {
    postgres = await DurablePostgres.start();
    cluster = await Cluster.start(postgres.url, { links: 2 });
  });
  afterAll(async () => {
    await cluster.close();
    await postgres.stop();
  });

  // Tests G1.
  it(`loses no acknowledged message, six times at random moments under load (SEED=${SEED})`, async () => {
    const random = new Random(SEED);
    const schedule = randomSchedule(random.fork('schedule'), 6, 2, [['kill database', 1]]);
    const { broken, outcomes, refusals } = await runUnderFaults(cluster, schedule, random, {
      writers: 8,
      leavers: 2,
      outsiders: 1,
      faults: () => ({ 'kill database': () => postgres.kill() }),
    });
    expect(broken).toEqual([]);
    // The fault had an effect, and the answers were honest: unknown outcome, or nothing done.
    expect(outcomes.info + outcomes.fail).toBeGreaterThan(6);
    expect(refusals.get('temporarily-unavailable')).toBeGreaterThan(0);
  }, 600_000);
});
