import { randomUUID } from 'node:crypto';
import type { Answer } from './support/api';
import { Random, SEEDS } from './support/random';
import { signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';

describe('conversations', () => {
  let server: TestServer;
  let ada: Person;
  let ben: Person;
  let cem: Person;
  let outsider: Person;

  beforeAll(async () => {
    server = await startTestServer();
    [ada, ben, cem, outsider] = (await signUpAll(server.url, 4)) as [Person, Person, Person, Person];
  });
  afterAll(() => server.close());

  const create = (person: Person, body: object): Promise<Answer> =>
    person.call('POST', '/conversations', body);
  const get = async (person: Person, id: string) => (await person.call('GET', `/conversations/${id}`)).body;
  const participant = (id: string, target: Person): string =>
    `/conversations/${id}/participants/${target.id}`;
  const put = (by: Person, id: string, target: Person, role?: string): Promise<Answer> =>
    by.call('PUT', participant(id, target), role ? { role } : {});
  const remove = (by: Person, id: string, target: Person): Promise<Answer> =>
    by.call('DELETE', participant(id, target));

  describe('of two people', () => {
    it('exist once for a pair, also when both create it at the same time', async () => {
      const [a, b] = (await signUpAll(server.url, 2)) as [Person, Person];
      const socket = await b.connect();
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          index % 2
            ? create(a, { type: 'direct', participantIds: [b.id] })
            : create(b, { type: 'direct', participantIds: [a.id] }),
        ),
      );
      expect(answers.map((answer) => answer.status).sort()).toEqual([...Array<number>(19).fill(200), 201]);
      expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1);
      expect(answers[0]!.body).toMatchObject({
        type: 'direct',
        title: null,
        myRole: 'member',
        lastSeq: 0,
        lastRev: 0,
        lastMessage: null,
        unreadCount: 0,
      });
      expect(answers[0]!.body.participants.map((entry: { role: string }) => entry.role)).toEqual([
        'member',
        'member',
      ]);
      const event = await socket.next('conversation:created');
      expect(event).toEqual({
        conversationId: answers[0]!.body.id,
        rev: 0,
        conversation: expect.any(Object),
      });
      for (const own of ['unreadCount', 'mentionCount', 'myRole'])
        expect(event.conversation).not.toHaveProperty(own);
      expect(socket.payloads('conversation:created')).toHaveLength(1);
      socket.close();
    });

    it('cannot be renamed, and nobody can be added or removed', async () => {
      const id = await ada.direct(ben);
      const answers = [
        await put(ada, id, cem),
        await put(ada, id, ben, 'admin'),
        await remove(ada, id, ben),
        await remove(ada, id, ada),
        await ada.call('PATCH', `/conversations/${id}`, { title: 'x' }),
      ];
      expect(answers.map((answer) => [answer.status, answer.body.code])).toEqual(
        Array(5).fill([403, 'forbidden']),
      );
      expect((await get(ada, id)).lastRev).toBe(0);
    });

    it('are hidden from the list by deleting them, until the next message', async () => {
      const [a, b] = (await signUpAll(server.url, 2)) as [Person, Person];
      const id = await a.direct(b);
      const listed = async (person: Person) =>
        (await person.call('GET', '/conversations')).body.items.map((item: { id: string }) => item.id);
      expect((await a.call('DELETE', `/conversations/${id}`)).status).toBe(204);
      expect(await listed(a)).toEqual([]);
      expect(await listed(b)).toEqual([id]);
      expect((await create(a, { type: 'direct', participantIds: [b.id] })).body.id).toBe(id);
      expect(await listed(a)).toEqual([id]);
      expect((await a.call('DELETE', `/conversations/${id}`)).status).toBe(204);
      expect(await listed(a)).toEqual([]);
      await b.send(id, 'are you there?');
      expect(await listed(a)).toEqual([id]);
    });
  });

  describe('of groups', () => {
    it('are created once with an id that the client chose', async () => {
      const id = randomUUID();
      const answers = await Promise.all(
        Array.from({ length: 5 }, () =>
          create(ada, {
            type: 'group',
            id,
            title: 'Owls',
            description: 'at night',
            participantIds: [ben.id, ben.id, ada.id],
          }),
        ),
      );
      expect(answers.map((answer) => answer.status).sort()).toEqual([201, 409, 409, 409, 409]);
      expect(answers.find((answer) => answer.status === 409)!.body.code).toBe('conversation-id-conflict');
      const made = answers.find((answer) => answer.status === 201)!.body;
      expect(made).toMatchObject({
        id,
        title: 'Owls',
        description: 'at night',
        createdBy: ada.id,
        myRole: 'owner',
      });
      expect(made.participants).toHaveLength(2);
      expect(made.participants[0]).toEqual({
        userId: expect.any(String),
        user: expect.objectContaining({ username: expect.any(String) }),
        role: expect.any(String),
        readSeq: 0,
        joinedAt: expect.any(String),
        leftAt: null,
      });
    });

    it('are renamed by admins; an update without a change sends no event', async () => {
      const id = await ada.group(ben);
      const socket = await ben.connect();
      expect(await ben.call('PATCH', `/conversations/${id}`, { title: 'mine' })).toMatchObject({
        status: 403,
      });
      await ada.call('PATCH', `/conversations/${id}`, { title: 'a group' });
      const renamed = await ada.call('PATCH', `/conversations/${id}`, { title: 'Owls', description: 'hoo' });
      expect(renamed).toMatchObject({ status: 200, body: { title: 'Owls', description: 'hoo', lastRev: 1 } });
      expect(await socket.next('conversation:updated')).toMatchObject({
        conversationId: id,
        rev: 1,
        conversation: { title: 'Owls', lastRev: 1 },
      });
      expect((await ada.call('PATCH', `/conversations/${id}`, { description: null })).body).toMatchObject({
        description: null,
        lastRev: 2,
      });
      await socket.next('conversation:updated', (event) => event.rev === 2);
      expect(socket.payloads('conversation:updated')).toHaveLength(2);
      socket.close();
    });

    it('are deleted by the owner for everybody', async () => {
      const id = await ada.group(ben);
      const sockets = [await ada.connect(), await ben.connect()];
      const message = await ben.send(id, 'last words');
      expect((await ben.call('DELETE', `/conversations/${id}`)).status).toBe(403);
      expect((await ada.call('DELETE', `/conversations/${id}`)).status).toBe(204);
      for (const socket of sockets)
        expect(await socket.next('conversation:removed')).toEqual({ conversationId: id });
      for (const person of [ada, ben]) {
        expect((await person.call('GET', `/conversations/${id}`)).body.code).toBe('conversation-not-found');
        expect((await person.call('GET', `/conversations/${id}/messages`)).status).toBe(404);
        expect((await person.call('POST', `/conversations/${id}/messages`, { body: 'x' })).status).toBe(404);
        expect((await person.call('DELETE', `/conversations/${id}/messages/${message.id}`)).status).toBe(404);
        expect(
          (await person.call('GET', '/conversations?limit=200')).body.items.filter(
            (item: { id: string }) => item.id === id,
          ),
        ).toEqual([]);
      }
      const answer = await sockets[1]!.command('message:send', { conversationId: id, body: 'x' });
      expect(answer).toMatchObject({ ok: false, problem: { code: 'conversation-not-found' } });
      expect((await create(ada, { type: 'group', id, title: 'again', participantIds: [] })).body.code).toBe(
        'conversation-id-conflict',
      );
      sockets.forEach((socket) => socket.close());
    });
  });

  it.each([
    [{}, 400],
    [{ type: 'channel', participantIds: [] }, 400],
    [{ type: 'direct', participantIds: [] }, 400],
    [{ type: 'direct', participantIds: ['self'] }, 400],
    [{ type: 'direct', participantIds: ['ben', 'cem'] }, 400],
    [{ type: 'direct', participantIds: ['ben'], title: 'x' }, 400],
    [{ type: 'direct', participantIds: ['nobody'] }, 404],
    [{ type: 'group', participantIds: [] }, 400],
    [{ type: 'group', title: '', participantIds: [] }, 400],
    [{ type: 'group', title: 'x'.repeat(101), participantIds: [] }, 400],
    [{ type: 'group', title: 'x', participantIds: 'ben' }, 400],
    [{ type: 'group', title: 'x', participantIds: ['nobody'] }, 404],
    [{ type: 'group', title: 'x', participantIds: [], createdBy: 'ben' }, 400],
    [{ type: 'group', title: 'x', id: 'x', participantIds: [] }, 400],
  ])('cannot be created from %j', async (body, status) => {
    const ids: Record<string, string> = { self: ada.id, ben: ben.id, cem: cem.id, nobody: randomUUID() };
    const filled = JSON.parse(JSON.stringify(body), (_key, value: unknown) => ids[value as string] ?? value);
    const before = await server.dataSource.query<unknown[]>('select count(*) from conversations');
    expect((await create(ada, filled)).status).toBe(status);
    expect(await server.dataSource.query('select count(*) from conversations')).toEqual(before);
  });

  it('are listed by latest activity, in pages, with the last message and the unread count', async () => {
    const [person, other] = (await signUpAll(server.url, 2)) as [Person, Person];
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) ids.push(await other.group(person));
    const last = await other.send(ids[1]!, 'the latest');
    const expected = [ids[1], ids[4], ids[3], ids[2], ids[0]];
    const seen: string[] = [];
    let cursor = '';
    do {
      const { body } = await person.call('GET', `/conversations?limit=2&cursor=${cursor}`);
      seen.push(...body.items.map((item: { id: string }) => item.id));
      cursor = body.nextCursor;
    } while (cursor);
    expect(seen).toEqual(expected);
    const [first, second] = (await person.call('GET', '/conversations')).body.items;
    expect(first).toMatchObject({ lastMessage: last, unreadCount: 1, lastSeq: 1 });
    expect(second).toMatchObject({ lastMessage: null, unreadCount: 0 });
    for (const wrong of ['cursor=x', 'cursor=MTIz', 'limit=0', 'limit=201']) {
      expect((await person.call('GET', `/conversations?${wrong}`)).status).toBe(400);
    }
  });

  describe('participants', () => {
    // The actor, the target, the role to give → the expected role of both.
    const roles = ['owner', 'admin', 'member'] as const;
    const rank = { member: 0, admin: 1, owner: 2 };
    const cases = roles.flatMap((actor) =>
      (['admin', 'member', 'absent'] as const).flatMap((target) =>
        ([...roles, undefined] as const).map((role) => ({ actor, target, role })),
      ),
    );

    it.each(cases)('$actor gives $target the role $role', async ({ actor, target, role }) => {
      const [boss, subject] = (await signUpAll(server.url, 2)) as [Person, Person];
      const id = await boss.group(ada, ...(target === 'absent' ? [] : [subject]));
      if (actor !== 'owner') await put(boss, id, ada, actor);
      if (target === 'admin') await put(boss, id, subject, 'admin');
      const by = actor === 'owner' ? boss : ada;
      const before = (await get(boss, id)).lastRev;
      const answer = await put(by, id, subject, role);

      const mayGive = role === undefined || actor === 'owner' || (actor === 'admin' && role === 'member');
      const isChange = target !== 'absent' && role !== undefined && role !== target;
      const isAllowed =
        target === 'absent' ? actor !== 'member' : !isChange || (rank[actor] > rank[target] && mayGive);
      if (!isAllowed) {
        expect(answer).toMatchObject({ status: 403, body: { code: 'forbidden' } });
        expect((await get(boss, id)).lastRev).toBe(before);
        return;
      }
      const expected = target === 'absent' ? (mayGive ? (role ?? 'member') : 'member') : (role ?? target);
      expect(answer).toMatchObject({
        status: 200,
        body: { userId: subject.id, role: expected, leftAt: null },
      });
      const taken = (target === 'absent' || isChange ? 1 : 0) + (expected === 'owner' ? 1 : 0);
      const { body } = await ada.call('GET', `/conversations/${id}/participants`);
      expect((await get(boss, id)).lastRev).toBe(before + taken);
      expect(body.items.filter((entry: { role: string }) => entry.role === 'owner')).toHaveLength(1);
      if (expected === 'owner') expect((await get(boss, id)).myRole).toBe('admin');
    });

    it('can transfer the ownership to one at a time', async () => {
      const id = await ada.group(ben, cem);
      const answers = await Promise.all([put(ada, id, ben, 'owner'), put(ada, id, cem, 'owner')]);
      expect(answers.map((answer) => answer.status).sort()).toEqual([200, 403]);
      const { items } = (await ada.call('GET', `/conversations/${id}/participants`)).body;
      expect(items.map((entry: { role: string }) => entry.role).sort()).toEqual(['admin', 'member', 'owner']);
    });

    it('cannot leave while they are the owner, nor give up that role', async () => {
      const id = await ada.group(ben);
      expect(await remove(ada, id, ada)).toMatchObject({
        status: 409,
        body: { code: 'owner-must-transfer' },
      });
      expect(await put(ada, id, ada, 'member')).toMatchObject({
        status: 409,
        body: { code: 'owner-must-transfer' },
      });
      await put(ada, id, ben, 'owner');
      expect((await remove(ada, id, ada)).status).toBe(204);
    });

    it('are removed once, by a participant with a higher role', async () => {
      const id = await ada.group(ben, cem);
      await put(ada, id, ben, 'admin');
      expect((await remove(cem, id, ben)).status).toBe(403);
      expect((await remove(ben, id, ada)).status).toBe(403);
      expect((await remove(ben, id, cem)).status).toBe(204);
      expect((await remove(ben, id, cem)).status).toBe(204);
      expect((await remove(ben, id, outsider)).status).toBe(204);
      expect((await get(ada, id)).lastRev).toBe(2);
      expect((await remove(cem, id, cem)).body.code).toBe('conversation-not-found');
    });

    // Tests G6.
    it('receive nothing after their removal is acknowledged', async () => {
      const id = await ada.group(ben, cem);
      const [bens, cems] = [await ben.connect(), await cem.connect()];
      const sends = Promise.all(Array.from({ length: 40 }, (_, index) => ada.send(id, `${index}`)));
      expect((await remove(ada, id, ben)).status).toBe(204);
      const heardThen = bens.payloads('message:created').length;
      const left = await cems.next('participant:left');
      expect(left).toMatchObject({
        conversationId: id,
        rev: 1,
        participant: { userId: ben.id, leftAt: expect.any(String) },
      });
      await sends;
      await ada.send(id, 'after');
      await cems.next('message:created', (message) => message.body === 'after');
      const own = await ben.group();
      await ben.send(own, 'fence');
      await bens.next('message:created', (message) => message.body === 'fence');
      expect(bens.payloads('conversation:removed')).toEqual([{ conversationId: id }]);
      const removedAt = bens.events.findIndex((entry) => entry.event === 'conversation:removed');
      const later = bens.events.slice(removedAt + 1).filter((entry) => entry.payload.conversationId === id);
      expect(later).toEqual([]);
      expect(heardThen).toBeLessThanOrEqual(40);
      expect((await ben.call('POST', `/conversations/${id}/messages`, { body: 'x' })).status).toBe(404);
      [bens, cems].forEach((socket) => socket.close());
    });

    it('see the whole history, with everything marked as read, when they join or rejoin', async () => {
      const id = await ada.group(ben);
      const socket = await cem.connect();
      const first = await ada.send(id, 'before');
      const joined = await put(ada, id, cem);
      expect(joined).toMatchObject({ status: 200, body: { readSeq: 1, role: 'member' } });
      expect(await socket.next('conversation:created')).toMatchObject({
        conversationId: id,
        rev: 1,
        conversation: { lastMessage: first },
      });
      expect(await socket.next('participant:joined')).toEqual({
        conversationId: id,
        rev: 1,
        participant: joined.body,
      });
      expect((await get(cem, id)).unreadCount).toBe(0);
      const second = await ada.send(id, 'live');
      expect(await socket.next('message:created')).toEqual(second);
      await remove(cem, id, cem);
      await ada.send(id, 'missed');
      await put(ada, id, cem);
      expect((await cem.call('GET', `/conversations/${id}/messages`)).body.items).toHaveLength(3);
      expect(await get(cem, id)).toMatchObject({ unreadCount: 0, lastRev: 3 });
      socket.close();
    });
  });

  describe('reading', () => {
    it('moves the position only forward, unless requested otherwise, and counts undeleted messages of others', async () => {
      const id = await ada.group(ben);
      const [adas, bens] = [await ada.connect(), await ben.connect()];
      const messages = [];
      for (let n = 1; n <= 5; n++) messages.push(await ada.send(id, `${n}`));
      await ada.call('DELETE', `/conversations/${id}/messages/${messages[4].id}`);
      const read = (body: object): Promise<Answer> => ben.call('PUT', `/conversations/${id}/read`, body);
      expect((await get(ben, id)).unreadCount).toBe(4);
      expect((await get(ada, id)).unreadCount).toBe(0);
      expect((await read({ seq: 3 })).body).toEqual({ seq: 3, unreadCount: 1 });
      expect(await adas.next('conversation:read')).toEqual({ conversationId: id, userId: ben.id, seq: 3 });
      expect((await read({ seq: 1 })).body).toEqual({ seq: 3, unreadCount: 1 });
      expect((await read({ seq: 1, unread: true })).body).toEqual({ seq: 1, unreadCount: 3 });
      expect(await bens.ok('conversation:read', { conversationId: id, seq: 2 })).toEqual({
        seq: 2,
        unreadCount: 2,
      });
      expect(await read({ seq: 6 })).toMatchObject({
        status: 400,
        body: { code: 'validation-failed', errors: [{ pointer: '/seq' }] },
      });
      for (const wrong of [
        {},
        { seq: -1 },
        { seq: 1.5 },
        { seq: '1' },
        { seq: null },
        { seq: 1, unread: 'yes' },
      ]) {
        expect((await read(wrong)).status).toBe(400);
      }
      await ben.send(id, 'read it all');
      expect((await get(ben, id)).unreadCount).toBe(0);
      expect(adas.payloads('conversation:read').map((event) => event.seq)).toEqual([3, 1, 2]);
      expect((await outsider.call('PUT', `/conversations/${id}/read`, { seq: 0 })).status).toBe(404);
      [adas, bens].forEach((socket) => socket.close());
    });

    // Tests G15.
    it.each(SEEDS)(
      'gives the same count as counting one by one, after any history (SEED=%d)',
      async (seed) => {
        const people = await signUpAll(server.url, 3);
        const [ada] = people as [Person];
        const id = await ada.group(...people.slice(1));
        const sent: { id: string; by: Person }[] = [];
        const random = new Random(seed);
        for (let step = 0; step < 120; step++) {
          const person = random.pick(people);
          const dice = random.below(10);
          const named = random.pick(['', ...people.map(({ username }) => `@${username}`), '@all']);
          if (dice < 5) sent.push({ id: (await person.send(id, `${step} ${named}`)).id, by: person });
          else if (dice < 6 && sent.length > 0) {
            const message = random.pick(sent);
            const body = { body: `${step} ${named}` };
            await message.by.call('PUT', `/conversations/${id}/messages/${message.id}`, body);
          } else if (dice < 8) {
            const body = { seq: random.below(sent.length + 1), unread: random.chance(0.5) };
            await person.call('PUT', `/conversations/${id}/read`, body);
          } else if (sent.length > 0) {
            const message = random.pick(sent);
            await message.by.call('DELETE', `/conversations/${id}/messages/${message.id}`);
          }
        }
        await server.dataSource.query(
          `update chat_messages set sender_id = null where conversation_id = $1 and sender_id = $2 and seq % 2 = 0`,
          [id, people[2]!.id],
        );
        const { items: messages } = (await ada.call('GET', `/conversations/${id}/messages?limit=200`)).body;
        for (const person of people) {
          const { body } = await person.call('GET', `/conversations/${id}`);
          const { readSeq } = body.participants.find(
            (entry: { userId: string }) => entry.userId === person.id,
          );
          const unread = messages.filter(
            (message: { seq: number; senderId: string | null; deletedAt: string | null }) =>
              message.seq > readSeq && message.senderId !== person.id && message.deletedAt === null,
          );
          expect(body.unreadCount).toBe(unread.length);
          const mentioning = unread.filter(
            ({ mentions, mentionsAll }: { mentions: string[]; mentionsAll: boolean }) =>
              mentionsAll || mentions.includes(person.id),
          );
          expect(body.mentionCount).toBe(mentioning.length);
          const [listed] = (await person.call('GET', '/conversations')).body.items;
          expect(listed).toMatchObject({ unreadCount: unread.length, mentionCount: mentioning.length });
          const read = await person.call('PUT', `/conversations/${id}/read`, { seq: readSeq });
          expect(read.body).toEqual({ seq: readSeq, unreadCount: unread.length });
        }
      },
    );

    it('is sent only to the reader’s own devices in large groups', async () => {
      const id = await ada.group(ben);
      await server.dataSource.query(
        `with crowd as (insert into users (id, username, password_hash, display_name)
           select gen_random_uuid(), 'reader-' || n, '-', '-' from generate_series(1, 99) n returning id)
         insert into conversation_participants (conversation_id, user_id, role) select $1, id, 'member' from crowd`,
        [id],
      );
      await ada.send(id, 'hello');
      const [adas, bens] = [await ada.connect(), await ben.connect()];
      await ben.call('PUT', `/conversations/${id}/read`, { seq: 1 });
      expect(await bens.next('conversation:read')).toMatchObject({ userId: ben.id, seq: 1 });
      await ben.send(id, 'fence');
      await adas.next('message:created');
      expect(adas.payloads('conversation:read')).toEqual([]);
      [adas, bens].forEach((socket) => socket.close());
    });
  });

  it('people are found by the start of their username', async () => {
    const found = await ada.call('GET', `/users?query=${ben.username.slice(0, 8).toUpperCase()}`);
    expect(found.body.items.map((user: { id: string }) => user.id)).toContain(ben.id);
    expect(found.body.items[0]).not.toHaveProperty('email');
    expect((await ada.call('GET', '/users?query=user-&limit=1')).body).toMatchObject({
      items: [{}],
      nextCursor: expect.any(String),
    });
    expect((await ada.call('GET', '/users?query=_ser-')).body.items).toEqual([]);
    for (const wrong of ['', 'query=', 'query=%25', 'query=a%20b', 'query=a&query=b']) {
      expect({ wrong, status: (await ada.call('GET', `/users?${wrong}`)).status }).toEqual({
        wrong,
        status: 400,
      });
    }
    expect((await ada.call('GET', `/users/${randomUUID()}`)).body.code).toBe('user-not-found');
  });
});
