import { withClient } from './support/databases';
import { aStatementWaits } from './support/locks';
import { signUp, signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import { until } from './support/until';

describe('friends', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startTestServer({ environment: { CONTACT_POLICY: 'friends' } });
  });
  afterAll(() => server.close());

  const two = async (): Promise<[Person, Person]> => {
    const [a, b] = await signUpAll(server.url, 2);
    return [a!, b!];
  };
  const request = (from: Person, to: Person, fields: object = {}) =>
    from.call('POST', '/friend-requests', { recipientId: to.id, ...fields });

  async function befriend(a: Person, b: Person): Promise<string> {
    const { body } = await request(a, b);
    const accepted = await b.call('POST', `/friend-requests/${body.id}/accept`);
    return accepted.body.conversation.id as string;
  }

  describe('a request', () => {
    it('reaches the recipient live and in the list, and is accepted with a direct conversation', async () => {
      const [ada, ben] = await two();
      const [adasSocket, bensSocket] = [await ada.connect(), await ben.connect()];
      const made = await request(ada, ben, { message: 'hello' });
      expect(made).toMatchObject({
        status: 201,
        body: {
          status: 'pending',
          message: 'hello',
          sender: { id: ada.id },
          recipient: { id: ben.id },
          respondedAt: null,
        },
      });
      expect(await bensSocket.next('friend-request:created')).toEqual(made.body);
      const incoming = await ben.call('GET', '/friend-requests?direction=incoming&status=pending');
      expect(incoming.body).toEqual({ items: [made.body], nextCursor: null });
      expect((await ben.call('GET', '/friend-requests?direction=outgoing')).body.items).toEqual([]);
      expect((await ada.call('GET', '/friend-requests')).body.items).toEqual([made.body]);

      const accepted = await ben.call('POST', `/friend-requests/${made.body.id}/accept`);
      expect(accepted).toMatchObject({
        status: 200,
        body: { friendRequest: { status: 'accepted' }, conversation: { type: 'direct', myRole: 'member' } },
      });
      expect(await adasSocket.next('friend-request:accepted')).toEqual(accepted.body.friendRequest);
      const created = await adasSocket.next('conversation:created');
      expect(created.conversationId).toBe(accepted.body.conversation.id);
      expect((await ada.call('GET', '/friends')).body.items).toMatchObject([{ id: ben.id }]);
      expect((await ben.call('GET', '/friends')).body.items).toMatchObject([{ id: ada.id }]);
      const again = await ben.call('POST', `/friend-requests/${made.body.id}/accept`);
      expect(again).toMatchObject({
        status: 200,
        body: { conversation: { id: accepted.body.conversation.id } },
      });
      [adasSocket, bensSocket].forEach((socket) => socket.close());
    });

    it('may name the recipient by username', async () => {
      const [ada, ben] = await two();
      const made = await ada.call('POST', '/friend-requests', {
        recipientUsername: ben.username.toUpperCase(),
      });
      expect(made).toMatchObject({ status: 201, body: { recipient: { id: ben.id } } });
    });

    it.each([
      ['nobody', {}, 400, 'validation-failed'],
      ['a malformed id', { recipientId: 'x' }, 400, 'validation-failed'],
      [
        'somebody who does not exist',
        { recipientId: '00000000-0000-4000-8000-000000000000' },
        404,
        'user-not-found',
      ],
      ['a name that does not exist', { recipientUsername: 'nobody-has-this' }, 404, 'user-not-found'],
      ['an unknown field', { recipientUsername: 'abc', role: 'admin' }, 400, 'validation-failed'],
    ])('is rejected if it goes to %s', async (_what, body, status, code) => {
      const ada = await signUp(server.url);
      expect(await ada.call('POST', '/friend-requests', body)).toMatchObject({ status, body: { code } });
    });

    it('is rejected if it goes to its sender', async () => {
      const ada = await signUp(server.url);
      expect(await request(ada, ada)).toMatchObject({ status: 400, body: { code: 'validation-failed' } });
    });

    it('exists once, and cannot be made between friends', async () => {
      const [ada, ben] = await two();
      const made = await request(ada, ben);
      expect(await request(ada, ben)).toMatchObject({
        status: 409,
        body: { code: 'friend-request-exists', friendRequest: made.body },
      });
      await ben.call('POST', `/friend-requests/${made.body.id}/accept`);
      expect(await request(ada, ben)).toMatchObject({ status: 409, body: { code: 'already-friends' } });
      expect(await request(ben, ada)).toMatchObject({ status: 409, body: { code: 'already-friends' } });
    });

    it('creates the friendship at once if it crosses a request of the other person', async () => {
      const [ada, ben] = await two();
      await request(ada, ben);
      expect(await request(ben, ada)).toMatchObject({ status: 201, body: { status: 'accepted' } });
      expect((await ada.call('GET', '/friends')).body.items).toMatchObject([{ id: ben.id }]);
      expect((await ada.call('GET', '/conversations')).body.items).toMatchObject([{ type: 'direct' }]);
    });

    it('can be declined or cancelled; a repetition has no effect, and another answer is rejected', async () => {
      const [ada, ben] = await two();
      const socket = await ada.connect();
      const first = (await request(ada, ben)).body;
      const path = (id: string, action = ''): string => `/friend-requests/${id}${action}`;
      expect((await ada.call('POST', path(first.id, '/decline'))).body).toMatchObject({ code: 'forbidden' });
      expect((await ben.call('DELETE', path(first.id))).body).toMatchObject({ code: 'forbidden' });
      expect((await ben.call('POST', path(first.id, '/decline'))).status).toBe(204);
      expect(await socket.next('friend-request:declined')).toMatchObject({
        id: first.id,
        status: 'declined',
      });
      expect((await ben.call('POST', path(first.id, '/decline'))).status).toBe(204);
      expect(await ben.call('POST', path(first.id, '/accept'))).toMatchObject({
        status: 409,
        body: { code: 'friend-request-already-answered' },
      });
      const second = (await request(ada, ben)).body;
      expect((await ada.call('DELETE', path(second.id))).status).toBe(204);
      expect((await ada.call('DELETE', path(second.id))).status).toBe(204);
      expect((await ben.call('POST', path(second.id, '/decline'))).status).toBe(409);
      expect((await ada.call('GET', '/friends')).body.items).toEqual([]);
      socket.close();
    });

    it('is hidden from everybody else', async () => {
      const [ada, ben] = await two();
      const outsider = await signUp(server.url);
      const { body } = await request(ada, ben);
      for (const [method, action] of [
        ['POST', '/accept'],
        ['POST', '/decline'],
        ['DELETE', ''],
      ] as const) {
        const answer = await outsider.call(method, `/friend-requests/${body.id}${action}`);
        expect(answer).toMatchObject({ status: 404, body: { code: 'friend-request-not-found' } });
      }
    });

    it('ends in one friendship and one direct conversation when 40 cross at once', async () => {
      const [ada, ben] = await two();
      const answers = await Promise.all(
        Array.from({ length: 40 }, (_, index) => (index % 2 ? request(ada, ben) : request(ben, ada))),
      );
      expect(answers.filter(({ status }) => ![201, 409].includes(status))).toEqual([]);
      expect(answers.filter(({ status, body }) => status === 201 && body.status === 'accepted')).toHaveLength(
        1,
      );
      for (const person of [ada, ben]) {
        expect((await person.call('GET', '/friends')).body.items).toHaveLength(1);
        expect((await person.call('GET', '/conversations')).body.items).toHaveLength(1);
        expect((await person.call('GET', '/friend-requests')).body.items).toEqual([]);
      }
    });

    it('is accepted once when many acceptances arrive at once', async () => {
      const [ada, ben] = await two();
      const { body } = await request(ada, ben);
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => ben.call('POST', `/friend-requests/${body.id}/accept`)),
      );
      expect(new Set(answers.map((answer) => `${answer.status} ${answer.body.conversation?.id}`)).size).toBe(
        1,
      );
      expect((await ada.call('GET', '/conversations')).body.items).toHaveLength(1);
    });
  });

  it('are listed in pages', async () => {
    const ada = await signUp(server.url);
    const others = await signUpAll(server.url, 5);
    for (const other of others) await befriend(ada, other);
    const seen: string[] = [];
    let cursor = '';
    do {
      const { body } = await ada.call('GET', `/friends?limit=2&cursor=${cursor}`);
      seen.push(...body.items.map((friend: { id: string }) => friend.id));
      cursor = body.nextCursor;
    } while (cursor);
    expect(seen).toEqual(others.map((other) => other.id).reverse());
  });

  it('end their friendship, also repeatedly, and both receive the event', async () => {
    const [ada, ben] = await two();
    await befriend(ada, ben);
    const [adasSocket, bensSocket] = [await ada.connect(), await ben.connect()];
    expect((await ada.call('DELETE', `/friends/${ben.id}`)).status).toBe(204);
    expect((await ada.call('DELETE', `/friends/${ben.id}`)).status).toBe(204);
    expect(await adasSocket.next('friend:removed')).toEqual({ userId: ben.id });
    expect(await bensSocket.next('friend:removed')).toEqual({ userId: ada.id });
    expect((await ben.call('GET', '/friends')).body.items).toEqual([]);
    [adasSocket, bensSocket].forEach((socket) => socket.close());
  });

  it('are the only people whom a user can add to a conversation', async () => {
    const [ada, ben] = await two();
    const stranger = await signUp(server.url);
    const group = (...ids: string[]) =>
      ada.call('POST', '/conversations', { type: 'group', title: 'g', participantIds: ids });
    const direct = (id: string) =>
      ada.call('POST', '/conversations', { type: 'direct', participantIds: [id] });
    await befriend(ada, ben);
    expect((await direct(ben.id)).status).toBe(200);
    expect(await direct(stranger.id)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect((await group(ben.id, stranger.id)).status).toBe(403);
    const made = await group(ben.id);
    expect(made.status).toBe(201);
    const add = await ada.call('PUT', `/conversations/${made.body.id}/participants/${stranger.id}`, {});
    expect(add).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect((await stranger.call('GET', '/conversations')).body.items).toEqual([]);
  });

  describe('a block', () => {
    it('ends the friendship and rejects requests, direct conversations and messages in both directions, except in groups', async () => {
      const [ada, ben] = await two();
      const direct = await befriend(ada, ben);
      const group = await ada.group(ben);
      const socket = await ben.connect();
      expect((await ada.call('PUT', `/users/me/blocks/${ben.id}`)).status).toBe(204);
      expect((await ada.call('PUT', `/users/me/blocks/${ben.id}`)).status).toBe(204);
      expect(await socket.next('friend:removed')).toEqual({ userId: ada.id });
      expect((await ada.call('GET', '/users/me/blocks')).body.items).toMatchObject([{ id: ben.id }]);
      expect((await ben.call('GET', '/users/me/blocks')).body.items).toEqual([]);
      for (const [from, to] of [
        [ada, ben],
        [ben, ada],
      ] as const) {
        expect(await request(from, to)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
        const conversation = await from.call('POST', '/conversations', {
          type: 'direct',
          participantIds: [to.id],
        });
        expect(conversation).toMatchObject({ status: 403, body: { code: 'forbidden' } });
        const send = await from.call('POST', `/conversations/${direct}/messages`, { body: 'x' });
        expect(send).toMatchObject({ status: 403, body: { code: 'forbidden' } });
      }
      expect(await socket.command('message:send', { conversationId: direct, body: 'x' })).toMatchObject({
        ok: false,
        problem: { code: 'forbidden' },
      });
      expect((await ben.call('GET', `/conversations/${direct}/messages`)).body.head.seq).toBe(0);
      await ben.send(group, 'everybody may hear this');
      expect((await ada.call('DELETE', `/users/me/blocks/${ben.id}`)).status).toBe(204);
      expect((await ada.call('DELETE', `/users/me/blocks/${ben.id}`)).status).toBe(204);
      await ben.send(direct, 'again');
      expect((await ada.call('GET', '/friends')).body.items).toEqual([]);
      socket.close();
    });

    it('cancels the own open request, and declines the one of the other person', async () => {
      const [ada, ben] = await two();
      const bens = (await request(ben, ada)).body;
      const socket = await ben.connect();
      await ada.call('PUT', `/users/me/blocks/${ben.id}`);
      expect(await socket.next('friend-request:declined')).toMatchObject({ id: bens.id });
      expect((await ada.call('POST', `/friend-requests/${bens.id}/accept`)).status).toBe(409);
      socket.close();
    });

    // Tests G6.
    it('is acknowledged only when no message of the direct conversation is being stored', async () => {
      const [ada, ben] = await two();
      const direct = await befriend(ada, ben);
      await withClient(server.database.url, async (client) => {
        // The writer holds this lock while it stores a message.
        await client.query('begin');
        await client.query('select from conversations where id = $1 for no key update', [direct]);
        let isAcknowledged = false;
        const block = ada.call('PUT', `/users/me/blocks/${ben.id}`).finally(() => (isAcknowledged = true));
        await until('the block to wait', async () => {
          const { rows } = await client.query(
            `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
          );
          return isAcknowledged || rows.length > 0;
        });
        expect(isAcknowledged).toBe(false);
        await client.query('commit');
        expect((await block).status).toBe(204);
      });
      expect((await ben.call('POST', `/conversations/${direct}/messages`, { body: 'x' })).status).toBe(403);
    });

    it('is rejected if it names the user themselves or no user', async () => {
      const ada = await signUp(server.url);
      expect((await ada.call('PUT', `/users/me/blocks/${ada.id}`)).status).toBe(400);
      const nobody = await ada.call('PUT', '/users/me/blocks/00000000-0000-4000-8000-000000000000');
      expect(nobody).toMatchObject({ status: 404, body: { code: 'user-not-found' } });
    });
  });

  describe('two people with a block between them', () => {
    let open: TestServer;
    let ada: Person;
    let ben: Person;
    beforeEach(async () => {
      open = await startTestServer({ environment: { CONTACT_POLICY: 'open' } });
      [ada, ben] = (await signUpAll(open.url, 2)) as [Person, Person];
      await ada.call('PUT', `/users/me/blocks/${ben.id}`);
    });
    afterEach(() => open.close());

    it('cannot add each other to a conversation, even where everybody else can', async () => {
      const cem = await signUp(open.url);
      for (const [from, to] of [
        [ada, ben],
        [ben, ada],
      ] as const) {
        const ids = [cem.id, to.id];
        const group = { type: 'group', title: 'g', participantIds: ids };
        expect(await from.call('POST', '/conversations', group)).toMatchObject({
          status: 403,
          body: { code: 'forbidden' },
        });
        const id = await from.group(cem);
        const added = await from.call('PUT', `/conversations/${id}/participants/${to.id}`, {});
        expect(added).toMatchObject({ status: 403, body: { code: 'forbidden' } });
        expect((await to.call('GET', `/conversations/${id}`)).status).toBe(404);
      }
    });

    it('are found in searches, except by the person who has blocked them', async () => {
      const cem = await signUp(open.url);
      const find = async (who: Person) =>
        (await who.call('GET', '/users?query=user-&limit=200')).body.items.map(
          (user: { id: string }) => user.id,
        );
      expect(await find(ada)).not.toContain(ben.id);
      expect(await find(ben)).toContain(ada.id);
      expect(await find(cem)).toEqual(expect.arrayContaining([ada.id, ben.id, cem.id]));
      await ada.call('DELETE', `/users/me/blocks/${ben.id}`);
      expect(await find(ada)).toContain(ben.id);
    });

    it('cannot begin a direct conversation while the block is being acknowledged', async () => {
      await ada.call('DELETE', `/users/me/blocks/${ben.id}`);
      await withClient(open.database.url, async (client) => {
        // The block has locked the pair, and has not committed.
        await client.query('begin');
        await client.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [
          `contacts ${[ada.id, ben.id].sort().join(' ')}`,
        ]);
        await client.query('insert into blocks (blocker_id, blocked_id) values ($1, $2)', [ada.id, ben.id]);
        const begun = ben.call('POST', '/conversations', { type: 'direct', participantIds: [ada.id] });
        await aStatementWaits(open);
        await client.query('commit');
        expect(await begun).toMatchObject({ status: 403, body: { code: 'forbidden' } });
      });
      expect((await ada.call('GET', '/conversations')).body.items).toEqual([]);
    });
  });

  it('have a limited number of open requests, also when many are made at once', async () => {
    const ada = await signUp(server.url);
    await server.dataSource.query(
      `with people as (insert into users (id, username, password_hash, display_name)
         select gen_random_uuid(), 'throng-' || n, '-', 'throng' from generate_series(1, 97) n returning id)
       insert into friend_requests (id, sender_id, recipient_id) select gen_random_uuid(), $1, id from people`,
      [ada.id],
    );
    const others = await signUpAll(server.url, 8);
    const answers = await Promise.all(others.map((other) => request(ada, other)));
    const count = (status: number) => answers.filter((answer) => answer.status === status).length;
    expect([count(201), count(429)]).toEqual([3, 5]);
  });

  it('can ask the same person, who declines or does not answer in time, three times in a month', async () => {
    const [ada, ben] = await two();
    for (const end of ['decline', 'cancel', 'decline']) {
      const { id } = (await request(ada, ben)).body;
      if (end === 'decline') await ben.call('POST', `/friend-requests/${id}/decline`);
      else await ada.call('DELETE', `/friend-requests/${id}`);
    }
    const refused = await request(ada, ben);
    expect(refused).toMatchObject({ status: 429, body: { code: 'rate-limited' } });
    expect(refused.body.retryAfter).toBeGreaterThan(29 * 86_400);
    expect(refused.body.retryAfter).toBeLessThanOrEqual(30 * 86_400);
    // The other person can still send a request.
    expect((await request(ben, ada)).status).toBe(201);
    await server.dataSource.query(
      `update friend_requests set responded_at = responded_at - interval '31 days' where sender_id = $1`,
      [ada.id],
    );
    const { id } = (await ben.call('GET', '/friend-requests?direction=outgoing')).body.items[0];
    await ben.call('DELETE', `/friend-requests/${id}`);
    expect((await request(ada, ben)).status).toBe(201);
  });

  it('have a limited number of unanswered requests', async () => {
    const ada = await signUp(server.url);
    await server.dataSource.query(
      `with people as (insert into users (id, username, password_hash, display_name)
         select gen_random_uuid(), 'crowd-' || n, '-', 'crowd' from generate_series(1, 100) n returning id)
       insert into friend_requests (id, sender_id, recipient_id) select gen_random_uuid(), $1, id from people`,
      [ada.id],
    );
    const ben = await signUp(server.url);
    const refused = await request(ada, ben);
    expect(refused).toMatchObject({ status: 429, body: { code: 'rate-limited' } });
    expect(Number(refused.headers.get('retry-after'))).toBe(refused.body.retryAfter);
    expect((await ada.call('GET', '/friend-requests?limit=200')).body.items).toHaveLength(100);
  });
});
