import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { Cluster } from '../guarantees/processes/cluster';
import { expectNothingLost } from '../rollout/expect-nothing-lost';
import { Sender } from '../rollout/sender';
import { call } from '../support/api';
import { createTestDatabase, type TestDatabase } from '../support/databases';
import { signUp, type Person } from '../support/people';
import { until } from '../support/until';
import { ClientTunnel } from './proxies/client-tunnel';
import { KINDS, lackingFor, Proxy, type ProxyKind } from './proxies/proxy';

/** The delay of production, for which both proxies are configured. */
const DRAIN_DELAY_MS = 5_000;
const GROUP_SIZE = 4;
const TRANSPORTS = ['websocket', 'polling'] as const;
const WRONG_PASSWORDS = 10;
const PATIENCE_MS = 120_000;

/** The examples of deploy/proxies in front of two servers. Each user connects from a separate address over TLS. */
describe.each(Object.keys(KINDS) as ProxyKind[])('%s in front of two servers', (kind) => {
  const lacking = lackingFor(kind);
  if (lacking.length > 0) {
    it(`DID NOT RUN: there is no ${lacking.join(' and no ')} on this machine (scripts/install-validators.sh)`, () => {
      process.stderr.write(`the live run of ${kind} DID NOT RUN, for want of ${lacking.join(' and ')}\n`);
    });
    return;
  }

  let database: TestDatabase;
  let cluster: Cluster;
  let proxy: Proxy | undefined;
  const doorways: ClientTunnel[] = [];
  let addresses = 0;

  beforeAll(async () => {
    database = await createTestDatabase();
    const environment = {
      DRAIN_DELAY_MS: String(DRAIN_DELAY_MS),
      DATABASE_POOL_MAX: '10',
      TRUST_PROXY: '1',
      RATE_LIMITS: 'on',
    };
    cluster = await Cluster.start(database.url, { servers: 2, environment });
    proxy = await Proxy.start(kind, cluster.urls);
    const entrance = await tunnel();
    await until(
      'the proxy to serve',
      async () => (await call(entrance.url, 'GET', '/health/live')).status === 200,
    );
  }, 180_000);
  afterAll(async () => {
    for (const each of doorways) await each.close();
    await proxy?.close();
    await cluster.close();
    await database.drop();
  }, 60_000);

  const nextAddress = (): string => `127.0.1.${++addresses}`;
  async function tunnel(): Promise<ClientTunnel> {
    const made = await ClientTunnel.to(proxy!, nextAddress());
    doorways.push(made);
    return made;
  }
  const newcomer = async (): Promise<Person> => signUp((await tunnel()).url);
  /** The number of sockets of each server. */
  const socketsOf = (): Promise<number[]> =>
    Promise.all(
      cluster.urls.map(async (url) => {
        const metrics = await (await fetch(`${url}/metrics`)).text();
        return Number(/^xfchat_sockets_connected (\d+)$/m.exec(metrics)![1]);
      }),
    );

  it('identifies people by their real addresses, whatever they claim', async () => {
    const { username } = await newcomer();
    const guess = (url: string, claim: string) =>
      call(url, 'POST', '/api/v1/auth/login', {
        body: { login: username, password: 'not the password of theirs' },
        headers: { 'x-forwarded-for': claim },
      });
    const guesser = await tunnel();
    const statuses: number[] = [];
    for (let index = 0; index <= WRONG_PASSWORDS; index++)
      statuses.push((await guess(guesser.url, `198.51.100.${index}`)).status);
    expect(statuses).toEqual([...Array<number>(WRONG_PASSWORDS).fill(401), 429]);
    // Another client of the same proxy, on either server, counts separately.
    const others = await Promise.all(Array.from({ length: 6 }, tunnel));
    for (const { url, address } of others)
      expect([address, (await guess(url, guesser.address)).status]).toEqual([address, 401]);
  });

  it('hides the metrics, and rejects a body of more than 128 KiB', async () => {
    const { url } = await newcomer();
    expect((await call(url, 'GET', '/metrics')).status).toBe(404);
    // A client that sends the body may see the connection end before the answer, so only the length is sent.
    const upload = request(`${url}/api/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-length': 129 * 1024 },
    });
    upload.on('error', () => undefined).flushHeaders();
    const [response] = (await once(upload, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(413);
    upload.destroy();
  });

  it.each(TRANSPORTS)('passes %s to both servers', async (transport) => {
    const people = await Promise.all(Array.from({ length: 8 }, newcomer));
    const [first, ...others] = people;
    const conversationId = await first!.group(...others);
    const before = await socketsOf();
    const sockets = await Promise.all(people.map((person) => person.connect({ transports: [transport] })));
    const spread = (await socketsOf()).map((count, index) => count - before[index]!);
    expect(spread.reduce((sum, count) => sum + count)).toBe(people.length);
    expect(Math.min(...spread)).toBeGreaterThan(0);
    for (const [index, socket] of sockets.entries()) {
      const message = await socket.ok('message:send', { conversationId, body: `by ${index}` });
      expect(message.seq).toBe(index + 1);
      await socket.next('message:created', ({ id }) => id === message.id);
      expect(socket.socket.io.engine.transport.name).toBe(transport);
    }
    for (const socket of sockets) socket.close();
    await until('them to be gone', async () =>
      (await socketsOf()).every((count, index) => count <= before[index]!),
    );
  });

  if (kind === 'haproxy')
    it('recognises a client by its cookies after its address has changed', async () => {
      const home = await tunnel();
      const person = await signUp(home.url);
      const conversationId = await person.group(await newcomer());
      const socket = await person.connect({ transports: ['polling'], withCredentials: true });
      const counts = await socketsOf();
      for (let move = 1; move <= 8; move++) {
        home.address = nextAddress();
        await socket.ok('message:send', { conversationId, body: `from the address ${move}` });
      }
      expect(await socketsOf()).toEqual(counts);
      socket.close();
    });

  it('loses no acknowledged message when one server after the other is drained', async () => {
    const groups: Sender[][] = [];
    for (const transport of TRANSPORTS) {
      const people = await Promise.all(Array.from({ length: GROUP_SIZE }, newcomer));
      const [owner, ...others] = people;
      const group = await owner!.group(...others);
      groups.push(
        await Promise.all(people.map((person) => Sender.connect(person, group, person.url, [transport]))),
      );
    }
    const senders = groups.flat();
    const everybodyIsServed = () =>
      until('everybody to be served', () => senders.every(({ isOnline }) => isOnline), PATIENCE_MS);
    await everybodyIsServed();
    let isOver = false;
    const writing = senders.map((sender) => sender.writeUntil(() => isOver));
    const exitCodes: (number | null)[] = [];
    for (const server of cluster.servers) {
      exitCodes.push(await server.stop());
      await server.start();
      await everybodyIsServed();
    }
    isOver = true;
    await Promise.all(writing);

    const attempts = senders.flatMap((sender) => sender.attempts);
    const refusals = attempts.flatMap(({ by, refusal }) => (refusal ? `${refusal} (${by})` : []));
    process.stdout.write(
      `${kind}: ${attempts.length} messages by ${senders.length} senders over two drains, refused at first: ` +
        `${counted(refusals)}\n`,
    );
    expect(exitCodes).toEqual([0, 0]);
    for (const group of groups) await expectNothingLost(group);
    await Promise.all(senders.map((sender) => sender.close()));
  }, 300_000);
});

/** Counts equal values: 3 of one, 1 of another. */
function counted(words: readonly string[]): string {
  const counts = [...new Set(words)].map((word) => `${words.filter((each) => each === word).length} ${word}`);
  return counts.join(', ') || 'none';
}
