import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RestartableServer } from '../guarantees/processes/restartable-server';
import { createTestDatabase, type TestDatabase } from '../support/databases';
import { signUpAll, type Person } from '../support/people';
import type { TestSocket } from '../support/test-socket';
import { until } from '../support/until';

/** The reports of a server about its users end with it. */
describe('presence with two processes', () => {
  let database: TestDatabase;
  let directory: string;
  let one: RestartableServer;
  let two: RestartableServer;
  let ada: Person;
  let ben: Person;
  const sockets: TestSocket[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    directory = mkdtempSync(join(tmpdir(), 'xfchat-presence-'));
    const environment = { DATABASE_URL: database.url };
    one = await RestartableServer.start(directory, environment);
    two = await RestartableServer.start(directory, environment);
    [ada, ben] = (await signUpAll(one.url, 2)) as [Person, Person];
    await ada.direct(ben);
  });
  afterAll(async () => {
    for (const socket of sockets) socket.close();
    await Promise.all([one, two].map((server) => server.kill()));
    await database.drop();
    rmSync(directory, { recursive: true, force: true });
  });

  async function connect(person: Person, { url }: RestartableServer): Promise<TestSocket> {
    const socket = await person.at(url).connect();
    sockets.push(socket);
    return socket;
  }
  const statuses = (socket: TestSocket): string[] => socket.payloads('presence').map(({ status }) => status);

  it('ends within ten seconds after a user’s server was killed, and returns with the user', async () => {
    const adas = await connect(ada, one);
    await connect(ben, two);
    const watched = async (): Promise<{ status: string }> =>
      (await adas.ok('presence:watch', { userIds: [ben.id] })).presences[0];
    await until('ben', async () => (await watched()).status === 'online');
    // Ben may have connected between two answers; then there is an event.
    adas.events.splice(0);
    const killedAt = performance.now();
    await two.kill();
    await until('that ben is gone', () => statuses(adas).includes('offline'));
    expect(performance.now() - killedAt).toBeLessThan(10_000);
    await two.start();
    await connect(ben, two);
    await until('that ben is back', () => statuses(adas).at(-1) === 'online');
    expect(statuses(adas)).toEqual(['offline', 'online']);
  });

  it('is known to a server that starts after everybody has connected', async () => {
    await one.kill();
    await one.start();
    const adas = await connect(ada, one);
    await adas.ok('presence:watch', { userIds: [ben.id] });
    await until('ben', () => statuses(adas).at(-1) === 'online' || watchedOnline(adas, ben));
  });
});

/** The answer may contain it already; then there is no event. */
async function watchedOnline(socket: TestSocket, { id }: Person): Promise<boolean> {
  const { presences } = await socket.ok('presence:watch', { userIds: [id] });
  return presences[0].status === 'online';
}
