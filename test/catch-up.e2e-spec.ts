import { signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import { until } from './support/until';

/* eslint-disable @typescript-eslint/no-explicit-any -- the model holds what the server says, whatever it is */

/** What a client holds of a conversation, and how it takes in what it is told. */
class Model {
  readonly messages = new Map<number, any>();
  readonly participants = new Map<string, any>();
  conversation: any;
  seq = 0;
  rev = 0;

  apply(event: string, payload: any): void {
    if (event === 'message:created') this.takeMessage(payload);
    else if (event === 'message:updated' || event === 'message:deleted') this.takeMessage(payload);
    else if (event.startsWith('participant:'))
      this.participants.set(payload.participant.userId, payload.participant);
    else if (event === 'conversation:updated') this.conversation = payload.conversation;
  }

  takeMessage(message: any): void {
    const known = this.messages.get(message.seq);
    if (!known || known.rev <= message.rev) this.messages.set(message.seq, message);
  }

  /** One step of catching up; true when nothing is left. */
  take(changes: any): boolean {
    changes.messages.forEach((message: any) => this.takeMessage(message));
    changes.participants.forEach((participant: any) =>
      this.participants.set(participant.userId, participant),
    );
    if (changes.conversation) this.conversation = changes.conversation;
    ({ seq: this.seq, rev: this.rev } = changes.cursor);
    return changes.complete;
  }
}

/** Numbers that look random and are the same for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

describe('catching up', () => {
  let server: TestServer;
  let owner: Person;
  let others: Person[];

  beforeAll(async () => {
    server = await startTestServer();
    [owner, ...others] = (await signUpAll(server.url, 5)) as [Person, ...Person[]];
  });
  afterAll(() => server.close());

  const changes = (person: Person, id: string, query: string) =>
    person.call('GET', `/conversations/${id}/changes?${query}`);
  const messagesOf = async (id: string): Promise<any[]> =>
    (await owner.call('GET', `/conversations/${id}/messages?limit=200`)).body.items;

  /** Does something at random; what is refused (an edit of a tombstone, say) changes nothing. */
  async function act(conversationId: string, random: () => number, sent: string[]): Promise<void> {
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
    const path = `/conversations/${conversationId}`;
    const dice = random();
    if (dice < 0.4 || sent.length === 0) {
      const { body, status } = await pick([owner, others[0]!]).call('POST', `${path}/messages`, {
        body: `m${random()}`,
      });
      if (status === 201) sent.push(body.id);
    } else if (dice < 0.65)
      await owner.call('PUT', `${path}/messages/${pick(sent)}`, { body: `e${random()}` });
    else if (dice < 0.75) await owner.call('DELETE', `${path}/messages/${pick(sent)}`);
    else if (dice < 0.85) await owner.call('PATCH', path, { title: `t${random()}` });
    else if (dice < 0.93) {
      const role = pick(['admin', 'member'] as const);
      await owner.call('PUT', `${path}/participants/${pick(others.slice(1)).id}`, { role });
    } else await owner.call('DELETE', `${path}/participants/${pick(others.slice(1)).id}`);
  }

  it.each([1, 2, 3, 4].map((round) => [(Date.now() % 1_000_000_000) ^ (round * 7_919)]))(
    'after events up to any moment gives what a fresh read gives (seed %d)',
    async (seed) => {
      const random = randomFrom(seed);
      const id = await owner.group(others[0]!);
      const socket = await others[0]!.connect();
      const model = new Model();
      const sent: string[] = [];
      for (let step = 0; step < 30; step++) await act(id, random, sent);
      // What a client held when it went away: all events so far.
      const { head } = (await owner.call('GET', `/conversations/${id}/messages`)).body;
      await until('all events so far', () => {
        const events = socket.events.filter(({ payload }) => (payload.conversationId ?? payload.id) === id);
        return (
          new Set(events.flatMap(({ payload }) => payload.rev || [])).size >= head.rev &&
          events.filter(({ event }) => event === 'message:created').length >= head.seq
        );
      });
      socket.close();
      socket.events.forEach(({ event, payload }) => model.apply(event, payload));
      expect([...model.messages.values()].sort((a, b) => a.seq - b.seq)).toEqual(await messagesOf(id));
      Object.assign(model, head);

      for (let step = 0; step < 30; step++) await act(id, random, sent);
      let isComplete = false;
      while (!isComplete)
        isComplete = model.take((await changes(owner, id, `seq=${model.seq}&rev=${model.rev}`)).body);
      expect([...model.messages.values()].sort((a, b) => a.seq - b.seq)).toEqual(await messagesOf(id));
      const present = (await owner.call('GET', `/conversations/${id}/participants`)).body.items;
      const modelled = [...model.participants.values()].filter((participant) => participant.leftAt === null);
      for (const participant of modelled) {
        expect(present).toContainEqual({ ...participant, readSeq: expect.any(Number) });
      }
      const { title } = (await owner.call('GET', `/conversations/${id}`)).body;
      if (model.conversation) expect(model.conversation.title).toBe(title);
    },
  );

  it('tells exactly what is newer', async () => {
    const id = await owner.group(others[0]!, others[1]!);
    const [one, two, three] = [
      await owner.send(id, '1'),
      await owner.send(id, '2'),
      await owner.send(id, '3'),
    ];
    const nothing = { messages: [], participants: [], conversation: null, complete: true };
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

  it('goes on in steps until it is complete, new messages first', async () => {
    const id = await owner.group(others[0]!);
    await server.dataSource.query(
      `insert into chat_messages (id, conversation_id, seq, sender_id, body, rev, version, edited_at)
       select gen_random_uuid(), $1, n, $2, 'm' || n, n, 'v' || n, now() from generate_series(1, 1300) n`,
      [id, owner.id],
    );
    await server.dataSource.query(`update conversations set last_seq = 1300, last_rev = 1300 where id = $1`, [
      id,
    ]);
    const model = new Model();
    let steps = 0;
    for (let isComplete = false; !isComplete; steps++) {
      expect(steps).toBeLessThan(20);
      const { body } = await changes(owner, id, `seq=${model.seq}&rev=${model.rev}`);
      expect(body.messages.length).toBeLessThanOrEqual(500);
      isComplete = model.take(body);
    }
    expect([...model.messages.keys()].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 1300 }, (_, index) => index + 1),
    );
    expect(model).toMatchObject({ seq: 1300, rev: 1300 });
    // Everything was there, and all of it has changed since.
    const changed = new Model();
    changed.seq = 1300;
    for (let isComplete = false; !isComplete;) {
      const { body } = await changes(owner, id, `seq=${changed.seq}&rev=${changed.rev}`);
      isComplete = changed.take(body);
    }
    expect(changed.messages.size).toBe(1300);
  });

  it('never has a hole while others write', async () => {
    const id = await owner.group(...others);
    const model = new Model();
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
      const { body } = await changes(owner, id, `seq=${model.seq}&rev=${model.rev}&epoch=1`);
      model.take(body);
      expect([...model.messages.keys()].sort((a, b) => a - b)).toEqual(
        Array.from({ length: body.cursor.seq }, (_, index) => index + 1),
      );
      for (const message of model.messages.values()) expect(message.rev).toBeLessThanOrEqual(body.head.rev);
    }
    await writers;
    while (!model.take((await changes(owner, id, `seq=${model.seq}&rev=${model.rev}`)).body));
    expect([...model.messages.values()].sort((a, b) => a.seq - b.seq)).toEqual(await messagesOf(id));
  });

  it.each([
    ['seq=1', 409, 'cursor-reset'],
    ['rev=1', 409, 'cursor-reset'],
    ['epoch=2', 409, 'cursor-reset'],
    ['seq=-1', 400, 'validation-failed'],
    ['seq=a', 400, 'validation-failed'],
    ['rev=99999999999999999999', 400, 'validation-failed'],
  ])('with %s is refused', async (query, status, code) => {
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
      const foreign = await others[0]!.group();
      const message = await owner.send(busy, 'news');
      const cursor = (conversationId: string, seq = 0, rev = 0) => ({ conversationId, seq, rev });
      const { changes: found } = await socket.ok('conversation:sync', {
        epoch: 1,
        cursors: [cursor(busy), cursor(foreign), cursor(ahead, 5), cursor(quiet)],
      });
      const http = (await changes(owner, busy, 'seq=0&rev=0')).body;
      expect(found).toEqual([
        { conversationId: busy, ...http },
        { conversationId: foreign, gone: true },
        { conversationId: ahead, reset: true },
        {
          conversationId: quiet,
          ...http,
          messages: [],
          head: { seq: 0, rev: 0 },
          cursor: { seq: 0, rev: 0 },
        },
      ]);
      expect(found[0].messages).toEqual([message]);
      const other = await socket.ok('conversation:sync', { epoch: 9, cursors: [cursor(busy)] });
      expect(other.changes).toEqual([{ conversationId: busy, reset: true }]);
      socket.close();
    });

    it('takes 200 and no more, and each once', async () => {
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
