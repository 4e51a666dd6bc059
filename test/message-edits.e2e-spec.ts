import { randomUUID } from 'node:crypto';
import type { Answer } from './support/api';
import { signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import { until } from './support/until';

describe('an edit of a message', () => {
  let server: TestServer;
  let owner: Person;
  let ada: Person;
  let ben: Person;
  let conversationId: string;

  beforeAll(async () => {
    server = await startTestServer();
    [owner, ada, ben] = (await signUpAll(server.url, 3)) as [Person, Person, Person];
  });
  beforeEach(async () => {
    conversationId = await owner.group(ada, ben);
  });
  afterAll(() => server.close());

  const pathOf = (id: string): string => `/conversations/${conversationId}/messages/${id}`;
  const edit = (person: Person, id: string, body: object): Promise<Answer> =>
    person.call('PUT', pathOf(id), body);
  const versionsOf = async (id: string) => (await ben.call('GET', `${pathOf(id)}/versions`)).body.items;
  const headOf = async (): Promise<{ seq: number; rev: number }> =>
    (await ben.call('GET', `/conversations/${conversationId}/messages`)).body.head;
  const revOf = async (): Promise<number> => (await headOf()).rev;

  it('creates a new version with its parent and broadcasts it; the old version stays readable', async () => {
    const socket = await ben.connect();
    const sent = await ada.send(conversationId, 'one');
    expect(await versionsOf(sent.id)).toEqual([
      { version: sent.id, parents: [], body: 'one', authorId: ada.id, createdAt: sent.createdAt },
    ]);
    const edited = await edit(ada, sent.id, { body: 'two', parents: [sent.id], version: 'second' });
    expect(edited).toMatchObject({
      status: 200,
      body: {
        ...sent,
        body: 'two',
        rev: 1,
        version: 'second',
        parents: [sent.id],
        editedAt: expect.any(String),
      },
    });
    expect(await socket.next('message:updated')).toEqual(edited.body);
    expect((await ben.call('GET', pathOf(sent.id))).body).toEqual(edited.body);
    expect(await versionsOf(sent.id)).toMatchObject([
      { version: sent.id, parents: [], body: 'one', authorId: ada.id, createdAt: sent.createdAt },
      { version: 'second', parents: [sent.id], body: 'two', authorId: ada.id },
    ]);
    socket.close();
  });

  it('lists versions in pages, the oldest first', async () => {
    const sent = await ada.send(conversationId, 'one');
    const list = async (query: string) =>
      (await ben.call('GET', `${pathOf(sent.id)}/versions?${query}`)).body;
    expect(await list('limit=1')).toMatchObject({ items: [{ body: 'one' }], nextCursor: null });
    for (const body of ['two', 'three', 'four', 'five']) await edit(ada, sent.id, { body });
    const first = await list('limit=2');
    expect(first).toMatchObject({ items: [{ body: 'one' }, { body: 'two' }], nextCursor: '2' });
    const second = await list(`limit=2&cursor=${first.nextCursor}`);
    expect(second.items).toMatchObject([{ body: 'three' }, { body: 'four' }]);
    const third = await list(`limit=2&cursor=${second.nextCursor}`);
    expect(third).toMatchObject({ items: [{ body: 'five' }], nextCursor: null });
    expect(await list('cursor=5')).toEqual({ items: [], nextCursor: null });
    expect(await list('cursor=-1')).toMatchObject({ code: 'validation-failed' });
    expect(await list('')).toMatchObject({
      items: Array(5).fill({ parents: expect.any(Array) }),
      nextCursor: null,
    });
  });

  it('works the same over sockets', async () => {
    const socket = await ada.connect();
    const sent = await ada.send(conversationId, 'one');
    const edited = await socket.ok('message:edit', {
      conversationId,
      messageId: sent.id,
      body: 'two',
      parents: [sent.id],
    });
    expect(edited).toMatchObject({ body: 'two', rev: 1 });
    expect(
      await socket.command('message:edit', {
        conversationId,
        messageId: sent.id,
        body: 'three',
        parents: [sent.id],
      }),
    ).toMatchObject({
      ok: false,
      problem: { code: 'version-conflict', current: edited },
    });
    expect(
      await socket.command('message:edit', {
        conversationId,
        messageId: sent.id,
        body: 'three',
        parents: [],
      }),
    ).toMatchObject({
      ok: false,
      problem: { code: 'version-conflict' },
    });
    expect(await socket.ok('message:delete', { conversationId, messageId: sent.id })).toMatchObject({
      body: null,
    });
    socket.close();
  });

  it('is rejected with the current version if its parent is outdated', async () => {
    const sent = await ada.send(conversationId, 'one');
    const current = (await edit(ada, sent.id, { body: 'two' })).body;
    for (const parents of [[sent.id], ['unknown'], [sent.id, current.version]]) {
      expect(await edit(ada, sent.id, { body: 'three', parents })).toMatchObject({
        status: 409,
        body: { code: 'version-conflict', current },
      });
    }
    expect((await ben.call('GET', pathOf(sent.id))).body).toEqual(current);
    expect((await edit(ada, sent.id, { body: 'three', parents: [current.version] })).status).toBe(200);
  });

  it('by PUT creates or edits as the request’s conditions say, and does nothing else', async () => {
    const socket = await ben.connect();
    const [id, other, third] = [randomUUID(), randomUUID(), randomUUID()];
    const invalid = { status: 400, body: { code: 'validation-failed' } };
    const absent = { status: 404, body: { code: 'message-not-found' } };
    const conflict = { status: 409, body: { code: 'message-id-conflict' } };
    const star = { 'if-none-match': '*' };
    for (const [person, messageId, body, headers, expected] of [
      // Allow an edit only; the message does not exist.
      [ada, id, { body: 'a', parents: ['x'] }, {}, absent],
      [ada, id, { body: 'a', parents: [id] }, {}, absent],
      [ada, id, { body: 'a', version: 'v1' }, {}, absent],
      // The conditions contradict each other.
      [ada, id, { body: 'a', parents: [], version: 'v1' }, {}, invalid],
      [ada, id, { body: 'a', version: 'v1' }, star, invalid],
      [ada, id, { body: 'a', parents: ['x'] }, star, invalid],
      [ada, id, { body: 'a', parents: [], id: other }, {}, invalid],
      [ada, id, { body: 'a', id: other }, {}, invalid],
      // Allow a creation only; a repetition returns the same message.
      [ada, id, { body: 'a', id, parents: [], version: id }, star, { status: 201, body: { id, seq: 1 } }],
      [ada, id, { body: 'a', parents: [] }, {}, { status: 200, body: { seq: 1, rev: 0 } }],
      [ada, id, { body: 'a' }, star, { status: 200, body: { seq: 1, rev: 0 } }],
      [ada, id, { body: 'b', parents: [] }, {}, conflict],
      [ben, id, { body: 'a', parents: [] }, {}, conflict],
      // Allow an edit only.
      [
        ada,
        id,
        { body: 'b', parents: [id], version: 'v1' },
        {},
        { status: 200, body: { body: 'b', rev: 1 } },
      ],
      [ada, id, { body: 'c', version: 'v2' }, {}, { status: 200, body: { version: 'v2', rev: 2 } }],
      [ada, id, { body: 'd', parents: [id] }, {}, { status: 409, body: { code: 'version-conflict' } }],
      // Allow both.
      [ada, id, { body: 'd' }, {}, { status: 200, body: { body: 'd', rev: 3 } }],
      [ben, id, { body: 'e' }, {}, { status: 403, body: { code: 'forbidden' } }],
      [
        ada,
        other,
        { body: 'new', type: 'file', replyToId: id },
        {},
        { status: 201, body: { seq: 2, type: 'file' } },
      ],
      [ada, third, { body: 'new', replyToId: randomUUID() }, {}, absent],
      [ada, third, { body: 'new', parents: null, version: null }, {}, { status: 201, body: { seq: 3 } }],
    ] as const) {
      const found = await person.call('PUT', `/conversations/${conversationId}/messages/${messageId}`, body, {
        headers,
      });
      expect({ asked: body, ...found }).toMatchObject({ asked: body, ...expected });
    }
    expect(await headOf()).toEqual({ seq: 3, rev: 3 });
    await socket.next('message:created', (message) => message.id === third);
    expect(socket.payloads('message:created').map((message) => message.seq)).toEqual([1, 2, 3]);
    expect(socket.payloads('message:updated').map((message) => message.rev)).toEqual([1, 2, 3]);
    // An id of a message in another conversation allows neither a creation nor an edit here.
    const elsewhere = await ada.group();
    expect(await ada.call('PUT', `/conversations/${elsewhere}/messages/${id}`, { body: 'x' })).toMatchObject(
      conflict,
    );
    socket.close();
  });

  it('by PUT creates one message when two people send it at the same moment', async () => {
    for (let round = 0; round < 5; round++) {
      const path = `/conversations/${conversationId}/messages/${randomUUID()}`;
      const answers = await Promise.all([
        ada.call('PUT', path, { body: 'one' }),
        ada.call('PUT', path, { body: 'two' }),
        ben.call('PUT', path, { body: 'three' }),
      ]);
      const statuses = answers.map(({ status }) => status);
      expect(statuses.filter((status) => status === 201)).toHaveLength(1);
      expect(statuses.filter((status) => ![200, 201, 403].includes(status))).toEqual([]);
    }
    expect((await headOf()).seq).toBe(5);
  });

  // Tests G14.
  it('succeeds for one of twenty that start from the same version; the history is a line', async () => {
    const sent = await ada.send(conversationId, 'base');
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        edit(ada, sent.id, { body: `edit ${index}`, parents: [sent.id] }),
      ),
    );
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, ...Array<number>(19).fill(409)]);
    for (let round = 0; round < 5; round++) {
      const { version } = (await ben.call('GET', pathOf(sent.id))).body;
      await Promise.all(
        [1, 2, 3].map((n) => edit(ada, sent.id, { body: `${round} ${n}`, parents: [version] })),
      );
    }
    const versions = await versionsOf(sent.id);
    expect(versions).toHaveLength(7);
    versions
      .slice(1)
      .forEach((version: { parents: string[] }, index: number) =>
        expect(version.parents).toEqual([versions[index].version]),
      );
    expect(await revOf()).toBe(6);
  });

  // Tests G2.
  it('is safe to repeat with a version id, also after later edits and after the deletion', async () => {
    const sent = await ada.send(conversationId, 'one');
    const repeat = (): Promise<Answer> => edit(ada, sent.id, { body: 'two', version: 'mine' });
    const first = await repeat();
    expect((await repeat()).body).toEqual(first.body);
    expect(await edit(ada, sent.id, { body: 'other', version: 'mine' })).toMatchObject({
      status: 409,
      body: { code: 'version-conflict', current: first.body },
    });
    const later = (await edit(ada, sent.id, { body: 'three' })).body;
    expect(await repeat()).toMatchObject({ status: 200, body: later });
    expect(await edit(ada, sent.id, { body: 'one', version: sent.id })).toMatchObject({ body: later });
    expect(await edit(ada, sent.id, { body: 'not one', version: sent.id })).toMatchObject({ status: 409 });
    const socket = await ada.connect();
    const command = { conversationId, messageId: sent.id, body: 'two', version: 'mine', parents: [sent.id] };
    expect(await socket.ok('message:edit', command)).toEqual(later);
    const tombstone = (await ada.call('DELETE', pathOf(sent.id))).body;
    expect(await repeat()).toMatchObject({ status: 200, body: tombstone });
    expect(await socket.ok('message:edit', { ...command, body: 'whatever' })).toEqual(tombstone);
    expect(await revOf()).toBe(3);
    // Another message may use the same name for a version of its own.
    const other = await ada.send(conversationId, 'other');
    expect(await edit(ada, other.id, { body: 'edited', version: 'mine' })).toMatchObject({
      status: 200,
      body: { version: 'mine', rev: 4 },
    });
    socket.close();
  });

  it('is done once if it is repeated at the same moment with one version id', async () => {
    const sent = await ada.send(conversationId, 'one');
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        edit(ada, sent.id, { body: 'two', version: 'mine', parents: [sent.id] }),
      ),
    );
    expect(new Set(answers.map(({ status, body }) => `${status} ${JSON.stringify(body)}`)).size).toBe(1);
    expect(answers[0]).toMatchObject({ status: 200, body: { version: 'mine', rev: 1 } });
    expect(await versionsOf(sent.id)).toHaveLength(2);
    expect(await revOf()).toBe(1);
  });

  it('changes nothing if the body is the same', async () => {
    const socket = await ben.connect();
    const sent = await ada.send(conversationId, 'same');
    expect((await edit(ada, sent.id, { body: 'same', parents: [sent.id] })).body).toEqual(sent);
    expect((await edit(ada, sent.id, { body: 'same', version: 'v' })).body).toEqual(sent);
    expect(await versionsOf(sent.id)).toHaveLength(1);
    expect(await edit(ada, sent.id, { body: 'same', parents: ['stale'] })).toMatchObject({
      status: 409,
      body: { code: 'version-conflict', current: sent },
    });
    expect(await revOf()).toBe(0);
    await edit(ada, sent.id, { body: 'fence' });
    await socket.next('message:updated');
    expect(socket.payloads('message:updated')).toMatchObject([{ body: 'fence', rev: 1 }]);
    socket.close();
  });

  it('is allowed to the sender; deletion is also allowed to admins', async () => {
    const sent = await ada.send(conversationId, 'mine');
    const refused = { status: 403, body: { code: 'forbidden' } };
    for (const person of [ben, owner]) {
      expect(await edit(person, sent.id, { body: 'not yours' })).toMatchObject(refused);
    }
    expect(await ben.call('DELETE', pathOf(sent.id))).toMatchObject(refused);
    const socket = await ben.connect();
    expect(
      await socket.command('message:edit', { conversationId, messageId: sent.id, body: 'x' }),
    ).toMatchObject({
      ok: false,
      problem: { code: 'forbidden' },
    });
    expect(await socket.command('message:delete', { conversationId, messageId: sent.id })).toMatchObject({
      ok: false,
      problem: { code: 'forbidden' },
    });
    socket.close();
    expect((await ben.call('GET', pathOf(sent.id))).body).toEqual(sent);
    await owner.call('PUT', `/conversations/${conversationId}/participants/${ben.id}`, { role: 'admin' });
    expect(await ben.call('DELETE', pathOf(sent.id))).toMatchObject({ status: 200, body: { body: null } });
    const fromOwner = await owner.send(conversationId, 'of the owner');
    expect(await ada.call('DELETE', pathOf(fromOwner.id))).toMatchObject(refused);
    expect(await ben.call('DELETE', pathOf(fromOwner.id))).toMatchObject({ status: 200 });
    const own = await ada.send(conversationId, 'own');
    expect(await ada.call('DELETE', pathOf(own.id))).toMatchObject({
      status: 200,
      body: { senderId: ada.id },
    });
  });

  it('and the deletion are allowed to the sender alone in a direct conversation', async () => {
    conversationId = await ada.direct(ben);
    const sent = await ada.send(conversationId, 'mine');
    for (const method of ['PUT', 'DELETE']) {
      const body = method === 'PUT' ? { body: 'yours' } : undefined;
      expect(await ben.call(method, pathOf(sent.id), body)).toMatchObject({ status: 403 });
    }
    expect(await ada.call('DELETE', pathOf(sent.id))).toMatchObject({ status: 200 });
  });

  it('is rejected after a block, except for a repetition of an earlier edit; deletion is allowed', async () => {
    const [cora, dan] = (await signUpAll(server.url, 2)) as [Person, Person];
    conversationId = await cora.direct(dan);
    const first = await cora.send(conversationId, 'before');
    const edited = await edit(cora, first.id, { body: 'edited', version: 'v2' });
    const second = await dan.send(conversationId, 'of the other');
    await dan.call('PUT', `/users/me/blocks/${cora.id}`);
    const [blocked, blocker] = [await cora.connect(), await dan.connect()];
    const refused = { status: 403, body: { code: 'forbidden' } };
    expect(await edit(cora, first.id, { body: 'after' })).toMatchObject(refused);
    expect(await edit(dan, second.id, { body: 'after', parents: [second.id] })).toMatchObject(refused);
    const fields = { conversationId, messageId: first.id, body: 'after' };
    expect(await blocked.command('message:edit', fields)).toMatchObject({
      ok: false,
      problem: { code: 'forbidden' },
    });
    expect((await edit(cora, first.id, { body: 'edited', version: 'v2' })).body).toEqual(edited.body);
    expect((await dan.call('GET', pathOf(first.id))).body).toEqual(edited.body);
    expect(await cora.call('DELETE', pathOf(first.id))).toMatchObject({ status: 200 });
    // The other person receives the event once the block is lifted, and not before.
    await blocked.next('message:deleted');
    const group = await dan.group();
    await dan.send(group, 'marker');
    await blocker.next('message:created');
    expect(blocker.payloads('message:deleted')).toEqual([]);
    await dan.call('DELETE', `/users/me/blocks/${cora.id}`);
    expect((await blocker.next('message:deleted')).id).toBe(first.id);
    expect(blocker.payloads('message:updated')).toEqual([]);
    expect(await edit(dan, second.id, { body: 'after' })).toMatchObject({ status: 200 });
    for (const socket of [blocked, blocker]) socket.close();
  });

  it('is rejected for a former participant, also of their own messages', async () => {
    const sent = await ada.send(conversationId, 'mine');
    await ada.call('DELETE', `/conversations/${conversationId}/participants/${ada.id}`);
    const gone = { status: 404, body: { code: 'conversation-not-found' } };
    expect(await edit(ada, sent.id, { body: 'after' })).toMatchObject(gone);
    expect(await ada.call('DELETE', pathOf(sent.id))).toMatchObject(gone);
    expect(await ada.call('GET', `${pathOf(sent.id)}/versions`)).toMatchObject(gone);
    expect((await ben.call('GET', pathOf(sent.id))).body).toEqual(sent);
  });

  it.each([
    [{ body: '' }, 400],
    [{ body: 'x'.repeat(4_001) }, 422],
    [{ body: 'a', version: 'not allowed' }, 400],
    [{ body: 'a', version: 'x'.repeat(129) }, 400],
    [{ body: 'a', parents: 'x' }, 400],
    [{ body: 'a', parents: [''] }, 400],
    [{ body: 'a', editedAt: 'now' }, 400],
  ])('is rejected without effect: %j', async (body, status) => {
    const sent = await ada.send(conversationId, 'unchanged');
    expect((await edit(ada, sent.id, body)).status).toBe(status);
    expect((await ben.call('GET', pathOf(sent.id))).body).toEqual(sent);
  });

  it('leaves a tombstone without the body after a deletion', async () => {
    const socket = await ben.connect();
    const sent = await ada.send(conversationId, 'a very secret word');
    const edited = (await edit(ada, sent.id, { body: 'a very secret word, edited' })).body;
    const tombstone = await ada.call('DELETE', pathOf(sent.id));
    expect(tombstone).toMatchObject({
      status: 200,
      body: {
        id: sent.id,
        seq: 1,
        rev: 2,
        body: null,
        deletedAt: expect.any(String),
        parents: [edited.version],
      },
    });
    expect(await socket.next('message:deleted')).toEqual(tombstone.body);
    expect((await ada.call('DELETE', pathOf(sent.id))).body).toEqual(tombstone.body);
    const versions = await versionsOf(sent.id);
    expect(versions.map((version: { body: null }) => version.body)).toEqual([null, null, null]);
    expect(versions.at(-1).version).toBe(tombstone.body.version);
    const traces = await server.dataSource.query<unknown[]>(
      `select id::text from chat_messages where body like '%secret%'
       union all select message_id::text from message_versions where body like '%secret%'`,
    );
    expect(traces).toEqual([]);
    expect(await edit(ada, sent.id, { body: 'back again' })).toMatchObject({
      status: 409,
      body: { current: tombstone.body },
    });
    socket.close();
  });

  it('is answered with 404 if the message does not exist', async () => {
    expect(await edit(ada, randomUUID(), { body: 'x', version: 'v' })).toMatchObject({
      status: 404,
      body: { code: 'message-not-found' },
    });
    expect(await ada.call('DELETE', pathOf(randomUUID()))).toMatchObject({
      status: 404,
      body: { code: 'message-not-found' },
    });
    const elsewhere = await ada.group(ben);
    const { id } = await ada.send(elsewhere, 'elsewhere');
    expect(await ada.call('DELETE', pathOf(id))).toMatchObject({ status: 404 });
  });

  // Tests G4.
  it('takes the next rev of the conversation, as every other change does, without a hole', async () => {
    const [cora, dan] = (await signUpAll(server.url, 2)) as [Person, Person];
    const socket = await ben.connect();
    const people = `/conversations/${conversationId}/participants`;
    const messages = await Promise.all(
      Array.from({ length: 5 }, (_, index) => ada.send(conversationId, `${index}`)),
    );
    await owner.call('PUT', `${people}/${dan.id}`, {});
    const answers = await Promise.all([
      ...messages.map((message) => edit(ada, message.id, { body: 'edited' })),
      ...messages.map((message) => ada.call('DELETE', pathOf(message.id))),
      owner.call('PATCH', `/conversations/${conversationId}`, { title: 'renamed' }),
      owner.call('PUT', `${people}/${ada.id}`, { role: 'admin' }),
      owner.call('PUT', `${people}/${cora.id}`, {}),
      dan.call('DELETE', `${people}/${dan.id}`),
    ]);
    expect(answers.filter(({ status }) => status >= 500 || status === 404)).toEqual([]);
    const before = await revOf();
    // A change of the owner changes two participants, so it takes two revs.
    await owner.call('PUT', `${people}/${ada.id}`, { role: 'owner' });
    expect(await revOf()).toBe(before + 2);
    await ada.call('DELETE', `${people}/${owner.id}`);
    await ada.call('PATCH', `/conversations/${conversationId}`, { title: 'fence' });
    const rev = await revOf();
    expect(rev).toBe(before + 4);
    const revsOf = () =>
      socket.events.flatMap(({ event, payload }) => (event === 'ready' ? [] : payload.rev || []));
    await until('an event for every rev', () => new Set(revsOf()).size >= rev);
    expect(revsOf().sort((a, b) => a - b)).toEqual(Array.from({ length: rev }, (_, index) => index + 1));
    // The last event of each message equals the message that a read returns.
    for (const { id } of messages) {
      const told = socket.events
        .filter(({ event, payload }) => event.startsWith('message:') && payload.id === id)
        .map(({ payload }) => payload)
        .sort((a, b) => a.rev - b.rev);
      expect(told.at(-1)).toEqual((await ben.call('GET', pathOf(id))).body);
    }
    socket.close();
  });
});
