import type { Audit, Entry, Final, Message, MessageVersion } from '../history/history';

type Bent<T> = { -readonly [K in keyof T]?: T[K] };

/** The end of a hand-made history. A test changes it before the history is written. */
export interface Ending {
  messages: Message[];
  /** The state of Ben's client; by default the stored state. */
  held: Message[] | undefined;
  versions: Record<string, MessageVersion[]>;
  /** Values that Ben receives instead. */
  final: Bent<Final>;
  audit: Bent<Audit>;
}

export const CONVERSATION = 'c';

export function message(id: string, seq: number, fields: Partial<Message> = {}): Message {
  return {
    id,
    seq,
    rev: 0,
    senderId: 'ada',
    body: `text of ${id}`,
    version: id,
    parents: [],
    deletedAt: null,
    createdAt: `2030-01-01T00:00:00.00${seq}Z`,
    ...fields,
  };
}

/**
 * A small correct history: Ada talks with Ben, and Carl is removed. A test adds a fault
 * before the end, or changes the end.
 */
export class SampleHistory {
  private readonly entries: Entry[] = [];
  private t = 0;
  readonly first = message('m1', 1, { rev: 2, body: 'edited', version: 'v1', parents: ['m1'] });
  readonly second = message('m2', 2, { senderId: 'ben' });

  constructor() {
    this.attempt('ada/1', 'create', { userId: 'ada', memberIds: ['ben', 'carl'] }, 'ok', {});
    this.send('ada', 'm1', 1);
    this.send('ben', 'm2', undefined);
    this.send('ben', 'm2', 2);
    this.hear('ben', message('m1', 1));
    this.hear('ben', this.second);
    this.attempt('owner', 'remove', { userId: 'carl' }, 'ok', {});
    this.send('carl', 'm9', { code: 'conversation-not-found', status: 404 });
    const edit = { userId: 'ada', messageId: 'm1', version: 'v1', parents: ['m1'], body: 'edited' };
    this.attempt('ada/1', 'edit', edit, 'ok', this.first);
    this.attempt('ada/1', 'edit', { ...edit, version: 'v2', body: 'late' }, 'fail', {
      code: 'version-conflict',
    });
    this.hear('ben', this.first, 'message:updated');
  }

  attempt(process: string, op: Entry['op'], input: object, type: Entry['type'], output: object): this {
    this.add(process, op, 'invoke', input);
    return this.add(process, op, type, output);
  }

  /** Sends over this person's connection. `answer` is the `seq`, the rejection, or undefined for an unknown outcome. */
  send(userId: string, id: string, answer: number | object | undefined, process = `${userId}/1`): this {
    const input = { userId, id, body: `text of ${id}` };
    if (answer === undefined) return this.attempt(process, 'send', input, 'info', {});
    if (typeof answer === 'object') return this.attempt(process, 'send', input, 'fail', answer);
    return this.attempt(process, 'send', input, 'ok', message(id, answer, { senderId: userId }));
  }

  hear(userId: string, heard: Message, event = 'message:created', process = `${userId}/socket`): this {
    return this.add(process, 'hear', 'ok', { userId, event, message: heard });
  }

  add(process: string, op: Entry['op'], type: Entry['type'], value: object): this {
    this.entries.push({ t: this.t++, process, op, key: CONVERSATION, type, value });
    return this;
  }

  /** Without an argument, the end matches the earlier answers. */
  end(bend: (ending: Ending) => void = () => undefined): Entry[] {
    const ending: Ending = {
      messages: [this.first, this.second],
      held: undefined,
      versions: {
        m1: [
          { version: 'm1', parents: [], body: 'text of m1' },
          { version: 'v1', parents: ['m1'], body: 'edited' },
        ],
      },
      final: {},
      audit: {},
    };
    bend(ending);
    const { messages, held = messages } = ending;
    const lastSeq = messages.at(-1)?.seq ?? 0;
    this.add('ben/socket', 'view', 'ok', { userId: 'ben', messages: held });
    for (const userId of ['ada', 'ben']) {
      const mine = messages.filter(({ senderId }) => senderId === userId).map(({ seq }) => seq);
      const readSeq = Math.max(0, ...mine);
      this.add(`${userId}/1`, 'final', 'ok', {
        userId,
        head: { seq: lastSeq, rev: 2 },
        lastSeq,
        lastMessage: messages.at(-1) ?? null,
        unreadCount: messages.filter(({ seq, senderId }) => seq > readSeq && senderId !== userId).length,
        readSeq,
        messages,
        versions: userId === 'ada' ? ending.versions : null,
        ...(userId === 'ben' && ending.final),
      });
    }
    this.add('auditor', 'audit', 'ok', {
      orphans: [],
      unvalidatedConstraints: [],
      invalidIndexes: [],
      counters: [
        {
          conversationId: CONVERSATION,
          lastSeq,
          maxSeq: lastSeq,
          lastRev: 2,
          maxRev: 2,
          revs: 2,
          distinctRevs: 2,
          maxReadSeq: Math.min(2, lastSeq),
        },
      ],
      ...ending.audit,
    });
    return this.entries;
  }
}
