import { randomUUID } from 'node:crypto';
import type { Client } from 'pg';
import { withClient } from './support/databases';
import { aStatementWaits, whileLocked } from './support/locks';
import { signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import type { CommandAnswer, TestSocket } from './support/test-socket';
import { until } from './support/until';

describe('storing messages', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  describe('one call of append_messages', () => {
    type Row = [id: string, conversation: string, sender: string, body: string, replyTo?: string];
    let ada: Person;
    let ben: Person;
    let here: string;
    let shared: string;
    let foreign: string;

    beforeEach(async () => {
      [ada, ben] = (await signUpAll(server.url, 2)) as [Person, Person];
      [here, shared, foreign] = [await ada.group(), await ada.group(ben), await ben.group()];
    });

    const append = async (rows: Row[], client?: Client) => {
      const values = [0, 1, 2, -1, 3, 4].map((column) =>
        rows.map((row) => (column < 0 ? 'text' : (row[column] ?? null))),
      );
      const text = 'select outcome, seq from append_messages($1, $2, $3, $4, $5, $6)';
      interface Found {
        outcome: string;
        seq: number | null;
      }
      return client
        ? (await client.query<Found>(text, values)).rows
        : server.dataSource.query<Found[]>(text, values);
    };
    /** The outcomes of rows, with the `seq` of each message that is stored now or was before. */
    const outcomes = async (rows: Row[]) =>
      (await append(rows)).map(({ outcome, seq }) =>
        ['created', 'repeated'].includes(outcome) ? `${outcome} ${seq}` : outcome,
      );

    it('judges each row separately, and answers in the order of rows', async () => {
      const [first, unknown] = [randomUUID(), randomUUID()];
      const rows: Row[] = [
        [randomUUID(), foreign, ada.id, 'an outsider'],
        [first, here, ada.id, 'first'],
        [randomUUID(), here, ada.id, 'answers the row before', first],
        [first, here, ada.id, 'first'],
        [first, here, ada.id, 'not the first'],
        [first, here, ada.id, 'first again, with another body'],
        [first, here, ben.id, 'an outsider'],
        [randomUUID(), here, ada.id, 'answers nothing', unknown],
        [randomUUID(), shared, ben.id, 'elsewhere'],
        [randomUUID(), randomUUID(), ada.id, 'nowhere'],
        [randomUUID(), here, ada.id, 'last'],
        [randomUUID(), shared, ada.id, 'elsewhere, too'],
      ];
      expect(await outcomes(rows)).toEqual([
        'conversation-not-found',
        'created 1',
        'created 2',
        'repeated 1',
        'message-id-conflict',
        'message-id-conflict',
        'conversation-not-found',
        'message-not-found',
        'created 1',
        'conversation-not-found',
        'created 3',
        'created 2',
      ]);
      expect((await ada.call('GET', `/conversations/${here}`)).body).toMatchObject({
        lastSeq: 3,
        unreadCount: 0,
      });
      expect((await ben.call('GET', `/conversations/${foreign}`)).body.lastSeq).toBe(0);
      expect((await ben.call('GET', `/conversations/${shared}`)).body).toMatchObject({
        lastSeq: 2,
        unreadCount: 1,
      });
    });

    it('gives an id to the first row that may use it', async () => {
      const id = randomUUID();
      expect(
        await outcomes([
          [id, here, ben.id, 'not a participant'],
          [id, here, ada.id, 'answers nothing', randomUUID()],
          [id, here, ada.id, 'good'],
          [id, here, ada.id, 'good'],
          [id, shared, ada.id, 'good'],
        ]),
      ).toEqual([
        'conversation-not-found',
        'message-not-found',
        'created 1',
        'repeated 1',
        'message-id-conflict',
      ]);
    });

    it('rejects a reply to a message of another conversation, whatever else is in the batch', async () => {
      const [stored, id, other] = [
        (await ben.send(foreign, 'secret')).id as string,
        randomUUID(),
        randomUUID(),
      ];
      expect(
        await outcomes([
          [stored, here, ada.id, 'claims the id'],
          [randomUUID(), here, ada.id, 'answers what it claimed', stored],
          [id, foreign, ben.id, 'has the id'],
          [id, here, ada.id, 'claims the id'],
          [randomUUID(), here, ada.id, 'answers what it claimed', id],
          [other, here, ada.id, 'answers nothing', randomUUID()],
          [other, shared, ada.id, 'has the id'],
          [randomUUID(), here, ada.id, 'answers what is elsewhere', other],
          [randomUUID(), here, ada.id, 'answers what comes later', other],
        ]),
      ).toEqual([
        'message-id-conflict',
        'message-not-found',
        'created 2',
        'message-id-conflict',
        'message-not-found',
        'message-not-found',
        'created 1',
        'message-not-found',
        'message-not-found',
      ]);
      const itself = randomUUID();
      expect(await outcomes([[itself, here, ada.id, 'answers itself', itself]])).toEqual([
        'message-not-found',
      ]);
    });

    // Tests G18.
    it('never deadlocks with another one that locks the same conversations in opposite order', async () => {
      const conversations = [here, shared];
      const deadlocks = async () =>
        server.dataSource.query<unknown[]>(
          `select deadlocks from pg_stat_database where datname = current_database()`,
        );
      const before = await deadlocks();
      await withClient(server.database.url, (first) =>
        withClient(server.database.url, async (second) => {
          for (let round = 0; round < 200; round++) {
            await Promise.all(
              [first, second].map((client, index) =>
                append(
                  (index === 0 ? conversations : [...conversations].reverse()).map((id) => [
                    randomUUID(),
                    id,
                    ada.id,
                    'x',
                  ]),
                  client,
                ),
              ),
            );
          }
        }),
      );
      for (const id of conversations)
        expect((await ada.call('GET', `/conversations/${id}`)).body.lastSeq).toBe(400);
      expect(await deadlocks()).toEqual(before);
    });
  });

  it('stores a message and a reply that was sent without waiting for it', async () => {
    const [ada] = (await signUpAll(server.url, 1)) as [Person];
    const conversationId = await ada.group();
    const socket = await ada.connect();
    for (let round = 0; round < 10; round++) {
      const id = randomUUID();
      const [first, second] = await Promise.all([
        socket.ok('message:send', { conversationId, id, body: 'question' }),
        socket.ok('message:send', { conversationId, body: 'answer', replyToId: id }),
      ]);
      expect(second).toMatchObject({ seq: first.seq + 1, replyToId: id });
    }
    socket.close();
  });

  describe('a batch of the writer', () => {
    let ada: Person;
    let ben: Person;
    let here: string;
    let there: string;
    const send = (conversationId: string, fields: object, person = ada) =>
      person.call('POST', `/conversations/${conversationId}/messages`, fields);

    beforeEach(async () => {
      [ada, ben] = (await signUpAll(server.url, 2)) as [Person, Person];
      [here, there] = [await ada.group(ben), await ada.group(ben)];
    });

    it('stores the valid messages among invalid ones, and broadcasts them in order', async () => {
      const [own, other] = [await ada.connect(), await ben.connect()];
      const foreign = await ben.group();
      const refused = randomUUID();
      const sent: Promise<CommandAnswer>[] = [];
      const command = (socket: TestSocket, conversationId: string, body: string, fields: object = {}) =>
        sent.push(socket.command('message:send', { conversationId, body, ...fields }));
      await whileLocked(server, here, async (client) => {
        await client.query('select from conversations where id = $1 for no key update', [there]);
        command(own, here, 'leads a batch');
        await aStatementWaits(server);
        // Whether this command leads another batch or waits, all later ones wait and form one batch.
        command(own, there, 'comes before the batch');
        command(own, here, '1');
        command(own, foreign, 'not a participant');
        command(other, there, '2');
        // It is rejected together with the message that it replies to. Until it is tried by itself, it breaks a constraint.
        command(own, here, 'answers nothing', { id: refused, replyToId: randomUUID() });
        command(own, here, 'answers a refused one', { replyToId: refused });
        command(own, here, '3');
        command(other, there, '4');
        await until('all to wait for the writer', async () => (await waitingMessages()) >= 7);
      });
      const answers = await Promise.all(sent);
      expect(answers.map((answer) => (answer.ok ? answer.data.seq : answer.problem.code))).toEqual([
        1,
        1,
        2,
        'conversation-not-found',
        2,
        'message-not-found',
        'message-not-found',
        3,
        3,
      ]);
      for (const socket of [own, other]) {
        await until('every message', () => socket.payloads('message:created').length >= 6);
        for (const [conversationId, bodies] of [
          [here, ['leads a batch', '1', '3']],
          [there, ['comes before the batch', '2', '4']],
        ] as const) {
          const heard = socket
            .payloads('message:created')
            .filter((message) => message.conversationId === conversationId);
          expect(heard.map(({ seq, body }) => [seq, body])).toEqual(
            bodies.map((body, index) => [index + 1, body]),
          );
        }
        socket.close();
      }
    });

    it('loses only the message whose id another conversation used at the same moment', async () => {
      const id = randomUUID();
      await withClient(server.database.url, async (client) => {
        await client.query('begin');
        await client.query(
          `insert into chat_messages (id, conversation_id, seq, sender_id, body) values ($1, $2, 1, $3, 'elsewhere')`,
          [id, there, ada.id],
        );
        await client.query(`update conversations set last_seq = 1 where id = $1`, [there]);
        const waiting = send(here, { id, body: 'x' });
        await aStatementWaits(server);
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

    it('does not fail while somebody holds the lock of a conversation', async () => {
      let sent: ReturnType<typeof send>[] = [];
      await whileLocked(server, here, async () => {
        sent = [send(here, { body: 'leads the batch' })];
        await aStatementWaits(server);
        sent.push(
          send(there, { body: 'free' }),
          send(here, { body: 'held' }),
          send(there, { body: 'free, too' }),
        );
        expect((await Promise.all(sent)).map(({ status, body }) => [status, body.code])).toEqual([
          [503, 'database-busy'],
          [201, undefined],
          [503, 'database-busy'],
          [201, undefined],
        ]);
      });
      expect((await send(here, { body: 'released' })).body.seq).toBe(1);
    });

    it('delays no other conversation while it waits for a lock', async () => {
      const told: string[] = [];
      await whileLocked(server, here, async () => {
        const held = send(here, { body: 'held' }).then(({ body }) => told.push(body.code));
        await aStatementWaits(server);
        const free = send(there, { body: 'free' }).then(({ body }) => told.push(body.body));
        await Promise.all([held, free]);
      });
      expect(told).toEqual(['free', 'database-busy']);
    });

    async function waitingMessages(): Promise<number> {
      const text = await (await fetch(`${server.url}/metrics`)).text();
      return Number(/^xfchat_messages_waiting (\d+)$/m.exec(text)?.[1]);
    }
  });
});
