import type { Position } from '../client/src/index';
import type { MessageList } from '../client/src/message-list';
import { signUpAll, type Person } from './support/people';
import { Random, SEEDS } from './support/random';
import { applyTo, readMessageList, stateOf } from './support/read-message-list';
import { startTestServer, type TestServer } from './support/test-server';
import type { ReceivedEvent } from './support/test-socket';
import { until } from './support/until';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

describe('catching up after random changes of every kind', () => {
  let server: TestServer;
  let owner: Person;
  let others: Person[];
  /** 199 more conversations of the reader. An answer about all of them has room for 10 entries of each. */
  let crowd: string[];
  let reader: Person;

  beforeAll(async () => {
    server = await startTestServer();
    [owner, reader, ...others] = (await signUpAll(server.url, 6)) as [Person, Person, ...Person[]];
    const rows = await server.dataSource.query<{ conversation_id: string }[]>(
      `with made as (
         insert into conversations (id, type, title) select gen_random_uuid(), 'group', 'g' from generate_series(1, 199)
         returning id)
       insert into conversation_participants (conversation_id, user_id, role) select id, $1, 'member' from made
       returning conversation_id`,
      [reader.id],
    );
    crowd = rows.map((row) => row.conversation_id);
  });
  afterAll(() => server.close());

  /** Performs a random action. A rejected one, such as an edit of a tombstone, changes nothing. */
  async function act(id: string, random: Random, sent: { id: string; by: Person }[]): Promise<void> {
    const pick = <T>(list: readonly T[]): T => random.pick(list);
    const path = `/conversations/${id}`;
    const person = pick(others.slice(2));
    const dice = random.next();
    /** Names nobody, participants, people who may have left, or everybody. */
    const named = (): string =>
      pick(['', ` @${pick(others).username}`, ` @${pick(others).username} @${reader.username}`, ' @all']);
    if (dice < 0.34 || sent.length === 0) {
      const by = pick([owner, ...others.slice(0, 2)]);
      const { body, status } = await by.call('POST', `${path}/messages`, {
        body: `m${random.next()}${named()}`,
      });
      if (status === 201) sent.push({ id: body.id, by });
    } else if (dice < 0.46) {
      const { id: messageId, by } = pick(sent);
      await by.call('PUT', `${path}/messages/${messageId}`, { body: `e${random.next()}${named()}` });
    } else if (dice < 0.52) await owner.call('DELETE', `${path}/messages/${pick(sent).id}`);
    else if (dice < 0.64) {
      const by = pick([owner, ...others]);
      const emoji = encodeURIComponent(pick(['👍', '\u2764', '\u2764\uFE0F', '🏳\u200D🌈']));
      await by.call(pick(['PUT', 'PUT', 'DELETE']), `${path}/messages/${pick(sent).id}/reactions/${emoji}`);
    } else if (dice < 0.68)
      await owner.call(pick(['PUT', 'PUT', 'DELETE']), `${path}/messages/${pick(sent).id}/pin`);
    else if (dice < 0.74) await owner.call('PATCH', path, { title: `t${random.next()}` });
    else if (dice < 0.78) await owner.call('PATCH', path, { description: pick(['', `d${random.next()}`]) });
    else if (dice < 0.9) {
      const role = pick(['admin', 'member'] as const);
      await owner.call('PUT', `${path}/participants/${person.id}`, { role });
    } else if (dice < 0.94) await owner.call('DELETE', `${path}/participants/${person.id}`);
    else if (dice < 0.97) await person.call('DELETE', `${path}/participants/${person.id}`);
    else {
      await owner.call('PUT', `${path}/participants/${others[0]!.id}`, { role: 'owner' });
      await others[0]!.call('PUT', `${path}/participants/${owner.id}`, { role: 'owner' });
    }
  }

  // Tests G4.
  it.each(SEEDS)(
    'leads from the events up to any moment to the state of a fresh read (SEED=%d)',
    async (seed) => {
      const random = new Random(seed);
      const id = await owner.group(reader, others[0]!, others[1]!, others[2]!);
      const sent: { id: string; by: Person }[] = [];
      for (let step = 0; step < 10; step++) await act(id, random, sent);
      const atFirst = await readMessageList(reader, id);
      const begin = atFirst.position!;
      const socket = await reader.connect();
      const startOf = () => readMessageList(reader, id);
      // Each moment below starts from these states, so they are read before any change.
      const starts = await Promise.all(numbers(12).map(startOf));
      for (let burst = 0; burst < 20; burst++) {
        await Promise.all(numbers(1 + random.below(4)).map(() => act(id, random, sent)));
      }
      const fresh = await readMessageList(reader, id);
      const events = await allEvents(socket.events, id, begin, fresh.position!);
      socket.close();

      // The first state plus all events must be the last state.
      events.forEach((event) => applyTo(atFirst, event));
      expect({ seed, ...atFirst.position }).toEqual({ seed, ...fresh.position });
      expect(stateOf(atFirst)).toEqual(stateOf(fresh));

      for (const [index, model] of starts.entries()) {
        const moment = index === 0 ? 0 : random.below(events.length);
        events.slice(0, moment).forEach((event) => applyTo(model, event));
        const label = `seed ${seed}, ${moment} of ${events.length} events`;
        await (index % 2 === 0 ? catchUpAlone(model, id) : catchUpInTheCrowd(model, id, label));
        expect({ label, ...model.position, ...stateOf(model) }).toEqual({
          label,
          ...fresh.position,
          ...stateOf(fresh),
        });
      }
    },
  );

  /** Asserts that every message and every `rev` between two positions was sent once. */
  async function allEvents(
    events: readonly ReceivedEvent[],
    id: string,
    from: Position,
    to: Position,
  ): Promise<ReceivedEvent[]> {
    const own = () =>
      events.filter(
        ({ event, payload }) =>
          payload.conversationId === id && /^(message|participant:|conversation:updated)/.test(event),
      );
    const revs = () =>
      own().flatMap(({ event, payload }) => (event === 'message:created' ? [] : payload.rev));
    const seqs = () =>
      own().flatMap(({ event, payload }) => (event === 'message:created' ? payload.seq : []));
    await until(
      'an event for everything',
      () => revs().length >= to.rev - from.rev && seqs().length >= to.seq - from.seq,
    );
    expect(seqs()).toEqual(numbers(to.seq - from.seq).map((n) => from.seq + n));
    expect(revs().sort((a, b) => a - b)).toEqual(numbers(to.rev - from.rev).map((n) => from.rev + n));
    return own();
  }

  async function catchUpAlone(model: MessageList, id: string): Promise<void> {
    const before = model.position!;
    const { body: found } = await reader.call(
      'GET',
      `/conversations/${id}/changes?seq=${before.seq}&rev=${before.rev}&epoch=1`,
    );
    expect(found.complete).toBe(true);
    // One answer has exactly the newer changes, because they all fit into it.
    expect(
      found.messages.filter((message: Position) => message.seq <= before.seq && message.rev <= before.rev),
    ).toEqual([]);
    model.takeChanges(found);
  }

  async function catchUpInTheCrowd(model: MessageList, id: string, label: string): Promise<void> {
    const socket = await reader.connect();
    for (let steps = 0, isComplete = false; !isComplete; steps++) {
      if (steps > 50) throw new Error(`${label}: no end`);
      const cursors = [...crowd.map((conversationId) => ({ conversationId, seq: 0, rev: 0 }))];
      cursors.splice(steps, 0, { conversationId: id, ...model.position! });
      const answer = await socket.ok('conversation:sync', { epoch: 1, cursors });
      const found = answer.changes[steps];
      expect(found.conversationId).toBe(id);
      const size = found.messages.length + found.participants.length + (found.conversation ? 1 : 0);
      expect(size).toBeLessThanOrEqual(10);
      model.takeChanges(found);
      isComplete = found.complete;
    }
    socket.close();
  }
});
