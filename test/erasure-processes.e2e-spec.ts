import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkIntegrity } from '../src/operations/integrity/check-integrity';
import { ErasureWorker } from '../src/features/erasure/erasure-worker';
import { RestartableServer } from './guarantees/processes/restartable-server';
import { createTestDatabase, withClient, type TestDatabase } from './support/databases';
import { PASSWORD, signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import { until } from './support/until';

const COUNT = 6_000;
const SECRET = 'the-servers-of-a-test-share-this-secret-0123456789';

/** The part of an erasure after its acknowledgement changes each message once, whichever server works on it. */
describe('the rest of an erasure', () => {
  let database: TestDatabase;
  let directory: string;
  const servers: { close(): Promise<unknown> }[] = [];

  beforeEach(async () => {
    database = await createTestDatabase();
    directory = mkdtempSync(join(tmpdir(), 'xfchat-erasure-'));
  });
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
    await database.drop();
    rmSync(directory, { recursive: true, force: true });
  });

  const environment = () => ({ AUTH_SECRET: SECRET, BACKUP_DIR: join(directory, 'backups') });
  async function serve(): Promise<TestServer> {
    const server = await startTestServer({ database, environment: environment() });
    servers.push(server);
    return server;
  }
  const query = <Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> =>
    withClient(database.url, async (client) => (await client.query<Row>(text, values)).rows);
  /** Ada, who has written much into a group, and Ben. */
  async function chat(url: string): Promise<{ ada: Person; ben: Person; group: string }> {
    const [ada, ben] = (await signUpAll(url, 2)) as [Person, Person];
    const group = await ada.group(ben);
    await query(
      `with stored as (
         insert into chat_messages (id, conversation_id, seq, sender_id, body)
         select gen_random_uuid(), $1, n, $2, 'message ' || n from generate_series(1, ${COUNT}) n)
       update conversations set last_seq = ${COUNT} where id = $1`,
      [group, ada.id],
    );
    return { ada, ben, group };
  }
  const progress = async () => {
    const [found] = await query<{ done: number; finished: boolean }>(
      'select messages_done::integer as done, finished_at is not null as finished from erasures',
    );
    return found ?? { done: 0, finished: false };
  };
  /** Asserts that each message has taken one `rev` and has one version that marks it. */
  async function expectEachOnce(server: TestServer, group: string): Promise<void> {
    expect(await progress()).toEqual({ done: COUNT, finished: true });
    const [found] = await server.dataSource.query<object[]>(
      `select count(*) as messages, count(distinct m.rev) as revs, min(m.rev) as lowest, max(m.rev) as highest,
         count(*) filter (where m.sender_id is null and m.body is null) as tombstones,
         (select count(*) from message_versions) as versions, (select last_rev from conversations where id = $1) as head
       from chat_messages m where m.conversation_id = $1`,
      [group],
    );
    // Two earlier `rev`s: one for the participant who left, one for the new owner.
    expect(found).toEqual({
      ...{ messages: COUNT, revs: COUNT, lowest: 3, highest: COUNT + 2 },
      ...{ tombstones: COUNT, versions: 2 * COUNT, head: COUNT + 2 },
    });
    expect(await checkIntegrity(server.dataSource)).toEqual([]);
  }

  it('is continued by another server after one was killed in the middle of it', async () => {
    const doomed = await RestartableServer.start(directory, { DATABASE_URL: database.url, ...environment() });
    servers.push({ close: () => doomed.kill() });
    const { ada, ben, group } = await chat(doomed.url);
    const erased = await ada.call('DELETE', '/users/me', { password: PASSWORD, messages: 'remove' });
    expect(erased.status).toBe(202);
    await until('some of the work', async () => (await progress()).done > 0);
    await doomed.kill();
    const left = await progress();
    expect(left).toMatchObject({ finished: false });
    expect(left.done).toBeGreaterThan(0);
    expect(left.done).toBeLessThan(COUNT);

    const witness = await serve();
    await until('the rest', async () => (await progress()).finished, 60_000);
    await expectEachOnce(witness, group);
    const { body } = await Object.assign(ben, { url: witness.url }).call('GET', `/conversations/${group}`);
    expect(body).toMatchObject({ myRole: 'owner', unreadCount: 0 });
  });

  it('is done once by two servers that work on it at the same time', async () => {
    const [first, second] = [await serve(), await serve()];
    const { ada, group } = await chat(first.url);
    const erased = await ada.call('DELETE', '/users/me', { password: PASSWORD, messages: 'remove' });
    expect(erased.status).toBe(202);
    // Each worker looks for work repeatedly, as after many erasures.
    const workers = [first, second].map(({ application }) => application.get(ErasureWorker));
    const again = setInterval(() => workers.forEach((worker) => worker.hurry()), 5);
    await until('the end', async () => (await progress()).finished, 60_000).finally(() =>
      clearInterval(again),
    );
    await expectEachOnce(first, group);
  });
});
