import { Random, SEEDS } from '../../../test/support/random';
import type { ConversationView } from '../conversations/conversation-view';
import type { MessageView } from '../messages/message-view';
import type { PlacedParticipant } from '../membership/participant-view';
import { assembleChanges } from './assemble-changes';
import type { Changes } from './catch-up.dto';

/** A conversation reduced to its positions: `messages[n]` is the `rev` of the message with `seq` n + 1. */
class History {
  readonly messages: number[] = [];
  readonly participants = new Map<string, number>();
  settingsRev = 0;
  rev = 0;

  send(): void {
    this.messages.push(0);
  }
  edit(seq: number): void {
    this.messages[seq - 1] = ++this.rev;
  }
  change(userId: string): void {
    this.participants.set(userId, ++this.rev);
  }
  rename(): void {
    this.settingsRev = ++this.rev;
  }

  /** Assembles changes from what the queries would find for a cursor. */
  changesFrom(cursor: { seq: number; rev: number }, limit: number): Changes {
    const all = this.messages.map((rev, index) => ({ seq: index + 1, rev }) as MessageView);
    const byRev = (a: { rev: number }, b: { rev: number }): number => a.rev - b.rev;
    const participants = [...this.participants].map(
      ([userId, rev]) => ({ rev, view: { userId } }) as PlacedParticipant,
    );
    const found = assembleChanges({
      cursor: { conversationId: 'c', ...cursor },
      head: {
        seq: all.length,
        rev: this.rev,
        settingsRev: this.settingsRev,
        blockedRev: null,
        own: { readSeq: 0, hidden: false },
      },
      view: this.settingsRev > cursor.rev ? ({} as ConversationView) : undefined,
      epoch: 7,
      limit,
      created: all.filter((message) => message.seq > cursor.seq).slice(0, limit + 1),
      changed: all
        .filter((message) => message.seq <= cursor.seq && message.rev > cursor.rev)
        .sort(byRev)
        .slice(0, limit + 1),
      participants: participants
        .filter((participant) => participant.rev > cursor.rev)
        .sort(byRev)
        .slice(0, limit + 1),
    });
    expect(found).toMatchObject({ epoch: 7, head: { seq: all.length, rev: this.rev } });
    return found;
  }
}

/** A client's copy: the `rev` of each message it received, and its cursor. */
class Model {
  cursor = { seq: 0, rev: 0 };
  messages: number[] = [];
  readonly participants = new Set<string>();
  toldSettings = 0;

  take(changes: Changes): void {
    for (const message of changes.messages) this.messages[message.seq - 1] = message.rev;
    for (const participant of changes.participants) this.participants.add(participant.userId);
    if (changes.conversation) this.toldSettings++;
    this.cursor = changes.cursor;
  }

  /** The model of a client that missed nothing. */
  static of(history: History): Model {
    const model = new Model();
    model.messages = [...history.messages];
    model.cursor = { seq: history.messages.length, rev: history.rev };
    return model;
  }
}

function act(history: History, random: Random, times: number): void {
  for (let step = 0; step < times; step++) {
    const dice = random.below(10);
    if (dice < 4 || history.messages.length === 0) history.send();
    else if (dice < 7) history.edit(1 + random.below(history.messages.length));
    else if (dice < 9) history.change(`person ${random.below(5)}`);
    else history.rename();
  }
}

const messagesOf = (changes: Changes): number[] => changes.messages.map((message) => message.seq);
const peopleOf = (changes: Changes): string[] => changes.participants.map((entry) => entry.userId);

describe('a step of the catch-up', () => {
  it.each(SEEDS)(
    'leads from any position to the head when repeated, also during writes (SEED=%d)',
    (seed) => {
      const random = new Random(seed);
      for (let round = 0; round < 400; round++) {
        const label = `seed ${seed}, round ${round}`;
        const history = new History();
        act(history, random, random.below(40));
        const model = Model.of(history);
        const revsBefore = new Map(history.participants);
        const settingsBefore = history.settingsRev;
        act(history, random, random.below(60));
        const limit = 1 + random.below(8);
        for (let steps = 0, complete = false; !complete; steps++) {
          if (steps > 500) throw new Error(`${label}: no end`);
          const before = model.cursor;
          const changes = history.changesFrom(before, limit);
          const size =
            changes.messages.length + changes.participants.length + Number(changes.conversation !== null);
          if (size > limit) throw new Error(`${label}: ${size} things in a step of ${limit}`);
          model.take(changes);
          ({ complete } = changes);
          const moved = model.cursor.seq - before.seq + (model.cursor.rev - before.rev);
          if (!complete && moved <= 0)
            throw new Error(`${label}: a step from ${JSON.stringify(before)} to itself`);
          if (!complete && steps < 20 && random.below(4) === 0) act(history, random, random.below(5));
        }
        expect({ label, messages: model.messages, cursor: model.cursor }).toEqual({
          label,
          messages: history.messages,
          cursor: { seq: history.messages.length, rev: history.rev },
        });
        const changed = [...history.participants].filter(([userId, rev]) => revsBefore.get(userId) !== rev);
        for (const [userId] of changed)
          expect({ label, told: [...model.participants] }).toMatchObject({
            told: expect.arrayContaining([userId]),
          });
        if (history.settingsRev !== settingsBefore)
          expect({ label, told: model.toldSettings > 0 }).toEqual({ label, told: true });
      }
    },
  );

  it('returns exactly the newer changes when all of them fit', () => {
    const history = new History();
    history.send();
    history.send();
    history.edit(1);
    history.change('ada');
    const cursor = { seq: 2, rev: 2 };
    history.change('ben');
    history.edit(2);
    history.send();
    const found = history.changesFrom(cursor, 3);
    expect([messagesOf(found), peopleOf(found), found.conversation]).toEqual([[2, 3], ['ben'], null]);
    expect(found).toMatchObject({ complete: true, cursor: found.head });
    const nothing = history.changesFrom(found.cursor, 3);
    expect(nothing).toMatchObject({ messages: [], participants: [], conversation: null, complete: true });
  });

  it('returns new messages before any change, and keeps the rev until then', () => {
    const history = new History();
    history.send();
    history.edit(1);
    history.send();
    history.send();
    const first = history.changesFrom({ seq: 1, rev: 0 }, 2);
    expect([messagesOf(first), first.cursor, first.complete]).toEqual([[2, 3], { seq: 3, rev: 0 }, false]);
    const second = history.changesFrom(first.cursor, 2);
    expect([messagesOf(second), second.cursor, second.complete]).toEqual([[1], { seq: 3, rev: 1 }, true]);
  });

  it('cuts changes of every kind at one rev', () => {
    const history = new History();
    history.send();
    history.change('ada');
    history.rename();
    history.edit(1);
    history.change('ben');
    const first = history.changesFrom({ seq: 1, rev: 0 }, 2);
    expect([messagesOf(first), peopleOf(first), first.conversation !== null]).toEqual([[], ['ada'], true]);
    expect(first).toMatchObject({ cursor: { seq: 1, rev: 2 }, complete: false });
    const second = history.changesFrom(first.cursor, 2);
    expect([messagesOf(second), peopleOf(second), second.conversation]).toEqual([[1], ['ben'], null]);
    expect(second).toMatchObject({ cursor: { seq: 1, rev: 4 }, complete: true });
  });
});
