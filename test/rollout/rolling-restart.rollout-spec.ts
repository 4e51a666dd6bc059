import { createTestDatabase, type TestDatabase } from '../support/databases';
import { signUpAll } from '../support/people';
import { until } from '../support/until';
import { Cluster } from '../guarantees/processes/cluster';
import { Balancer } from './balancer';
import { expectNothingLost } from './expect-nothing-lost';
import { Sender } from './sender';

const SENDERS = 50;
const GROUP_SIZE = 5;
/** The delay of production. */
const DRAIN_DELAY_MS = 5_000;
const PATIENCE_MS = 120_000;

/** The time from the signal until two servers served everybody again. */
interface Restart {
  readonly signalledAt: number;
  readonly exitCode: number | null;
  readonly exitMs: number;
  readonly overAt: number;
}

describe(`two servers restarted one after the other under ${SENDERS} senders`, () => {
  let database: TestDatabase;
  let cluster: Cluster;
  let balancer: Balancer;
  const senders: Sender[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    const environment = { DRAIN_DELAY_MS: String(DRAIN_DELAY_MS), DATABASE_POOL_MAX: '10' };
    cluster = await Cluster.start(database.url, { servers: 2, environment });
    balancer = await Balancer.inFrontOf(cluster.urls);
    await everybodyIsServed();
    // Do not sign up all at once, because password hashing is slow.
    while (senders.length < SENDERS) {
      const [owner, ...others] = await signUpAll(balancer.url, GROUP_SIZE);
      const group = await owner!.group(...others);
      for (const person of [owner!, ...others])
        senders.push(await Sender.connect(person, group, balancer.url));
    }
    await everybodyIsServed();
  }, 180_000);
  afterAll(async () => {
    await Promise.all(senders.map((sender) => sender.close()));
    await balancer.close();
    await cluster.close();
    await database.drop();
  }, 60_000);

  async function everybodyIsServed(): Promise<void> {
    const isSo = (): boolean =>
      cluster.urls.every((url) => balancer.isInRotation(url)) && senders.every(({ isOnline }) => isOnline);
    await until('everybody to be served by two servers', isSo, PATIENCE_MS);
  }

  async function restart(server: Cluster['servers'][number]): Promise<Restart> {
    // Everybody writes just before the signal, so that some requests are open when it arrives.
    const begun = senders.map((sender) => sender.write());
    const signalledAt = performance.now();
    const exitCode = await server.stop();
    const exitMs = performance.now() - signalledAt;
    await server.start();
    await Promise.all(begun);
    await everybodyIsServed();
    return { signalledAt, exitCode, exitMs, overAt: performance.now() };
  }

  it('lose no acknowledged message, and fail no request that was begun before the signal', async () => {
    let isOver = false;
    const writing = senders.map((sender) => sender.writeUntil(() => isOver));
    const restarts: Restart[] = [];
    for (const server of cluster.servers) restarts.push(await restart(server));
    isOver = true;
    await Promise.all(writing);

    const attempts = senders.flatMap((sender) => sender.attempts);
    const refused = attempts.filter(({ refusal }) => refusal !== undefined);
    const isWithin = ({ begunAt }: { begunAt: number }): boolean =>
      restarts.some(({ signalledAt, overAt }) => begunAt > signalledAt && begunAt < overAt);
    const told = senders.flatMap((sender) => sender.reconnectTimes);
    process.stdout.write(
      `${attempts.length} messages by ${SENDERS} senders, ${refused.length} of them refused at first; ` +
        `exits after ${restarts.map(({ exitMs }) => `${(exitMs / 1_000).toFixed(1)} s`).join(' and ')}\n`,
    );
    expect(restarts.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    expect(refused.filter((attempt) => !isWithin(attempt))).toEqual([]);
    // Each client was connected to one of the two, and got a time to reconnect. Hardly any two got the same time.
    expect(told.length).toBeGreaterThanOrEqual(SENDERS);
    expect(new Set(told).size).toBeGreaterThan(told.length / 2);

    for (let first = 0; first < SENDERS; first += GROUP_SIZE)
      await expectNothingLost(senders.slice(first, first + GROUP_SIZE));
  }, 300_000);
});
