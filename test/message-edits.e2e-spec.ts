import { randomUUID } from 'node:crypto';
import type { Answer } from './support/api';
import { signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';

describe('changing a message', () => {
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
  const revOf = async (): Promise<number> =>
    (await ben.call('GET', `/conversations/${conversationId}/messages`)).body.head.rev;

  it('is a new version with its parent, told live, and the old one stays readable', async () => {
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

  it('based on another version than the current one is a conflict that tells the current one', async () => {
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

  it('is won by one of twenty that begin at the same version; the history is a line', async () => {
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

  it('with a version id is safe to repeat, also after later edits and after the deletion', async () => {
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
    const tombstone = (await ada.call('DELETE', pathOf(sent.id))).body;
    expect(await repeat()).toMatchObject({ status: 200, body: tombstone });
    expect(await revOf()).toBe(3);
  });

  it('that changes nothing changes nothing', async () => {
    const socket = await ben.connect();
    const sent = await ada.send(conversationId, 'same');
    expect((await edit(ada, sent.id, { body: 'same', parents: [sent.id] })).body).toEqual(sent);
    expect((await edit(ada, sent.id, { body: 'same', version: 'v' })).body).toEqual(sent);
    expect(await versionsOf(sent.id)).toHaveLength(1);
    await edit(ada, sent.id, { body: 'fence' });
    await socket.next('message:updated');
    expect(socket.payloads('message:updated')).toMatchObject([{ body: 'fence', rev: 1 }]);
    socket.close();
  });

  it('is for its sender; deleting also for admins', async () => {
    const sent = await ada.send(conversationId, 'mine');
    for (const person of [ben, owner]) {
      expect(await edit(person, sent.id, { body: 'not yours' })).toMatchObject({
        status: 403,
        body: { code: 'forbidden' },
      });
    }
    expect(await ben.call('DELETE', pathOf(sent.id))).toMatchObject({ status: 403 });
    expect(await owner.call('DELETE', pathOf(sent.id))).toMatchObject({ status: 200, body: { body: null } });
  });

  it.each([
    [{ body: '' }, 400],
    [{ body: 'x'.repeat(4_001) }, 422],
    [{ body: 'a', version: 'not allowed' }, 400],
    [{ body: 'a', version: 'x'.repeat(129) }, 400],
    [{ body: 'a', parents: 'x' }, 400],
    [{ body: 'a', parents: [''] }, 400],
    [{ body: 'a', editedAt: 'now' }, 400],
  ])('is refused without effect: %j', async (body, status) => {
    const sent = await ada.send(conversationId, 'unchanged');
    expect((await edit(ada, sent.id, body)).status).toBe(status);
    expect((await ben.call('GET', pathOf(sent.id))).body).toEqual(sent);
  });

  it('by deletion leaves a tombstone and nothing of what it said', async () => {
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

  it('that does not exist is 404', async () => {
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

  it('takes one rev each, together with all other changes of the conversation, without a hole', async () => {
    const revs: number[] = [];
    const socket = await ben.connect();
    socket.socket.onAny((_event: string, payload: { rev?: number }) => payload.rev && revs.push(payload.rev));
    const messages = await Promise.all(
      Array.from({ length: 5 }, (_, index) => ada.send(conversationId, `${index}`)),
    );
    await Promise.all([
      ...messages.map((message) => edit(ada, message.id, { body: 'edited' })),
      ...messages.map((message) => ada.call('DELETE', pathOf(message.id))),
      owner.call('PATCH', `/conversations/${conversationId}`, { title: 'renamed' }),
      owner.call('PUT', `/conversations/${conversationId}/participants/${ada.id}`, { role: 'admin' }),
    ]);
    const rev = await revOf();
    await owner.call('PATCH', `/conversations/${conversationId}`, { title: 'fence' });
    await socket.next('conversation:updated', (payload) => payload.rev === rev + 1);
    expect(revs.sort((a, b) => a - b)).toEqual(Array.from({ length: rev + 1 }, (_, index) => index + 1));
    socket.close();
  });
});
