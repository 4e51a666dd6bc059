import { randomUUID } from 'node:crypto';
import type { Client } from 'pg';
import { createTestDatabase, withClient, type TestDatabase } from '../../support/databases';
import { signUpAll, type Person } from '../../support/people';
import { until } from '../../support/until';
import type { Outcome } from '../driver/device';
import { HttpDevice } from '../driver/http-device';
import { Cluster } from '../processes/cluster';
import { untilKnown } from '../workload/group';

// test/concurrency.e2e-spec.ts tests the same within one process, with the broadcast
// that a lock on the table holds back.
describe('three processes that wait for one conversation', () => {
  let database: TestDatabase;
  let cluster: Cluster;
  let people: Person[];

  beforeAll(async () => {
    database = await createTestDatabase();
    cluster = await Cluster.start(database.url, { servers: 3, environment: { DATABASE_POOL_MAX: '5' } });
  });
  afterAll(async () => {
    await cluster.close();
    await database.drop();
  });
  beforeEach(async () => {
    people = await signUpAll(cluster.urls[0]!, 3);
  });

  /** Sends as this user through one of the servers, and retries after a timeout of the wait. */
  function ask(
    person: Person,
    server: number,
    method: string,
    path: string,
    body?: object,
  ): Promise<Outcome> {
    return untilKnown(() => new HttpDevice(cluster.urls[server]!, person).request(method, path, body));
  }

  async function whileHeld(conversationId: string, work: (wait: Wait) => Promise<void>): Promise<void> {
    await withClient(database.url, async (client) => {
      await client.query('begin');
      await client.query('select from conversations where id = $1 for no key update', [conversationId]);
      await withClient(database.url, (observer) => work((count) => statementsWait(observer, count)));
      await client.query('commit');
    });
  }

  type Wait = (count: number) => Promise<void>;
  async function statementsWait(observer: Client, count: number): Promise<void> {
    await until(`${count} statements to wait`, async () => {
      const { rowCount } = await observer.query(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      return rowCount! >= count;
    });
  }

  async function stored(conversationId: string): Promise<{ id: string; seq: number }[]> {
    return withClient(database.url, async (client) => {
      const { rows } = await client.query<{ id: string; seq: number }>(
        'select id, seq::integer from chat_messages where conversation_id = $1 order by seq',
        [conversationId],
      );
      return rows;
    });
  }

  // Tests G8.
  it('store a message once, under one number, when it reaches all of them', async () => {
    const [ada, ben] = people as [Person, Person];
    const conversationId = await ada.group(ben);
    const path = `/conversations/${conversationId}/messages`;
    const message = { id: randomUUID(), body: 'three times' };
    let answers: Promise<Outcome[]> | undefined;
    await whileHeld(conversationId, async (wait) => {
      answers = Promise.all([0, 1, 2].map((server) => ask(ada, server, 'POST', path, message)));
      await wait(3);
    });
    expect((await answers!).map(({ type, value }) => [type, value.seq])).toEqual(Array(3).fill(['ok', 1]));
    expect((await ask(ben, 1, 'POST', path, { id: randomUUID(), body: 'next' })).value.seq).toBe(2);
    expect((await stored(conversationId)).map(({ seq }) => seq)).toEqual([1, 2]);
  });

  // Tests G8.
  it('accept an id from one of two people who use it, and give the other no number', async () => {
    const [ada, ben] = people as [Person, Person];
    const conversationId = await ada.group(ben);
    const path = `/conversations/${conversationId}/messages`;
    const message = { id: randomUUID(), body: 'mine' };
    let answers: Promise<Outcome[]> | undefined;
    await whileHeld(conversationId, async (wait) => {
      answers = Promise.all([ada, ben].map((person, server) => ask(person, server, 'POST', path, message)));
      await wait(2);
    });
    const codes = (await answers!).map(({ type, value }) => (type === 'ok' ? value.seq : value.code));
    expect(codes).toHaveLength(2);
    expect(codes).toEqual(expect.arrayContaining([1, 'message-id-conflict']));
    expect((await ask(ben, 2, 'POST', path, { id: randomUUID(), body: 'next' })).value.seq).toBe(2);
  });

  // Tests G19.
  it('store nothing of somebody whose removal comes first, and the rest without a hole', async () => {
    const [ada, ben, carl] = people as [Person, Person, Person];
    const conversationId = await ada.group(ben, carl);
    const path = `/conversations/${conversationId}`;
    let removal: Promise<Outcome> | undefined;
    let late: Promise<Outcome[]> | undefined;
    let others: Promise<Outcome[]> | undefined;
    const send = (person: Person, server: number): Promise<Outcome> =>
      ask(person, server, 'POST', `${path}/messages`, { id: randomUUID(), body: person.username });
    await whileHeld(conversationId, async (wait) => {
      // The longest waiter is served first.
      removal = ask(ada, 0, 'DELETE', `${path}/participants/${ben.id}`);
      await wait(1);
      late = Promise.all([send(ben, 1), send(ben, 2), send(ben, 1)]);
      others = Promise.all([send(carl, 2), send(carl, 1), send(ada, 2)]);
      await wait(3);
    });
    expect(await removal).toMatchObject({ type: 'ok' });
    for (const outcome of await late!)
      expect(outcome).toMatchObject({ type: 'fail', value: { code: 'conversation-not-found' } });
    expect((await others!).map(({ value }) => value.seq).sort()).toEqual([1, 2, 3]);
    expect((await stored(conversationId)).map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  it('store nothing between two people after one has blocked the other', async () => {
    const [ada, ben] = people as [Person, Person];
    const conversationId = await ada.direct(ben);
    let block: Promise<Outcome> | undefined;
    let late: Promise<Outcome[]> | undefined;
    const send = (person: Person, server: number): Promise<Outcome> =>
      ask(person, server, 'POST', `/conversations/${conversationId}/messages`, {
        id: randomUUID(),
        body: 'x',
      });
    await whileHeld(conversationId, async (wait) => {
      block = ask(ada, 0, 'PUT', `/users/me/blocks/${ben.id}`);
      await wait(1);
      late = Promise.all([send(ben, 1), send(ada, 2)]);
      await wait(3);
    });
    expect(await block).toMatchObject({ type: 'ok' });
    for (const outcome of await late!)
      expect(outcome).toMatchObject({ type: 'fail', value: { code: 'forbidden' } });
    expect(await stored(conversationId)).toEqual([]);
  });
});
