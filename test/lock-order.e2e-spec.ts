import { PASSWORD, signUpAll, type Person } from './support/people';
import { withClient } from './support/databases';
import { startTestServer, type TestServer } from './support/test-server';
import { until } from './support/until';

/** Two users act on each other while one of them erases the account. Each action locks the pair, the conversation and the users. */
describe('the locks of two users', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ environment: { CONTACT_POLICY: 'open' } });
  });
  afterAll(() => server.close());

  const waiting = async (): Promise<number> => {
    const rows = await server.dataSource.query<unknown[]>(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    return rows.length;
  };
  const deadlocks = async (): Promise<number> => {
    const text = await (await fetch(`${server.url}/metrics`)).text();
    return Number(/^xfchat_db_errors_total\{code="40P01"\} (\d+)/m.exec(text)?.[1] ?? 0);
  };

  // Tests G18.
  it.each<[string, (ada: Person, ben: Person) => Promise<{ status: number }>]>([
    ['asks for friendship', (ada, ben) => ada.call('POST', '/friend-requests', { recipientId: ben.id })],
    [
      'opens the direct conversation',
      (ada, ben) => ada.call('POST', '/conversations', { type: 'direct', participantIds: [ben.id] }),
    ],
  ])(
    'are taken in one order when one user blocks, one erases the account, and one %s',
    async (_what, act) => {
      const [ada, ben] = (await signUpAll(server.url, 2)) as [Person, Person];
      await ada.direct(ben);
      const before = await deadlocks();
      await withClient(server.database.url, async (client) => {
        await client.query('begin');
        const [low, high] = [ada.id, ben.id].sort();
        await client.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [
          `contacts ${low} ${high}`,
        ]);
        const blocked = ben.call('PUT', `/users/me/blocks/${ada.id}`);
        await until('the block to wait for the pair', async () => (await waiting()) === 1);
        const acted = act(ada, ben);
        await until('the other to wait for the pair', async () => (await waiting()) === 2);
        let isErased = false;
        const erased = ada
          .call('DELETE', '/users/me', { password: PASSWORD, messages: 'keep' })
          .finally(() => (isErased = true));
        await until('the erasure to wait, or to be done', async () => isErased || (await waiting()) === 3);
        await client.query('commit');
        // On a busy machine, the wait for the pair may exceed the lock timeout, which is not a deadlock.
        const statuses = [blocked, acted, erased].map(async (answer) => (await answer).status);
        expect([204, 404, 503]).toContain(await statuses[0]);
        expect([200, 201, 403, 404, 503]).toContain(await statuses[1]);
        expect([202, 503]).toContain(await statuses[2]);
      });
      expect(await deadlocks()).toBe(before);
    },
  );
});
