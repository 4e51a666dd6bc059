import { Cluster } from '../guarantees/processes/cluster';
import { AUTH_SECRET } from '../guarantees/processes/restartable-server';
import { crowdOf } from '../support/crowd';
import { createTestDatabase, withClient, type TestDatabase } from '../support/databases';
import { signUpAll, type Person } from '../support/people';
import { connectSocket, type TestSocket } from '../support/test-socket';
import { until } from '../support/until';

const SERVERS = 3;
const MEMBERS = 1_000;
const SENDERS_PER_SERVER = 4;
const MESSAGES_PER_SENDER = 5;
/** The number of simultaneous sign-ins. */
const AT_ONCE = 50;
/** Longer than a lease, so that the others no longer wait for the frozen server, and shorter than the life of its row. */
const FROZEN_MS = 15_000;
const PATIENCE_MS = 120_000;

describe(`a conversation of ${MEMBERS} people over ${SERVERS} servers`, () => {
  let database: TestDatabase;
  let cluster: Cluster;
  let owner: Person;
  let group: string;
  /** The members of each server. */
  const sockets: TestSocket[][] = Array.from({ length: SERVERS }, () => []);
  let sent = 0;

  beforeAll(async () => {
    database = await createTestDatabase();
    cluster = await Cluster.start(database.url, { servers: SERVERS, environment: { RATE_LIMITS: 'off' } });
    [owner] = (await signUpAll(cluster.urls[0]!, 1)) as [Person];
    group = await owner.group();
    const members = await crowdOf(MEMBERS - 1, { database, authSecret: AUTH_SECRET });
    await withClient(database.url, (client) =>
      client.query(
        `insert into conversation_participants (conversation_id, user_id, role) select $1, id, 'member' from unnest($2::uuid[]) id`,
        [group, members.map(({ userId }) => userId)],
      ),
    );
    const tokens = [owner.accessToken, ...members.map(({ token }) => token)];
    for (let from = 0; from < tokens.length; from += AT_ONCE)
      await Promise.all(
        tokens.slice(from, from + AT_ONCE).map(async (token, index) => {
          const server = (from + index) % SERVERS;
          sockets[server]!.push(await connectSocket(cluster.urls[server]!, token));
        }),
      );
  }, 300_000);
  afterAll(async () => {
    for (const socket of sockets.flat()) socket.close();
    await cluster.close();
    await database.drop();
  }, 60_000);

  const seqs = (socket: TestSocket): number[] => socket.payloads('message:created').map(({ seq }) => seq);
  const numbersTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

  /** Four members on each of these servers write at the same time, each one message after the other. */
  async function sendFrom(...servers: number[]): Promise<void> {
    const senders = servers.flatMap((server) => sockets[server]!.slice(0, SENDERS_PER_SERVER));
    await Promise.all(
      senders.map(async (socket) => {
        for (let number = 0; number < MESSAGES_PER_SENDER; number++)
          await socket.ok('message:send', { conversationId: group, body: `message ${number}` });
      }),
    );
    sent += senders.length * MESSAGES_PER_SENDER;
  }

  async function expectEverythingOnceAndInOrder(listeners: readonly TestSocket[]): Promise<void> {
    const isComplete = (): boolean => listeners.every((socket) => seqs(socket).length >= sent);
    await until('every message at every member', isComplete, PATIENCE_MS);
    for (const socket of listeners) expect(seqs(socket)).toEqual(numbersTo(sent));
  }

  // Tests G3 and G5.
  it('sends everybody every message once and in order, while four people write on each server', async () => {
    await sendFrom(0, 1, 2);
    await expectEverythingOnceAndInOrder(sockets.flat());
  });

  // Tests G3 and G5.
  it(`continues while one server is frozen for ${FROZEN_MS / 1_000} s, whose members receive the rest afterwards`, async () => {
    const [first, second, frozen] = [sockets[0]!, sockets[1]!, cluster.servers[2]!];
    frozen.freeze();
    const frozenAt = performance.now();
    try {
      await sendFrom(0, 1);
      await expectEverythingOnceAndInOrder([...first, ...second]);
      await until('the end of the freeze', () => performance.now() - frozenAt > FROZEN_MS);
    } finally {
      frozen.resume();
    }
    await expectEverythingOnceAndInOrder(sockets.flat());
    await sendFrom(2, 0);
    await expectEverythingOnceAndInOrder(sockets.flat());
  });
});
