import { withClient } from '../../support/databases';
import { until } from '../../support/until';
import { parseSchedule } from '../nemesis/schedule';
import { Cluster } from '../processes/cluster';
import { RestorableDatabase } from '../processes/restorable-database';
import { Random, SEED } from '../../support/random';
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

  /** Whether somebody who was away, with numbers of the forgotten history, finds messages on top of them. */
  async function hasPassed(position: { seq: number; rev: number }): Promise<boolean> {
    const passed = `select from conversations where last_seq > $1 and last_rev > $2`;
    const { rowCount } = await withClient(database.url, (client) =>
      client.query(passed, [position.seq, position.rev]),
    );
    return rowCount === 1;
  }

  it(`under its clients, who go on from their old numbers, shows nobody a mixture (SEED=${SEED})`, async () => {
    const schedule = parseSchedule(`
      at 1 s: back up database
      at 4 s: restore database
      at 9 s: back up database
      at 12 s: restore database
      at 16 s: kill server`);
    const { broken, outcomes } = await runUnderFaults(cluster, schedule, new Random(SEED), {
      writers: 6,
      faults: (recorder, clients) => {
        const faults = database.faults(cluster.servers[0]!, recorder);
        // Those who stay find that they are ahead; those who come back later find that they are behind.
        const away = clients.slice(0, 3);
        const restore = async (): Promise<void> => {
          const positions = away.map(({ follower }) => follower.position);
          for (const { socket } of away) socket.leave();
          await faults['restore database']!(1);
          for (const position of positions)
            await until('more than there was', () => hasPassed(position), 60_000);
          for (const { socket } of away) socket.comeBack();
        };
        return { ...faults, 'restore database': restore };
      },
    });
    expect(broken).toEqual([]);
    expect(outcomes.info).toBeGreaterThan(0);
  }, 300_000);
});
