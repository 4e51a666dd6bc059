import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RestartableServer } from '../guarantees/processes/restartable-server';
import { createTestDatabase, withClient, type TestDatabase } from '../support/databases';
import { signUpAll, type Person } from '../support/people';
import type { TestSocket } from '../support/test-socket';
import { until } from '../support/until';

/** As in the manifests, the processes share only a database, and any of them may fall silent. */
describe('two servers', () => {
  let database: TestDatabase;
  let directory: string;
  let one: RestartableServer;
  let two: RestartableServer;
  let ada: Person;
  let ben: Person;
  let cyd: Person;
  let group: string;
  const sockets: TestSocket[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    directory = mkdtempSync(join(tmpdir(), 'xfchat-servers-'));
    const environment = { DATABASE_URL: database.url };
    one = await RestartableServer.start(directory, environment);
    two = await RestartableServer.start(directory, environment);
  });
  afterAll(async () => {
    await Promise.all([one, two].map((server) => server.kill()));
    await database.drop();
    rmSync(directory, { recursive: true, force: true });
  });
  beforeEach(async () => {
    [ada, ben, cyd] = (await signUpAll(one.url, 3)) as [Person, Person, Person];
    group = await ada.group(ben, cyd);
  });
  afterEach(() => {
    two.resume();
    for (const socket of sockets.splice(0)) socket.close();
  });

  const at = (person: Person, { url }: RestartableServer): Person => person.at(url);
  async function connect(person: Person, server: RestartableServer): Promise<TestSocket> {
    const socket = await at(person, server).connect();
    sockets.push(socket);
    return socket;
  }
  const seqs = (socket: TestSocket): number[] =>
    socket
      .payloads('message:created')
      .filter(({ conversationId }) => conversationId === group)
      .map(({ seq }) => seq);
  const numbersTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
  const sendMany = async (sender: Person, count: number): Promise<void> => {
    for (let number = 0; number < count; number++) await sender.send(group, `message ${number}`);
  };

  // Tests G6.
  it('deliver nothing to users whom one removed while the other was frozen, and everything to the rest', async () => {
    const [bens, cyds] = [await connect(ben, two), await connect(cyd, two)];
    await sendMany(ada, 1);
    for (const socket of [bens, cyds]) await until('the first message', () => seqs(socket).length === 1);
    two.freeze();
    const { id } = await ada.send(group, 'to be edited');
    await sendMany(ada, 2);
    const removed = await ada.call('DELETE', `/conversations/${group}/participants/${ben.id}`);
    expect(removed.status).toBe(204);
    await ada.call('PUT', `/conversations/${group}/messages/${id}`, { body: 'a secret' });
    await sendMany(ada, 3);
    two.resume();
    await until('what was missed', () => seqs(cyds).length === 7);
    await sendMany(ada, 1);
    await until('what is live again', () => seqs(cyds).length === 8);
    expect(seqs(cyds)).toEqual(numbersTo(8));
    await bens.next('conversation:removed');
    expect(seqs(bens)).toEqual([1]);
  });

  // Tests G6.
  it('store nothing from a session that one ended while the other was frozen', async () => {
    const [bens, cyds] = [await connect(ben, two), await connect(cyd, two)];
    two.freeze();
    // These messages wait in the buffers of the system until the process continues.
    bens.socket.emit('message:send', { conversationId: group, body: 'said too late' });
    expect((await ben.call('POST', '/auth/logout')).status).toBe(204);
    two.resume();
    await bens.disconnected();
    await sendMany(ada, 1);
    await until('the message of who is left', () => seqs(cyds).length === 1);
    expect(cyds.payloads('message:created').map(({ body }) => body)).toEqual(['message 0']);
  });

  // Tests G3 and G5.
  it('send everything once and in order while their database sessions are ended ten times', async () => {
    const listeners = [await connect(ben, two), await connect(cyd, one)];
    const each = 60;
    const sending = Promise.all(
      [at(ada, one), at(ada, two), at(ben, one), at(cyd, two)].map((sender) => sendMany(sender, each)),
    );
    const ending = withClient(database.url, async (client) => {
      for (let time = 0; time < 10; time++) {
        await client.query(`select pg_terminate_backend(pid) from pg_stat_activity
          where application_name = 'xfchat-relay' and datname = current_database()`);
        const heard = seqs(listeners[0]!).length;
        await until(
          'more',
          () => seqs(listeners[0]!).length > heard || seqs(listeners[0]!).length === 4 * each,
        );
      }
    });
    await Promise.all([sending, ending]);
    for (const listener of listeners) {
      await until('everything', () => seqs(listener).length >= 4 * each);
      expect(seqs(listener)).toEqual(numbersTo(4 * each));
    }
  });

  // Tests G6.
  it('acknowledge a revocation after one was killed', async () => {
    await two.kill();
    expect((await ada.call('DELETE', `/conversations/${group}/participants/${ben.id}`)).status).toBe(204);
    expect((await cyd.call('POST', '/auth/logout')).status).toBe(204);
    await two.start();
    const adas = await connect(ada, two);
    await ada.send(group, 'heard by the new one');
    await until('the message', () => seqs(adas).length === 1);
  });
});
