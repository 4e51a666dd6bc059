import type { Answer } from './support/api';
import { signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';

interface Placed {
  readonly id: string;
  readonly conversationId: string;
}

describe('pinned messages', () => {
  let server: TestServer;
  let ada: Person;
  let ben: Person;
  let cleo: Person;
  let outsider: Person;

  beforeAll(async () => {
    server = await startTestServer();
    [ada, ben, cleo, outsider] = (await signUpAll(server.url, 4)) as [Person, Person, Person, Person];
  });
  afterAll(() => server.close());

  const messagePath = ({ conversationId, id }: Placed): string =>
    `/conversations/${conversationId}/messages/${id}`;
  const pin = (person: Person, message: Placed): Promise<Answer> =>
    person.call('PUT', `${messagePath(message)}/pin`);
  const unpin = (person: Person, message: Placed): Promise<Answer> =>
    person.call('DELETE', `${messagePath(message)}/pin`);
  const pins = (person: Person, conversationId: string, query = ''): Promise<Answer> =>
    person.call('GET', `/conversations/${conversationId}/pins${query}`);

  // Tests G4, G5.
  it('are broadcast as stored, and listed until they are unpinned, over either transport', async () => {
    const group = await ada.group(ben);
    const messages = [await ada.send(group, 'one'), await ben.send(group, 'two')];
    const socket = await ada.connect();
    const { body: first } = await pin(ada, messages[1]!);
    expect(first).toMatchObject({ id: messages[1]!.id, rev: 1, pinnedAt: expect.any(String) });
    expect((await pin(ada, messages[1]!)).body).toEqual(first);
    const second = await socket.ok('message:pin', { conversationId: group, messageId: messages[0]!.id });
    expect(second).toMatchObject({ rev: 2, pinnedAt: expect.any(String) });
    expect((await pins(ben, group)).body).toEqual({ items: [first, second], nextCursor: null });
    expect((await ben.call('GET', `/conversations/${group}/changes?seq=2&rev=0`)).body).toMatchObject({
      messages: [second, first],
      cursor: { seq: 2, rev: 2 },
    });
    const { body: third } = await unpin(ada, messages[1]!);
    expect(third).toMatchObject({ rev: 3, pinnedAt: null });
    expect((await unpin(ada, messages[1]!)).body).toEqual(third);
    const fourth = await socket.ok('message:unpin', { conversationId: group, messageId: messages[0]!.id });
    expect((await pins(ben, group)).body).toEqual({ items: [], nextCursor: null });
    for (const told of [first, second, third, fourth])
      expect(await socket.next('message:updated', ({ rev }) => rev === told.rev)).toEqual(told);
    socket.close();
  });

  it('are listed in pages, the newest message first', async () => {
    const group = await ada.group(ben);
    const messages: Placed[] = [];
    for (const body of ['one', 'two', 'three', 'four', 'five']) messages.push(await ada.send(group, body));
    for (const message of messages.slice(1)) await pin(ada, message);
    const idsOf = ({ body }: Answer): string[] => body.items.map(({ id }: Placed) => id);
    const first = await pins(ben, group, '?limit=3');
    expect(idsOf(first)).toEqual([messages[4]!.id, messages[3]!.id, messages[2]!.id]);
    const second = await pins(ben, group, `?limit=3&cursor=${first.body.nextCursor}`);
    expect([idsOf(second), second.body.nextCursor]).toEqual([[messages[1]!.id], null]);
    expect(await pins(ben, group, '?cursor=x')).toMatchObject({
      status: 400,
      body: { code: 'validation-failed' },
    });
  });

  it('can be set by both people of a direct conversation, and by admins and the owner of a group', async () => {
    const direct = await ada.send(await ada.direct(ben), 'hello');
    expect((await pin(ben, direct)).status).toBe(200);
    expect((await unpin(ada, direct)).status).toBe(200);
    const group = await ada.group(ben, cleo);
    await ada.call('PUT', `/conversations/${group}/participants/${ben.id}`, { role: 'admin' });
    const message = await cleo.send(group, 'hello');
    expect(await pin(cleo, message)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect((await pin(ben, message)).status).toBe(200);
    expect(await unpin(cleo, message)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    const socket = await cleo.connect();
    for (const command of ['message:pin', 'message:unpin'])
      expect(await socket.command(command, { conversationId: group, messageId: message.id })).toMatchObject({
        problem: { code: 'forbidden' },
      });
    socket.close();
  });

  // Tests G6.
  it('are rejected for outsiders, and belong to their conversation', async () => {
    const group = await ada.group(ben);
    const message = await ada.send(group, 'hello');
    for (const answer of [
      await pin(outsider, message),
      await unpin(outsider, message),
      await pins(outsider, group),
    ])
      expect(answer).toMatchObject({ status: 404, body: { code: 'conversation-not-found' } });
    const elsewhere = { ...(await ada.send(await ada.group(ben), 'elsewhere')), conversationId: group };
    expect(await pin(ada, elsewhere)).toMatchObject({ status: 404, body: { code: 'message-not-found' } });
  });

  it('lose the pin when they are deleted, and keep it when they are edited', async () => {
    const group = await ada.group(ben);
    const message = await ada.send(group, 'hello');
    const { body: pinned } = await pin(ada, message);
    const { body: edited } = await ada.call('PUT', messagePath(message), { body: 'hi' });
    expect(edited).toMatchObject({ body: 'hi', pinnedAt: pinned.pinnedAt });
    const { body: tombstone } = await ada.call('DELETE', messagePath(message));
    expect(tombstone.pinnedAt).toBeNull();
    expect((await pins(ada, group)).body.items).toEqual([]);
    expect(await pin(ada, message)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect((await unpin(ada, message)).body).toEqual(tombstone);
  });

  it('are rejected during a block in either direction', async () => {
    const [dora, emil] = (await signUpAll(server.url, 2)) as [Person, Person];
    const message = await dora.send(await dora.direct(emil), 'hello');
    await dora.call('PUT', `/users/me/blocks/${emil.id}`);
    for (const person of [dora, emil])
      expect(await pin(person, message)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  });

  // Tests G19.
  it('are limited to 100 in a conversation, also when many are pinned at the same moment', async () => {
    const group = await ada.group(ben);
    const [message, other] = [await ada.send(group, 'hello'), await ada.send(group, 'hello')];
    await server.dataSource.query(
      `with pinned as (
         insert into chat_messages (id, conversation_id, seq, rev, sender_id, body, pinned_at)
         select gen_random_uuid(), $1, 2 + n, n, $2, 'pinned', now() from generate_series(1, 99) n)
       update conversations set last_seq = 101, last_rev = 99 where id = $1`,
      [group, ada.id],
    );
    const answers = await Promise.all([pin(ada, message), pin(ada, other)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 403]);
  });
});
