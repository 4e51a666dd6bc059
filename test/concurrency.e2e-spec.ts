import { randomUUID } from 'node:crypto';
import type { Client } from 'pg';
import { DataSource } from 'typeorm';
import { databaseOptions } from '../src/platform/database/database-options';
import { inTransaction } from '../src/platform/database/transaction';
import { SCHEMA } from '../src/schema';
import { withClient } from './support/databases';
import { aStatementWaits, whileLocked } from './support/locks';
import { signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import { until } from './support/until';

describe('many simultaneous actions:', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

  // Tests G3.
  it('100 senders with 20 messages each, by socket and HTTP, some repeated, get one order without gaps', async () => {
    const people = await signUpAll(server.url, 100);
    const conversationId = await people[0]!.group(...people.slice(1));
    const listeners = await Promise.all(people.slice(0, 4).map((person) => person.connect()));
    const outcomes = await Promise.all(
      people.map(async (person, index) => {
        const socket = index % 2 === 0 ? await person.connect() : undefined;
        const answers: { id: string; seq: number; status: number | string }[] = [];
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
              // Shows the reason of a rejection, which nobody expects here.
              answers.push({ id: message.id, seq: body.seq, status: body.code ?? status });
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

  describe('a message that waits for the conversation’s lock', () => {
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

    // Tests G19.
    it('is not stored when its sender was removed meanwhile', async () => {
      let sent: ReturnType<typeof send> | undefined;
      await whileLocked(server, conversationId, async (client) => {
        sent = send(ben, { body: 'too late' });
        await aStatementWaits(server);
        await client.query(`update conversation_participants set left_at = now() where user_id = $1`, [
          ben.id,
        ]);
      });
      expect(await sent).toMatchObject({ status: 404, body: { code: 'conversation-not-found' } });
      expect(await seqOf()).toBe(0);
    });

    it('is not stored when a block was set meanwhile', async () => {
      conversationId = await ada.direct(ben);
      let sent: ReturnType<typeof send> | undefined;
      await whileLocked(server, conversationId, async (client) => {
        sent = send(ben, { body: 'too late' });
        await aStatementWaits(server);
        await client.query(`insert into blocks (blocker_id, blocked_id) values ($1, $2)`, [ada.id, ben.id]);
      });
      expect(await sent).toMatchObject({ status: 403, body: { code: 'forbidden' } });
      expect(await seqOf()).toBe(0);
    });

    it('is not edited when a block was set meanwhile', async () => {
      conversationId = await ada.direct(ben);
      const sent = await ben.send(conversationId, 'before');
      let edited: ReturnType<typeof send> | undefined;
      await whileLocked(server, conversationId, async (client) => {
        edited = ben.call('PUT', `/conversations/${conversationId}/messages/${sent.id}`, {
          body: 'too late',
        });
        await aStatementWaits(server);
        await client.query(`insert into blocks (blocker_id, blocked_id) values ($1, $2)`, [ada.id, ben.id]);
      });
      expect(await edited).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    });

    // Tests G17.
    it('takes no number when the same message was stored meanwhile', async () => {
      const id = randomUUID();
      let sent: ReturnType<typeof send> | undefined;
      await whileLocked(server, conversationId, async (client) => {
        sent = send(ben, { id, body: 'twice' });
        await aStatementWaits(server);
        await client.query(
          `insert into chat_messages (id, conversation_id, seq, sender_id, body) values ($1, $2, 1, $3, 'twice')`,
          [id, conversationId, ben.id],
        );
        await client.query(`update conversations set last_seq = 1 where id = $1`, [conversationId]);
      });
      expect(await sent).toMatchObject({ status: 200, body: { id, seq: 1 } });
      expect((await send(ben, { body: 'next' })).body.seq).toBe(2);
    });

    it('is rejected when somebody else took its id meanwhile', async () => {
      const id = randomUUID();
      let sent: ReturnType<typeof send> | undefined;
      await whileLocked(server, conversationId, async (client) => {
        sent = send(ben, { id, body: 'mine' });
        await aStatementWaits(server);
        await client.query(
          `insert into chat_messages (id, conversation_id, seq, sender_id, body) values ($1, $2, 1, $3, 'mine')`,
          [id, conversationId, ada.id],
        );
        await client.query(`update conversations set last_seq = 1 where id = $1`, [conversationId]);
      });
      expect(await sent).toMatchObject({ status: 409, body: { code: 'message-id-conflict' } });
      expect(await seqOf()).toBe(1);
    });

    /** Asserts that the message is neither broadcast nor acknowledged while the database holds it back. */
    async function expectSilence(hold: (client: Client) => Promise<unknown>, release: string): Promise<void> {
      const socket = await ada.connect();
      await withClient(server.database.url, async (client) => {
        await hold(client);
        let isAcknowledged = false;
        const sent = send(ben, { body: 'not yet' }).finally(() => (isAcknowledged = true));
        await aStatementWaits(server);
        // A fence: the event of this later action arrives after any broadcast of the message.
        const fence = await ada.group();
        await socket.next('conversation:created', (payload) => payload.conversationId === fence);
        expect(socket.payloads('message:created')).toEqual([]);
        expect(isAcknowledged).toBe(false);
        await client.query(release);
        const { body } = await sent;
        expect(await socket.next('message:created')).toEqual(body);
      });
      socket.close();
    }

    // Tests G5.
    it('is broadcast and acknowledged only when it is stored', async () => {
      await expectSilence(async (client) => {
        await client.query('begin');
        await client.query('lock table chat_messages in exclusive mode');
      }, 'commit');
    });

    // Tests G5.
    it('is broadcast and acknowledged only when it is committed', async () => {
      // The trigger is deferred: the function has returned the row while the commit still waits.
      await server.dataSource.query(`
        create function hold_commit() returns trigger language plpgsql
          as 'begin perform pg_advisory_xact_lock_shared(7); return null; end';
        create constraint trigger hold_commit after insert on chat_messages
          deferrable initially deferred for each row execute function hold_commit()`);
      try {
        await expectSilence(
          (client) => client.query('select pg_advisory_lock(7)'),
          'select pg_advisory_unlock(7)',
        );
      } finally {
        await server.dataSource.query('drop trigger hold_commit on chat_messages; drop function hold_commit');
      }
    });
  });

  async function deadlocks(): Promise<number> {
    const rows = await server.dataSource.query<{ deadlocks: number }[]>(
      `select deadlocks::integer from pg_stat_database where datname = current_database()`,
    );
    return rows[0]!.deadlocks;
  }

  // Tests G19.
  it('a change that waits for the lock is rejected if its author was removed or demoted meanwhile', async () => {
    const [ada, ben] = (await signUpAll(server.url, 2)) as [Person, Person];
    const conversationId = await ada.group(ben);
    const path = `/conversations/${conversationId}`;
    await ada.call('PUT', `${path}/participants/${ben.id}`, { role: 'admin' });
    const { id } = await ben.send(conversationId, 'mine');
    const before = (await ada.call('GET', path)).body;
    const attempts = {
      edit: () => ben.call('PUT', `${path}/messages/${id}`, { body: 'edited', parents: [id] }),
      delete: () => ben.call('DELETE', `${path}/messages/${id}`),
      rename: () => ben.call('PATCH', path, { title: 'renamed' }),
      add: () => ben.call('PUT', `${path}/participants/${randomUUID()}`, {}),
      leave: () => ben.call('DELETE', `${path}/participants/${ben.id}`),
    };
    const gone = { status: 404, body: { code: 'conversation-not-found' } };
    for (const [meanwhile, refusals] of [
      [`left_at = now()`, { edit: gone, delete: gone, rename: gone, add: gone, leave: gone }],
      [`role = 'member'`, { rename: { status: 403 }, add: { status: 403 } }],
    ] as const) {
      for (const [name, expected] of Object.entries(refusals)) {
        let answer: ReturnType<Person['call']> | undefined;
        await whileLocked(server, conversationId, async (client) => {
          answer = attempts[name as keyof typeof attempts]();
          await aStatementWaits(server);
          await client.query(`update conversation_participants set ${meanwhile} where user_id = $1`, [
            ben.id,
          ]);
        });
        expect({ name, ...(await answer) }).toMatchObject({ name, ...expected });
        await server.dataSource.query(
          `update conversation_participants set left_at = null, role = 'admin' where user_id = $1`,
          [ben.id],
        );
      }
    }
    expect((await ada.call('GET', path)).body).toEqual(before);
  });

  // Tests G17.
  it('messages in many conversations are numbered separately in each', async () => {
    const people = await signUpAll(server.url, 5);
    const [ada] = people as [Person];
    const conversations = await Promise.all(numbers(25).map(() => ada.group(...people.slice(1))));
    const sockets = await Promise.all(people.map((person) => person.connect()));
    await Promise.all(
      conversations.flatMap((conversationId) =>
        sockets.flatMap((socket, index) =>
          numbers(4).map((n) => socket.ok('message:send', { conversationId, body: `${index} ${n}` })),
        ),
      ),
    );
    for (const socket of sockets) {
      await until('every message', () => socket.payloads('message:created').length >= 500);
      for (const id of conversations) {
        const heard = socket.payloads('message:created').filter((message) => message.conversationId === id);
        expect(heard.map((message) => message.seq)).toEqual(numbers(20));
        // The messages of one sender are in order.
        for (const sender of people) {
          const own = heard.filter((message) => message.senderId === sender.id);
          expect(own.map((message) => message.body.slice(-1))).toEqual(['1', '2', '3', '4']);
        }
      }
      socket.close();
    }
  });

  // Tests G18, G23.
  it('500 transactions that deadlock are retried as a whole, and all succeed', async () => {
    // The server looks for deadlocks after a second. A shorter time makes so many deadlocks affordable.
    const options = databaseOptions(server.database.url, server.configuration, SCHEMA);
    const extra = { ...options.extra, max: 40, options: '-c deadlock_timeout=5ms' };
    const dataSource = await new DataSource({ ...options, extra }).initialize();
    const pairs = 20;
    const rounds = 25;
    const ids = await dataSource.query<{ id: string }[]>(
      `insert into users (id, username, password_hash, display_name)
       select gen_random_uuid(), 'deadlock-' || n, '-', '0' from generate_series(1, $1) n returning id`,
      [pairs * 2],
    );
    const before = await deadlocks();
    let effects = 0;
    let attempts = 0;
    /** On the first attempt, each transaction holds one row before it locks the other's. */
    const increaseBoth = (order: string[], meet: () => Promise<void>): Promise<void> => {
      let isFirst = true;
      return inTransaction(dataSource, async (manager, _announce, afterCommit) => {
        attempts++;
        afterCommit(() => void effects++);
        for (const id of order) {
          await manager.query(
            `update users set display_name = (display_name::integer + 1)::text where id = $1`,
            [id],
          );
          if (isFirst) await meet();
          isFirst = false;
        }
      });
    };
    await Promise.all(
      numbers(pairs).map(async (pair) => {
        const order = ids.slice(pair * 2 - 2, pair * 2).map((row) => row.id);
        for (let round = 0; round < rounds; round++) {
          const meet = meeting(2);
          await Promise.all([increaseBoth(order, meet), increaseBoth([...order].reverse(), meet)]);
        }
      }),
    );
    const rows = await dataSource.query<{ display_name: string }[]>(
      `select display_name from users where id = any ($1)`,
      [ids.map((row) => row.id)],
    );
    expect(new Set(rows.map((row) => row.display_name))).toEqual(new Set([String(rounds * 2)]));
    expect(effects).toBe(pairs * rounds * 2);
    expect(attempts).toBeGreaterThanOrEqual(pairs * rounds * 3);
    await until('the statistics', async () => (await deadlocks()) >= before + pairs * rounds);
    await dataSource.destroy();
  });

  /** A barrier at which `count` callers wait for each other. */
  function meeting(count: number): () => Promise<void> {
    let open: () => void;
    const all = new Promise<void>((resolve) => (open = resolve));
    return () => {
      if (--count === 0) open();
      return all;
    };
  }
});
