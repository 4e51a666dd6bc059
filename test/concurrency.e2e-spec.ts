import { randomUUID } from 'node:crypto';
import type { Client } from 'pg';
import { inTransaction } from '../src/platform/database/transaction';
import { withClient } from './support/databases';
import { signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import { until } from './support/until';

describe('many at once', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

  it('100 senders with 20 messages each, by socket and HTTP, some repeated: one order for everybody, no hole', async () => {
    const people = await signUpAll(server.url, 100);
    const conversationId = await people[0]!.group(...people.slice(1));
    const listeners = await Promise.all(people.slice(0, 4).map((person) => person.connect()));
    const outcomes = await Promise.all(
      people.map(async (person, index) => {
        const socket = index % 2 === 0 ? await person.connect() : undefined;
        const answers: { id: string; seq: number; status: number | 'ok' }[] = [];
        for (let n = 0; n < 20; n++) {
          const message = { id: randomUUID(), body: `${index} ${n}` };
          for (let times = n % 10 === 0 ? 3 : 1; times > 0; times--) {
            if (socket) {
              const { seq } = await socket.ok('message:send', { conversationId, ...message });
              answers.push({ id: message.id, seq, status: 'ok' });
            } else {
              const { status, body } = await person.call(
                'POST',
                `/conversations/${conversationId}/messages`,
                message,
              );
              answers.push({ id: message.id, seq: body.seq, status });
            }
          }
        }
        socket?.close();
        return answers;
      }),
    );
    const answers = outcomes.flat();
    expect([...new Set(answers.map((answer) => answer.status))].sort()).toEqual([200, 201, 'ok']);
    const acknowledged = new Map(answers.map((answer) => [answer.id, answer.seq]));
    expect(answers.filter((answer) => acknowledged.get(answer.id) !== answer.seq)).toEqual([]);
    expect([...acknowledged.values()].sort((a, b) => a - b)).toEqual(numbers(2_000));
    for (const listener of listeners) {
      await until('every message', () => listener.payloads('message:created').length >= 2_000);
      const heard = listener.payloads('message:created');
      expect(heard.map((message) => message.seq)).toEqual(numbers(2_000));
      expect(heard.every((message) => acknowledged.get(message.id) === message.seq)).toBe(true);
      listener.close();
    }
  }, 120_000);

  /** Holds the conversation's row as a long transaction would, until `release`. */
  async function whileLocked(conversationId: string, work: (client: Client) => Promise<void>): Promise<void> {
    await withClient(server.database.url, async (client) => {
      await client.query('begin');
      await client.query('select from conversations where id = $1 for no key update', [conversationId]);
      await work(client);
      await client.query('commit');
    });
  }
  /** Asked over another connection: inside a transaction the view would not change. */
  const aStatementWaits = (): Promise<boolean> =>
    until('a statement to wait for the lock', async () => {
      const rows = await server.dataSource.query<unknown[]>(
        `select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      return rows.length > 0;
    });

  describe('a message that waits for the conversation', () => {
    let ada: Person;
    let ben: Person;
    let conversationId: string;
    const send = (person: Person, fields: object) =>
      person.call('POST', `/conversations/${conversationId}/messages`, fields);
    const seqOf = async (): Promise<number> =>
      (await ada.call('GET', `/conversations/${conversationId}/messages`)).body.head.seq;

    beforeEach(async () => {
      [ada, ben] = (await signUpAll(server.url, 2)) as [Person, Person];
      conversationId = await ada.group(ben);
    });

    it('is not stored when its sender was removed meanwhile', async () => {
      let sent: ReturnType<typeof send> | undefined;
      await whileLocked(conversationId, async (client) => {
        sent = send(ben, { body: 'too late' });
        await aStatementWaits();
        await client.query(`update conversation_participants set left_at = now() where user_id = $1`, [
          ben.id,
        ]);
      });
      expect(await sent).toMatchObject({ status: 404, body: { code: 'conversation-not-found' } });
      expect(await seqOf()).toBe(0);
    });

    it('is not stored when a block came between meanwhile', async () => {
      conversationId = await ada.direct(ben);
      let sent: ReturnType<typeof send> | undefined;
      await whileLocked(conversationId, async (client) => {
        sent = send(ben, { body: 'too late' });
        await aStatementWaits();
        await client.query(`insert into blocks (blocker_id, blocked_id) values ($1, $2)`, [ada.id, ben.id]);
      });
      expect(await sent).toMatchObject({ status: 403, body: { code: 'forbidden' } });
      expect(await seqOf()).toBe(0);
    });

    it('takes no number when the same message was stored meanwhile', async () => {
      const id = randomUUID();
      let sent: ReturnType<typeof send> | undefined;
      await whileLocked(conversationId, async (client) => {
        sent = send(ben, { id, body: 'twice' });
        await aStatementWaits();
        await client.query(
          `insert into chat_messages (id, conversation_id, seq, sender_id, body) values ($1, $2, 1, $3, 'twice')`,
          [id, conversationId, ben.id],
        );
        await client.query(`update conversations set last_seq = 1 where id = $1`, [conversationId]);
      });
      expect(await sent).toMatchObject({ status: 200, body: { id, seq: 1 } });
      expect((await send(ben, { body: 'next' })).body.seq).toBe(2);
    });

    it('is broadcast only when it is committed', async () => {
      const socket = await ada.connect();
      let sent: ReturnType<typeof send> | undefined;
      await withClient(server.database.url, async (client) => {
        await client.query('begin');
        await client.query('lock table chat_messages in exclusive mode');
        sent = send(ben, { body: 'not yet' });
        await aStatementWaits();
        // A fence: what is told after this would have come after a broadcast.
        const fence = await ada.group();
        await socket.next('conversation:created', (payload) => payload.conversationId === fence);
        expect(socket.payloads('message:created')).toEqual([]);
        await client.query('commit');
      });
      const { body } = await sent!;
      expect(await socket.next('message:created')).toEqual(body);
      socket.close();
    });
  });

  it('messages for two conversations in opposite order never deadlock', async () => {
    const [ada] = (await signUpAll(server.url, 1)) as [Person];
    const conversations = [await ada.group(), await ada.group()];
    const before = await deadlocks();
    await withClient(server.database.url, (first) =>
      withClient(server.database.url, async (second) => {
        for (let round = 0; round < 100; round++) {
          await Promise.all(
            [first, second].map((client, index) =>
              client.query(`select outcome from append_messages($1, $2, $3, $4, $5, $6)`, [
                [randomUUID(), randomUUID()],
                index === 0 ? conversations : [...conversations].reverse(),
                [ada.id, ada.id],
                ['text', 'text'],
                ['a', 'b'],
                [null, null],
              ]),
            ),
          );
        }
      }),
    );
    for (const id of conversations)
      expect((await ada.call('GET', `/conversations/${id}`)).body.lastSeq).toBe(200);
    expect(await deadlocks()).toBe(before);
  });

  async function deadlocks(): Promise<number> {
    const rows = await server.dataSource.query<{ deadlocks: number }[]>(
      `select deadlocks::integer from pg_stat_database where datname = current_database()`,
    );
    return rows[0]!.deadlocks;
  }

  it('one batch judges each row by itself', async () => {
    const [ada, ben] = (await signUpAll(server.url, 2)) as [Person, Person];
    const [here, foreign] = [await ada.group(), await ben.group()];
    const [first, second, unknown] = [randomUUID(), randomUUID(), randomUUID()];
    const rows: [id: string, conversation: string, sender: string, body: string, replyTo: string | null][] = [
      [randomUUID(), foreign, ada.id, 'an outsider', null],
      [first, here, ada.id, 'first', null],
      [second, here, ada.id, 'answers the row before', first],
      [first, here, ada.id, 'first', null],
      [first, here, ada.id, 'not the first', null],
      [first, foreign, ben.id, 'first', null],
      [randomUUID(), here, ada.id, 'answers nothing', unknown],
      [randomUUID(), here, ada.id, 'last', null],
    ];
    const found = await server.dataSource.query<
      { outcome: string; seq: number | null; body: string | null }[]
    >(
      `select outcome, seq, body from append_messages($1, $2, $3, $4, $5, $6)`,
      [0, 1, 2, -1, 3, 4].map((column) => rows.map((row) => (column < 0 ? 'text' : row[column]))),
    );
    expect(found.map(({ outcome, seq }) => [outcome, seq])).toEqual([
      ['conversation-not-found', null],
      ['created', 1],
      ['created', 2],
      ['repeated', 1],
      ['message-id-conflict', 1],
      ['message-id-conflict', 1],
      ['message-not-found', null],
      ['created', 3],
    ]);
    expect((await ada.call('GET', `/conversations/${here}`)).body).toMatchObject({
      lastSeq: 3,
      unreadCount: 0,
    });
    expect((await ben.call('GET', `/conversations/${foreign}`)).body.lastSeq).toBe(0);
  });

  it('an id that is used in two conversations at the same moment fails one of them, not its batch', async () => {
    const [ada] = (await signUpAll(server.url, 1)) as [Person];
    const [here, there] = [await ada.group(), await ada.group()];
    const id = randomUUID();
    const send = (conversationId: string, fields: object) =>
      ada.call('POST', `/conversations/${conversationId}/messages`, fields);
    await withClient(server.database.url, async (client) => {
      await client.query('begin');
      await client.query(
        `insert into chat_messages (id, conversation_id, seq, sender_id, body) values ($1, $2, 1, $3, 'elsewhere')`,
        [id, there, ada.id],
      );
      await client.query(`update conversations set last_seq = 1 where id = $1`, [there]);
      const waiting = send(here, { id, body: 'x' });
      await aStatementWaits();
      const queued = Promise.all([
        send(here, { body: 'y' }),
        send(here, { id, body: 'x' }),
        send(here, { body: 'z' }),
      ]);
      await client.query('commit');
      expect((await waiting).body.code).toBe('message-id-conflict');
      expect((await queued).map((answer) => answer.status)).toEqual([201, 409, 201]);
    });
    expect((await ada.call('GET', `/conversations/${here}`)).body.lastSeq).toBe(2);
  });

  it('transactions that deadlock are run again, the whole of them', async () => {
    const ids = await server.dataSource.query<{ id: string }[]>(
      `insert into users (id, username, password_hash, display_name)
       select gen_random_uuid(), 'deadlock-' || n, '-', '0' from generate_series(1, 2) n returning id`,
    );
    const before = await deadlocks();
    let effects = 0;
    let attempts = 0;
    const increaseBoth = (order: string[]): Promise<void> =>
      inTransaction(server.dataSource, async (manager, afterCommit) => {
        attempts++;
        afterCommit(() => void effects++);
        for (const id of order) {
          await manager.query(
            `update users set display_name = (display_name::integer + 1)::text where id = $1`,
            [id],
          );
          await manager.query('select pg_sleep(0.05)');
        }
      });
    const order = ids.map((row) => row.id);
    for (let round = 0; round < 5; round++) {
      await Promise.all([increaseBoth(order), increaseBoth([...order].reverse())]);
    }
    const rows = await server.dataSource.query<{ display_name: string }[]>(
      `select display_name from users where id = any ($1)`,
      [order],
    );
    expect(rows.map((row) => row.display_name)).toEqual(['10', '10']);
    expect(effects).toBe(10);
    await until('the statistics', async () => (await deadlocks()) > before);
    expect(attempts).toBeGreaterThan(10);
  });
});
