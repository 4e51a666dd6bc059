import { withClient } from '../../support/databases';
import { until } from '../../support/until';
import { parseSchedule } from '../nemesis/schedule';
import { Cluster } from '../processes/cluster';
import type { Message } from '../history/history';
import { RestorableDatabase, traceOf } from '../processes/restorable-database';
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

  /** Whether an absent client with numbers of the forgotten history finds newer messages. */
  async function hasPassed(position: { seq: number; rev: number }): Promise<boolean> {
    const passed = `select from conversations where last_seq > $1 and last_rev > $2`;
    const { rowCount } = await withClient(database.url, (client) =>
      client.query(passed, [position.seq, position.rev]),
    );
    return rowCount === 1;
  }

  /** Whether messages of two histories are mixed above their common part. */
  function isMixture(conversationId: string, messages: readonly Message[]): boolean {
    return database.losses.some(({ heads, forgotten }) => {
      const above = messages.filter(({ seq }) => seq > (heads.get(conversationId) ?? 0));
      const lost = above.filter((message) => forgotten.has(traceOf(message)));
      return lost.length > 0 && lost.length < above.length;
    });
  }

  // Tests G4.
  it(`shows no client a mixture of histories when clients continue from their old numbers (SEED=${SEED})`, async () => {
    const schedule = parseSchedule(`
      at 1 s: back up database
      at 4 s: restore database
      at 9 s: back up database
      at 12 s: restore database
      at 16 s: kill server`);
    const mixtures: string[] = [];
    let shown = 0;
    const { broken, outcomes } = await runUnderFaults(cluster, schedule, new Random(SEED), {
      writers: 6,
      faults: (recorder, clients) => {
        const faults = database.faults(cluster.servers[0]!, recorder);
        // Connected clients are ahead of the restored database; clients that return later are behind.
        const away = clients.slice(0, 3);
        for (const { device, person } of clients)
          device.shown = ({ id, messages }) => {
            shown++;
            if (isMixture(id, messages)) mixtures.push(person.username);
          };
        const restore = async (): Promise<void> => {
          const positions = away.map(({ device }) => device.position);
          for (const { device } of away) await device.leave();
          await faults['restore database']!(1);
          for (const position of positions)
            await until('more than there was', () => hasPassed(position), 60_000);
          for (const { device } of away) await device.findReturned();
        };
        return { ...faults, 'restore database': restore };
      },
    });
    expect(broken).toEqual([]);
    expect(mixtures).toEqual([]);
    expect(database.losses.map(({ forgotten }) => forgotten.size > 0)).toEqual([true, true]);
    expect(shown).toBeGreaterThan(100);
    expect(outcomes.info).toBeGreaterThan(0);
  }, 300_000);
});
