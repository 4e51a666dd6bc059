import type { Position } from '../client/src/index';
import { randomUUID } from 'node:crypto';
import { withClient } from './support/databases';
import { aStatementWaits } from './support/locks';
import { signUp, signUpAll, type Person } from './support/people';
import { readMessageList, stateOf } from './support/read-message-list';
import { startTestServer, type TestServer } from './support/test-server';
import { until } from './support/until';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

describe('catching up', () => {
  let server: TestServer;
  let owner: Person;
  let others: Person[];

  beforeAll(async () => {
    server = await startTestServer();
    [owner, ...others] = (await signUpAll(server.url, 6)) as [Person, ...Person[]];
  });
  afterAll(() => server.close());

  const changes = (person: Person, id: string, query: string) =>
    person.call('GET', `/conversations/${id}/changes?${query}`);
  const changesFrom = async (person: Person, id: string, { seq, rev }: Position) =>
    (await changes(person, id, `seq=${seq}&rev=${rev}&epoch=1`)).body;

  // Tests G4.
  it('returns exactly the newer messages and changes', async () => {
    const id = await owner.group(others[0]!, others[1]!);
    const [one, two, three] = [
      await owner.send(id, '1'),
      await owner.send(id, '2'),
      await owner.send(id, '3'),
    ];
    const nothing = {
      ...{ messages: [], participants: [], conversation: null, complete: true },
      own: { readSeq: 3, hidden: false },
    };
    expect((await changes(owner, id, 'seq=3&rev=0&epoch=1')).body).toEqual({
      ...nothing,
      head: { seq: 3, rev: 0 },
      cursor: { seq: 3, rev: 0 },
      epoch: 1,
    });
    const edited = (await owner.call('PUT', `/conversations/${id}/messages/${one.id}`, { body: 'x' })).body;
    await owner.call('DELETE', `/conversations/${id}/participants/${others[1]!.id}`);
    await owner.call('PATCH', `/conversations/${id}`, { title: 'new' });
    expect((await changes(owner, id, 'seq=2&rev=0')).body).toMatchObject({
      messages: [edited, three],
      participants: [{ userId: others[1]!.id, leftAt: expect.any(String) }],
      conversation: { id, title: 'new', unreadCount: 0, myRole: 'owner' },
      head: { seq: 3, rev: 3 },
      cursor: { seq: 3, rev: 3 },
      complete: true,
    });
    expect((await changes(owner, id, 'seq=3&rev=1')).body).toMatchObject({
      messages: [],
      participants: [{}],
      complete: true,
    });
    expect((await changes(owner, id, 'seq=3&rev=2')).body).toMatchObject({
      messages: [],
      participants: [],
      conversation: {},
    });
    expect((await changes(owner, id, '')).body.messages).toEqual([edited, two, three]);
  });

  it('rebuilds a client from nothing: the conversation, its participants, and all messages', async () => {
    const id = await owner.group(...others);
    await owner.call('DELETE', `/conversations/${id}/participants/${others[4]!.id}`);
    const message = await others[0]!.send(id, 'one');
    await others[0]!.call('PUT', `/conversations/${id}/messages/${message.id}`, { body: 'ONE' });
    const socket = await owner.connect();
    const synced = await socket.ok('conversation:sync', {
      cursors: [{ conversationId: id, seq: 0, rev: 0 }],
    });
    socket.close();
    const found = (await changes(owner, id, 'seq=0&rev=0')).body;
    expect(synced.changes).toEqual([{ conversationId: id, ...found }]);
    const { items } = (await owner.call('GET', `/conversations/${id}/participants`)).body;
    expect(items).toHaveLength(5);
    expect(found).toMatchObject({
      messages: [{ id: message.id, body: 'ONE' }],
      conversation: (await owner.call('GET', `/conversations/${id}`)).body,
      cursor: found.head,
      complete: true,
    });
    const present = found.participants.filter(({ leftAt }: { leftAt: string | null }) => leftAt === null);
    expect(present).toEqual(items);
    const left = found.participants.filter(({ leftAt }: { leftAt: string | null }) => leftAt !== null);
    expect(left).toMatchObject([{ userId: others[4]!.id }]);
    // The whole conversation is sent only from nothing.
    expect(await changesFrom(owner, id, { seq: 0, rev: 1 })).toMatchObject({
      conversation: null,
      participants: [],
    });
    // This includes a conversation without messages or changes.
    const quiet = await owner.group(others[0]!);
    expect((await changes(owner, quiet, 'seq=0&rev=0')).body).toMatchObject({
      conversation: { id: quiet },
      participants: [{}, {}],
      cursor: { seq: 0, rev: 0 },
      complete: true,
    });
  });

  it('rebuilds large groups one after the other when they do not fit into one answer', async () => {
    const ids = [await owner.group(), await owner.group(), await owner.group()];
    await server.dataSource.query(
      `with crowd as (insert into users (id, username, password_hash, display_name)
         select gen_random_uuid(), 'member-' || n, '-', '-' from generate_series(1, 900) n returning id)
       insert into conversation_participants (conversation_id, user_id, role)
       select c.id, crowd.id, 'member' from crowd cross join unnest($1::uuid[]) as c (id)`,
      [ids],
    );
    const socket = await owner.connect();
    const told = new Map<string, number>();
    let cursors = ids.map((conversationId) => ({ conversationId, seq: 0, rev: 0 }));
    for (let step = 0; cursors.length > 0; step++) {
      expect(step).toBeLessThan(3);
      const { changes: found } = await socket.ok('conversation:sync', { cursors });
      const people = found.reduce(
        (sum: number, entry: { participants: [] }) => sum + entry.participants.length,
        0,
      );
      expect(people).toBeLessThanOrEqual(2_000);
      for (const { conversationId, participants, conversation, complete } of found) {
        if (!complete) continue;
        expect(conversation).toMatchObject({ id: conversationId });
        told.set(conversationId, participants.length);
      }
      cursors = cursors.filter(({ conversationId }) => !told.has(conversationId));
    }
    expect([...told.values()]).toEqual([901, 901, 901]);
    socket.close();
  });

  it('continues in steps until it is complete, also when thousands of messages are missing', async () => {
    const id = await owner.group(others[0]!);
    await server.dataSource.query(
      `insert into chat_messages (id, conversation_id, seq, sender_id, body, rev, version, edited_at)
       select gen_random_uuid(), $1, n, $2, 'm' || n, n, 'v' || n, now() from generate_series(1, 1300) n`,
      [id, owner.id],
    );
    await server.dataSource.query(`update conversations set last_seq = 1300, last_rev = 1300 where id = $1`, [
      id,
    ]);
    for (const from of [
      { seq: 0, rev: 0 },
      { seq: 700, rev: 300 },
      { seq: 1_300, rev: 0 },
    ]) {
      const told = new Map<number, number>();
      let position: Position = from;
      let steps = 0;
      for (let isComplete = false; !isComplete; steps++) {
        expect(steps).toBeLessThan(10);
        const found = await changesFrom(owner, id, position);
        expect(found.messages.length).toBeLessThanOrEqual(500);
        for (const message of found.messages) told.set(message.seq, message.rev);
        position = found.cursor;
        isComplete = found.complete;
      }
      const missing = numbers(1_300).filter((n) => n > from.seq || n > from.rev);
      expect([...told.keys()].sort((a, b) => a - b)).toEqual(missing);
      expect(steps).toBeGreaterThan(1);
      expect(position).toEqual({ seq: 1_300, rev: 1_300 });
    }
  });

  // Tests G4.
  it('never has a hole while others write, from nothing or from any page', async () => {
    const id = await owner.group(...others);
    const client = await readMessageList(owner, id);
    const pages: { items: Position[]; head: Position }[] = [];
    let isWriting = true;
    const writers = Promise.all(
      others.map(async (person) => {
        for (let n = 0; n < 25; n++) {
          const { id: messageId } = await person.send(id, `${n}`);
          if (n % 3 === 0)
            await person.call('PUT', `/conversations/${id}/messages/${messageId}`, { body: 'edited' });
        }
      }),
    ).finally(() => (isWriting = false));
    while (isWriting) {
      const found = await changesFrom(owner, id, client.position!);
      client.takeChanges(found);
      expect(client.messages.map((message) => message.seq)).toEqual(numbers(found.cursor.seq));
      for (const { seq, rev } of client.messages) {
        expect(seq).toBeLessThanOrEqual(found.head.seq);
        expect(rev).toBeLessThanOrEqual(found.head.rev);
      }
      if (pages.length < 30) {
        pages.push((await owner.call('GET', `/conversations/${id}/messages?limit=200`)).body);
      }
    }
    await writers;
    client.takeChanges(await changesFrom(owner, id, client.position!));
    const fresh = await readMessageList(owner, id);
    expect(stateOf(client)).toEqual(stateOf(fresh));
    expect(client.position).toEqual(fresh.position);
    // The head of a page is never newer than its content, so a catch-up from there misses nothing.
    for (const { items, head } of pages) {
      const held = new Map(items.map((message) => [message.seq, message]));
      expect([...held.keys()]).toEqual(numbers(head.seq));
      for (const message of (await changesFrom(owner, id, head)).messages) held.set(message.seq, message);
      expect([...held.values()]).toEqual(fresh.messages);
    }
  });

  it('reads everything from one snapshot', async () => {
    const id = await owner.group(others[0]!);
    await owner.send(id, 'before');
    let answer: ReturnType<typeof changes> | undefined;
    await withClient(server.database.url, async (client) => {
      await client.query('begin');
      // The messages are read after the head.
      await client.query('lock table chat_messages in access exclusive mode');
      answer = changes(owner, id, 'seq=0&rev=0');
      await aStatementWaits(server);
      await client.query(
        `insert into chat_messages (id, conversation_id, seq, sender_id, body) values ($1, $2, 2, $3, 'meanwhile')`,
        [randomUUID(), id, owner.id],
      );
      await client.query(`update conversations set last_seq = 2 where id = $1`, [id]);
      await client.query('commit');
    });
    const { body } = await answer!;
    expect(body).toMatchObject({ messages: [{ body: 'before' }], head: { seq: 1 }, cursor: { seq: 1 } });
    expect((await changesFrom(owner, id, body.cursor)).messages).toMatchObject([{ body: 'meanwhile' }]);
  });

  it('continues after an absence as if the client had been there all the time', async () => {
    const [ada] = others as [Person];
    const id = await owner.group(ada);
    await owner.send(id, 'one');
    const client = await readMessageList(ada, id);
    await owner.call('DELETE', `/conversations/${id}/participants/${ada.id}`);
    await owner.send(id, 'two');
    await owner.call('PATCH', `/conversations/${id}`, { title: 'changed' });
    expect(await changes(ada, id, 'seq=1&rev=0')).toMatchObject({
      status: 404,
      body: { code: 'conversation-not-found' },
    });
    await owner.call('PUT', `/conversations/${id}/participants/${ada.id}`, {});
    client.takeChanges(await changesFrom(ada, id, client.position!));
    expect(stateOf(client)).toEqual(stateOf(await readMessageList(ada, id)));
    expect(client.position).toEqual({ seq: 2, rev: 3 });
  });

  // Tests G4.
  it('starts again from nothing in another epoch', async () => {
    // This test has its own server, which ends the connections of another epoch when it notices.
    const restored = await startTestServer();
    const ada = await signUp(restored.url);
    const id = await ada.group();
    await ada.send(id, 'one');
    await restored.dataSource.query('update database_state set epoch = 2');
    expect(await changes(ada, id, 'seq=1&rev=0&epoch=1')).toMatchObject({
      status: 409,
      body: { code: 'cursor-reset' },
    });
    expect((await changes(ada, id, 'seq=0&rev=0&epoch=2')).body).toMatchObject({
      messages: [{ body: 'one' }],
      epoch: 2,
      complete: true,
    });
    await until('the server to notice', async () => {
      const socket = await ada.connect();
      const { epoch } = await socket.next('ready');
      const cursors = [{ conversationId: id, seq: 0, rev: 0 }];
      const sync = async (of: number) =>
        (await socket.ok('conversation:sync', { epoch: of, cursors })).changes as object[];
      const told = await Promise.all([sync(1), sync(2)]).catch(() => undefined);
      socket.close();
      if (epoch !== 2 || !told) return false;
      expect(told[0]).toEqual([{ conversationId: id, reset: true }]);
      expect(told[1]).toMatchObject([{ conversationId: id, epoch: 2, messages: [{}] }]);
      return true;
    });
    await restored.close();
  });

  it.each([
    ['seq=1', 409, 'cursor-reset'],
    ['rev=1', 409, 'cursor-reset'],
    ['epoch=2', 409, 'cursor-reset'],
    ['seq=-1', 400, 'validation-failed'],
    ['seq=a', 400, 'validation-failed'],
    ['rev=99999999999999999999', 400, 'validation-failed'],
  ])('is rejected with %s', async (query, status, code) => {
    const id = await owner.group();
    expect(await changes(owner, id, query)).toMatchObject({ status, body: { code } });
    expect(await changes(others[0]!, id, query === 'seq=1' ? 'seq=0' : 'seq=0&rev=0')).toMatchObject({
      status: 404,
      body: { code: 'conversation-not-found' },
    });
  });

  describe('with many conversations at once', () => {
    it('answers each in the order of the cursors: changes, gone or reset', async () => {
      const socket = await owner.connect();
      const [quiet, busy, ahead] = [await owner.group(), await owner.group(), await owner.group()];
      const [foreign, left, deleted] = [
        await others[0]!.group(),
        await others[0]!.group(owner),
        await owner.group(),
      ];
      await owner.call('DELETE', `/conversations/${left}/participants/${owner.id}`);
      await owner.call('DELETE', `/conversations/${deleted}`);
      const unknown = randomUUID();
      const message = await owner.send(busy, 'news');
      const cursor = (conversationId: string, seq = 0, rev = 0) => ({ conversationId, seq, rev });
      const { changes: found } = await socket.ok('conversation:sync', {
        epoch: 1,
        cursors: [
          cursor(busy),
          ...[foreign, left, deleted, unknown].map((id) => cursor(id)),
          cursor(ahead, 5),
          cursor(quiet),
        ],
      });
      const http = (await changes(owner, busy, 'seq=0&rev=0')).body;
      expect(found).toEqual([
        { conversationId: busy, ...http },
        ...[foreign, left, deleted, unknown].map((conversationId) => ({ conversationId, gone: true })),
        { conversationId: ahead, reset: true },
        { conversationId: quiet, ...(await changes(owner, quiet, 'seq=0&rev=0')).body },
      ]);
      expect(found[0].messages).toEqual([message]);
      const other = await socket.ok('conversation:sync', {
        epoch: 9,
        cursors: [cursor(busy), cursor(foreign)],
      });
      expect(other.changes).toEqual([
        { conversationId: busy, reset: true },
        { conversationId: foreign, gone: true },
      ]);
      expect((await socket.ok('conversation:sync', { cursors: [cursor(busy, 1, 1)] })).changes).toEqual([
        { conversationId: busy, reset: true },
      ]);
      expect(await socket.ok('conversation:sync', { cursors: [] })).toEqual({ changes: [] });
      socket.close();
    });

    it.each(['', 'x', '../users/me', `${randomUUID()} `])(
      'answers an entry with the id %p with gone, and the others of its batch as usual',
      async (id) => {
        const socket = await owner.connect();
        const conversationId = await owner.group();
        const message = await owner.send(conversationId, 'news');
        const cursors = [id, conversationId].map((wanted) => ({ conversationId: wanted, seq: 0, rev: 0 }));
        expect((await socket.ok('conversation:sync', { cursors })).changes).toEqual([
          { conversationId: id, gone: true },
          expect.objectContaining({ conversationId, messages: [message], complete: true }),
        ]);
        socket.close();
      },
    );

    it('accepts at most 200 cursors, and each conversation once', async () => {
      const socket = await owner.connect();
      const conversationId = await owner.group();
      const cursors = Array.from({ length: 200 }, (_, index) => ({
        conversationId:
          index === 0 ? conversationId : `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
        seq: 0,
        rev: 0,
      }));
      expect((await socket.ok('conversation:sync', { cursors })).changes).toHaveLength(200);
      const refused = { ok: false, problem: { code: 'validation-failed' } };
      const extra = { conversationId: '00000000-0000-4000-8000-999999999999', seq: 0, rev: 0 };
      expect(await socket.command('conversation:sync', { cursors: [...cursors, extra] })).toMatchObject(
        refused,
      );
      expect(await socket.command('conversation:sync', { cursors: [cursors[0], cursors[0]] })).toMatchObject(
        refused,
      );
      expect(
        await socket.command('conversation:sync', { cursors: [{ conversationId, seq: -1, rev: 0 }] }),
      ).toMatchObject(refused);
      expect(await socket.command('conversation:sync', { cursors: [null] })).toMatchObject(refused);
      expect(await socket.command('conversation:sync', {})).toMatchObject(refused);
      socket.close();
    });
  });
});
