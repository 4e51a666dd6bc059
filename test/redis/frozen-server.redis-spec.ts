import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RestartableServer } from '../guarantees/processes/restartable-server';
import { createTestDatabase, type TestDatabase } from '../support/databases';
import { signUpAll, type Person } from '../support/people';
import { describeWithRedis, RedisProcess } from '../support/redis';
import type { TestSocket } from '../support/test-socket';
import { until } from '../support/until';

/** The servers are processes. Messages of Redis to a frozen one wait in the buffers of its connections. */
describeWithRedis('a server with Redis that was frozen', () => {
  let redis: RedisProcess;
  let database: TestDatabase;
  let directory: string;
  let one: RestartableServer;
  let two: RestartableServer;

  beforeAll(async () => {
    redis = await RedisProcess.start();
    database = await createTestDatabase();
    directory = mkdtempSync(join(tmpdir(), 'xfchat-servers-'));
    const environment = { DATABASE_URL: database.url, REDIS_URL: redis.url };
    one = await RestartableServer.start(directory, environment);
    two = await RestartableServer.start(directory, environment);
  });
  afterAll(async () => {
    two.resume();
    await Promise.all([one, two].map((server) => server.kill()));
    await redis.stop();
    await database.drop();
    rmSync(directory, { recursive: true, force: true });
  });

  const bodies = (socket: TestSocket): (string | null)[] =>
    socket.payloads('message:created').map(({ body }) => body);

  // Tests G5 and G6.
  it('emits no deleted, outdated or revoked message after it was frozen, and everything else', async () => {
    const [ada, ben, cyd] = (await signUpAll(one.url, 3)) as [Person, Person, Person];
    const group = await ada.group(ben, cyd);
    const [bens, cyds] = [await ben.at(two.url).connect(), await cyd.at(two.url).connect()];
    await until('both on Redis', async () => (await redis.channels()).includes(`conversation:${group}`));
    await ada.send(group, 'before');
    for (const socket of [bens, cyds]) await until('the first', () => bodies(socket).length === 1);

    two.freeze();
    const deleted = await ada.send(group, 'to be deleted');
    const edited = await ada.send(group, 'to be edited');
    await ada.send(group, 'to stay');
    await ada.call('DELETE', `/conversations/${group}/messages/${deleted.id}`);
    await ada.call('PUT', `/conversations/${group}/messages/${edited.id}`, { body: 'edited' });
    expect((await ada.call('DELETE', `/conversations/${group}/participants/${ben.id}`)).status).toBe(204);
    await ada.send(group, 'a secret');
    two.resume();

    await until('what was missed', () => bodies(cyds).includes('a secret'));
    expect(bodies(cyds)).toEqual(['before', null, 'edited', 'to stay', 'a secret']);
    await bens.next('conversation:removed');
    expect(bodies(bens)).toEqual(['before']);
    for (const socket of [bens, cyds]) socket.close();
  });
});
