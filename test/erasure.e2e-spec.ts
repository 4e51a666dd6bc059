import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EntityManager } from 'typeorm';
import { readInstallation } from '../src/operations/backups/installation';
import { checkIntegrity } from '../src/operations/integrity/check-integrity';
import { eraseNextBatch } from '../src/features/erasure/erase-next-batch.queries';
import { erasePerson, lockPerson } from '../src/features/erasure/erase-person.queries';
import { inTransaction } from '../src/platform/database/transaction';
import { call, type Answer } from './support/api';
import { aStatementWaits } from './support/locks';
import { PASSWORD, signUp, signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import { until } from './support/until';

const ERASED = 'Erased account';

/** An erasure removes a person, and changes everything that they share with others. */
describe('the erasure of an account', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterEach(async () => {
    expect(await checkIntegrity(server.dataSource)).toEqual([]);
  });
  afterAll(() => server.close());

  const erase = (person: Person, messages: 'keep' | 'remove', password = PASSWORD) =>
    person.call('DELETE', '/users/me', { password, messages });
  const finished = (person: Person) =>
    until('the erasure to be finished', async () => {
      const rows = await server.dataSource.query<unknown[]>(
        'select from erasures where user_id = $1 and finished_at is not null',
        [person.id],
      );
      return rows.length > 0;
    });
  async function eraseWholly(person: Person, messages: 'keep' | 'remove'): Promise<void> {
    expect(await erase(person, messages)).toMatchObject({ status: 202, body: undefined });
    await finished(person);
  }
  const page = async (reader: Person, conversationId: string) =>
    (await reader.call('GET', `/conversations/${conversationId}/messages`)).body.items;
  const participants = async (reader: Person, conversationId: string) =>
    (await reader.call('GET', `/conversations/${conversationId}/participants`)).body.items;

  it('leaves the messages without a sender, and deletes their earlier versions', async () => {
    const [ada, ben] = (await signUpAll(server.url, 2)) as [Person, Person];
    const [group, direct] = [await ben.group(ada), await ada.direct(ben)];
    const edited = await ada.send(group, 'first');
    await ada.call('PUT', `/conversations/${group}/messages/${edited.id}`, { body: 'second' });
    const theirs = await ben.send(group, 'Ben says', { replyToId: edited.id });
    const deleted = await ada.send(group, 'not for long');
    await ada.call('DELETE', `/conversations/${group}/messages/${deleted.id}`);
    await ada.send(direct, 'in private');

    await eraseWholly(ada, 'keep');
    expect(await page(ben, group)).toMatchObject([
      { id: edited.id, senderId: null, body: 'second', version: expect.not.stringMatching(edited.id) },
      { ...theirs, replyToId: edited.id, senderId: ben.id },
      { id: deleted.id, senderId: null, body: null, deletedAt: expect.any(String) },
    ]);
    expect(await page(ben, direct)).toMatchObject([{ senderId: null, body: 'in private' }]);
    const versions = await ben.call('GET', `/conversations/${group}/messages/${edited.id}/versions`);
    expect(versions.body.items).toMatchObject([
      { version: edited.id, body: null, authorId: null },
      { body: 'second', authorId: null },
    ]);
    const { body: conversation } = await ben.call('GET', `/conversations/${direct}`);
    expect(conversation).toMatchObject({ unreadCount: 1, participants: [{ userId: ben.id }] });
  });

  it('makes tombstones of the user’s messages only', async () => {
    const [ada, ben] = (await signUpAll(server.url, 2)) as [Person, Person];
    const group = await ada.group(ben);
    const [plain, edited] = [await ada.send(group, 'plain'), await ada.send(group, 'first')];
    await ada.call('PUT', `/conversations/${group}/messages/${edited.id}`, { body: 'second' });
    await ben.send(group, 'Ben says', { replyToId: plain.id });
    const bens = await ben.send(group, 'to be deleted by an admin');
    await ada.call('DELETE', `/conversations/${group}/messages/${bens.id}`);

    await eraseWholly(ada, 'remove');
    const tombstone = { senderId: null, body: null, deletedAt: expect.any(String) };
    const [first, second, third, fourth] = await page(ben, group);
    expect(first).toMatchObject({ ...tombstone, id: plain.id, parents: [plain.id] });
    expect(second).toMatchObject({ ...tombstone, id: edited.id });
    expect(third).toMatchObject({ senderId: ben.id, body: 'Ben says', replyToId: plain.id, rev: 0 });
    expect(fourth).toMatchObject({ senderId: ben.id, body: null });
    for (const id of [plain.id, edited.id, bens.id]) {
      const { body } = await ben.call('GET', `/conversations/${group}/messages/${id}/versions`);
      for (const version of body.items)
        expect(version).toMatchObject({ body: null, authorId: version.authorId && ben.id });
    }
    // Another user cannot reuse the id of the message, and the message does not change.
    const again = await ben.call('POST', `/conversations/${group}/messages`, { id: plain.id, body: 'plain' });
    expect(again).toMatchObject({ status: 409, body: { code: 'message-id-conflict' } });
    expect((await page(ben, group))[0]).toEqual(first);
  });

  it('sends every change live and in the catch-up, without a missing rev', async () => {
    const [ada, ben, cem] = (await signUpAll(server.url, 3)) as [Person, Person, Person];
    const group = await ada.group(ben, cem);
    const count = 450; // more than two batches
    await fill(group, ada, count);
    const socket = await ben.connect();
    const { body: before } = await cem.call('GET', `/conversations/${group}/changes?seq=0&rev=0`);
    const cursor = { conversationId: group, seq: count, rev: 0 };

    await eraseWholly(ada, 'keep');
    const last = count + 2; // one for the participant who left, one for the new owner
    await socket.next('message:updated', ({ rev }) => rev === last);
    const told = ['participant:left', 'participant:updated', 'message:updated'].flatMap((name) =>
      socket.payloads(name).map(({ rev }) => rev),
    );
    expect(told.sort((a, b) => a - b)).toEqual(Array.from({ length: last }, (_, index) => index + 1));
    expect(socket.payloads('participant:left')[0].participant).toMatchObject({
      userId: ada.id,
      leftAt: expect.any(String),
      user: {
        displayName: ERASED,
        username: expect.stringMatching(/^erased-/),
        avatarUrl: null,
        status: null,
      },
    });

    const revs = new Set<number>();
    const people: string[] = [];
    for (let { seq, rev } = cursor, isComplete = false; !isComplete;) {
      const { body } = await cem.call(
        'GET',
        `/conversations/${group}/changes?seq=${seq}&rev=${rev}&epoch=${before.epoch}`,
      );
      for (const message of body.messages) {
        expect(message).toMatchObject({ senderId: null, editedAt: null });
        revs.add(message.rev);
      }
      people.push(...body.participants.map(({ userId }: { userId: string }) => userId));
      expect(body.head).toEqual({ seq: count, rev: last });
      ({ seq, rev } = body.cursor);
      isComplete = body.complete;
    }
    const heir = socket.payloads('participant:updated')[0].participant.userId;
    expect(people).toEqual([ada.id, heir]);
    expect(revs.size).toBe(count);
    expect([Math.min(...revs), Math.max(...revs)]).toEqual([3, last]);
    const device = await cem.connect();
    const synced = await device.ok('conversation:sync', { cursors: [{ ...cursor, rev: last }] });
    expect(synced.changes).toMatchObject([{ messages: [], complete: true, cursor: { rev: last } }]);
    [socket, device].forEach((listener) => listener.close());
  });

  it('ends sessions and sockets at once, and prevents later sign-ins', async () => {
    const ada = await signUp(server.url, { email: `ada-${Date.now()}@example.org` });
    const elsewhere = await ada.signInAgain();
    const { email } = (await ada.call('GET', '/users/me')).body;
    const sockets = await Promise.all([ada.connect(), elsewhere.connect()]);
    expect((await erase(ada, 'keep')).status).toBe(202);
    for (const socket of sockets) {
      expect(await socket.next('session:revoked')).toEqual({ reason: 'account-erased' });
      await socket.disconnected();
    }
    for (const person of [ada, elsewhere])
      expect((await person.call('GET', '/users/me')).body.code).toBe('session-revoked');
    const refreshed = await call(server.url, 'POST', '/api/v1/auth/refresh', {
      body: { refreshToken: elsewhere.refreshToken },
    });
    expect(refreshed.body.code).toBe('session-revoked');
    for (const login of [ada.username, email]) {
      const signIn = await call(server.url, 'POST', '/api/v1/auth/login', {
        body: { login, password: PASSWORD },
      });
      expect(signIn).toMatchObject({ status: 401, body: { code: 'invalid-credentials' } });
    }
    // A repetition, as after a lost answer, returns that it is done.
    expect((await erase(ada, 'keep')).body.code).toBe('session-revoked');
    // The username and the address are free for somebody else.
    const another = await call(server.url, 'POST', '/api/v1/auth/register', {
      body: { username: ada.username, email, password: PASSWORD },
    });
    expect(another.status).toBe(201);
    expect(another.body.user.id).not.toBe(ada.id);
    await finished(ada);
  });

  it('leaves no personal data, and no user who can be found, befriended or added', async () => {
    const [ben, ada] = [
      await signUp(server.url),
      await signUp(server.url, { email: `x-${Date.now()}@example.org` }),
    ];
    const group = await ben.group();
    await ada.call('PATCH', '/users/me', {
      displayName: 'Ada',
      status: 'here',
      avatarUrl: 'https://example.org/a',
    });
    await eraseWholly(ada, 'remove');
    const [row] = await server.dataSource.query<object[]>('select * from users where id = $1', [ada.id]);
    expect(row).toMatchObject({
      username: expect.stringMatching(/^erased-[0-9a-f]{25}$/),
      email: null,
      password_hash: '!',
      display_name: ERASED,
      avatar_url: null,
      status: null,
      is_operator: false,
    });
    expect((await ben.call('GET', `/users/${ada.id}`)).body.code).toBe('user-not-found');
    expect((await ben.call('GET', '/users?query=erased-')).body.items).toEqual([]);
    for (const [method, path, body] of [
      ['POST', '/friend-requests', { recipientId: ada.id }],
      ['PUT', `/users/me/blocks/${ada.id}`, undefined],
      ['PUT', `/conversations/${group}/participants/${ada.id}`, {}],
      ['POST', '/conversations', { type: 'direct', participantIds: [ada.id] }],
      ['POST', '/conversations', { type: 'group', title: 'a group', participantIds: [ada.id] }],
    ] as const)
      expect((await ben.call(method, path, body)).body.code).toBe('user-not-found');
  });

  it('ends friendships, requests and blocks, and sends events to the others', async () => {
    const [ada, friend, asked, asking, blocked] = await signUpAll(server.url, 5);
    const { body: request } = await ada!.call('POST', '/friend-requests', { recipientId: friend!.id });
    await friend!.call('POST', `/friend-requests/${request.id}/accept`);
    const { body: own } = await ada!.call('POST', '/friend-requests', {
      recipientId: asked!.id,
      message: 'Ada here',
    });
    const { body: others } = await asking!.call('POST', '/friend-requests', { recipientId: ada!.id });
    await ada!.call('PUT', `/users/me/blocks/${blocked!.id}`);
    await friend!.call('PUT', `/users/me/blocks/${blocked!.id}`);
    const listeners = await Promise.all([friend!, asked!, asking!].map((person) => person.connect()));

    await eraseWholly(ada!, 'keep');
    expect(await listeners[0]!.next('friend:removed')).toEqual({ userId: ada!.id });
    expect(await listeners[1]!.next('friend-request:cancelled')).toMatchObject({
      id: own.id,
      message: null,
      sender: { displayName: ERASED },
    });
    expect(await listeners[2]!.next('friend-request:declined')).toMatchObject({ id: others.id });
    expect((await friend!.call('GET', '/friends')).body.items).toEqual([]);
    expect((await friend!.call('GET', '/users/me/blocks')).body.items).toMatchObject([{ id: blocked!.id }]);
    for (const person of [friend!, asked!, asking!])
      for (const status of ['pending', 'accepted', 'declined', 'cancelled'])
        expect((await person.call('GET', `/friend-requests?status=${status}`)).body.items).toEqual([]);
    const late = await asked!.call('POST', `/friend-requests/${own.id}/decline`);
    expect(late.body.code).toBe('friend-request-not-found');
    listeners.forEach((listener) => listener.close());
  });

  it('transfers groups to the oldest admin, or else to the oldest member, and ends empty ones', async () => {
    const [ada, ben, cem, dora] = (await signUpAll(server.url, 4)) as [Person, Person, Person, Person];
    const [withAdmin, withMembers, alone] = [await ada.group(ben), await ada.group(), await ada.group()];
    const add = (group: string, person: Person, role: string) =>
      ada.call('PUT', `/conversations/${group}/participants/${person.id}`, { role });
    await add(withAdmin, dora, 'admin');
    await add(withAdmin, cem, 'admin');
    await add(withMembers, dora, 'member');
    await add(withMembers, cem, 'member');
    await ada.send(alone, 'to myself');
    const socket = await ben.connect();

    await eraseWholly(ada, 'keep');
    expect(await socket.next('participant:updated')).toMatchObject({
      conversationId: withAdmin,
      participant: { userId: dora.id, role: 'owner' },
    });
    const roles = async (reader: Person, group: string) =>
      Object.fromEntries(
        (await participants(reader, group)).map(({ userId, role }: { userId: string; role: string }) => [
          userId,
          role,
        ]),
      );
    expect(await roles(ben, withAdmin)).toEqual({
      [ben.id]: 'member',
      [cem.id]: 'admin',
      [dora.id]: 'owner',
    });
    expect(await roles(cem, withMembers)).toEqual({ [cem.id]: 'member', [dora.id]: 'owner' });
    const [{ deleted_at: ended }] = (await server.dataSource.query(
      'select deleted_at from conversations where id = $1',
      [alone],
    )) as [{ deleted_at: Date | null }];
    expect(ended).not.toBeNull();
    socket.close();
  });

  it('deletes the entries of the authentication log in batches', async () => {
    const ada = await signUp(server.url);
    const other = await signUp(server.url);
    const add = (person: Person) =>
      server.dataSource.query(
        `insert into authentication_events (id, kind, outcome, user_id, created_at, last_at)
         select gen_random_uuid(), 'sign-in', 'invalid-credentials', $1, now(), now() from generate_series(1, 1000)`,
        [person.id],
      );
    await Promise.all([add(ada), add(other)]);
    const count = async (manager: Pick<EntityManager, 'query'>, person: Person): Promise<number> => {
      const [row] = await manager.query<{ count: string }[]>(
        `select count(*) from authentication_events where user_id = $1 and kind = 'sign-in'`,
        [person.id],
      );
      return Number(row!.count);
    };
    const isUndone = new Error('undone');
    const left: number[] = [];
    await inTransaction(server.dataSource, async (manager) => {
      await lockPerson(manager, ada.id);
      await erasePerson(manager, { userId: ada.id, messages: 'keep' });
      left.push(await count(manager, ada));
      while (left.at(-1)! > 0 && left.length < 10) {
        await eraseNextBatch(manager, 300);
        left.push(await count(manager, ada));
      }
      throw isUndone;
    }).catch((error: unknown) => expect(error).toBe(isUndone));
    expect(left.slice(0, 3)).toEqual([1_000, expect.any(Number), expect.any(Number)]);
    for (const [n, rest] of left.slice(1).entries()) expect(left[n]! - rest).toBeLessThanOrEqual(300);

    await eraseWholly(ada, 'keep');
    expect(await count(server.dataSource, ada)).toBe(0);
    expect(await count(server.dataSource, other)).toBe(1_000);
  });

  it('requires the password, and changes nothing without it', async () => {
    const ada = await signUp(server.url);
    for (const [body, code] of [
      [{ password: 'not my password', messages: 'keep' }, 'invalid-credentials'],
      [{ password: PASSWORD }, 'validation-failed'],
      [{ password: PASSWORD, messages: 'burn' }, 'validation-failed'],
      [{ messages: 'keep' }, 'validation-failed'],
      [{ password: PASSWORD, messages: 'keep', sure: true }, 'validation-failed'],
      [undefined, 'validation-failed'],
    ] as const)
      expect((await ada.call('DELETE', '/users/me', body)).body.code).toBe(code);
    expect((await ada.call('GET', '/users/me')).status).toBe(200);
    expect(await server.dataSource.query('select from erasures where user_id = $1', [ada.id])).toEqual([]);
  });

  it.each<
    [what: string, attempt: (ada: Person, ben: Person, request: string) => Promise<Answer>, code: string]
  >([
    [
      'make a group with them',
      (ada, ben) =>
        ben.call('POST', '/conversations', { type: 'group', title: 'x', participantIds: [ada.id] }),
      'user-not-found',
    ],
    [
      'make a group of their own',
      (ada) => ada.call('POST', '/conversations', { type: 'group', title: 'x', participantIds: [] }),
      'user-not-found',
    ],
    [
      'open a direct conversation with them',
      (ada, ben) => ben.call('POST', '/conversations', { type: 'direct', participantIds: [ada.id] }),
      'user-not-found',
    ],
    [
      'add them to a group',
      async (ada, ben) => ben.call('PUT', `/conversations/${await ben.group()}/participants/${ada.id}`, {}),
      'user-not-found',
    ],
    [
      'accept their request',
      (_ada, ben, request) => ben.call('POST', `/friend-requests/${request}/accept`),
      'friend-request-not-found',
    ],
    ['block them', (ada, ben) => ben.call('PUT', `/users/me/blocks/${ada.id}`), 'user-not-found'],
    [
      'change their profile',
      (ada) => ada.call('PATCH', '/users/me', { displayName: 'Ada' }),
      'session-revoked',
    ],
    [
      'sign in as them',
      (ada) =>
        call(server.url, 'POST', '/api/v1/auth/login', { body: { login: ada.username, password: PASSWORD } }),
      'invalid-credentials',
    ],
    ['erase them again', (ada) => erase(ada, 'keep'), 'session-revoked'],
  ])('lets nobody %s meanwhile', async (_what, attempt, code) => {
    const [ada, ben] = (await signUpAll(server.url, 2)) as [Person, Person];
    const { body: request } = await ada.call('POST', '/friend-requests', { recipientId: ben.id });
    let answer: Promise<Answer> | undefined;
    await inTransaction(server.dataSource, async (manager) => {
      await lockPerson(manager, ada.id);
      answer = attempt(ada, ben, request.id);
      await aStatementWaits(server);
      await erasePerson(manager, { userId: ada.id, messages: 'keep' });
    });
    expect((await answer!).body.code).toBe(code);
  });

  // Tests G28.
  it('is recorded beside the backups before it is acknowledged, with only an id', async () => {
    const ada = await signUp(server.url);
    expect((await erase(ada, 'remove')).status).toBe(202);
    const { id } = await readInstallation(server.database.url);
    const folder = join(server.configuration.backupFolder, 'erasures', id!);
    expect(readdirSync(folder)).toContain(`${ada.id}.json`);
    expect(JSON.parse(readFileSync(join(folder, `${ada.id}.json`), 'utf8'))).toEqual({
      userId: ada.id,
      messages: 'remove',
      erasedAt: expect.stringMatching(/Z$/),
      seal: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    await finished(ada);
  });

  /** Inserts many messages by SQL. */
  const fill = (conversationId: string, sender: Person, count: number) =>
    server.dataSource.query(
      `with stored as (
         insert into chat_messages (id, conversation_id, seq, sender_id, body)
         select gen_random_uuid(), $1, n, $2, 'message ' || n from generate_series(1, ${count}) n)
       update conversations set last_seq = ${count} where id = $1`,
      [conversationId, sender.id],
    );
});
