import type { Changes, ConversationView, Message, Participant } from './types.ts';
import { MessageList } from './message-list.ts';

const at = '2026-03-01T12:00:00.000Z';

function message(seq: number, fields: Partial<Message> = {}): Message {
  return {
    ...{ id: `m${seq}`, conversationId: 'c', seq, rev: 0, senderId: 'ben', type: 'text', body: `${seq}` },
    ...{
      replyToId: null,
      attachments: [],
      mentions: [],
      mentionsAll: false,
      reactions: [],
      version: `m${seq}`,
      parents: [],
    },
    ...{ pinnedAt: null, editedAt: null, deletedAt: null, createdAt: at },
    ...fields,
  };
}

function person(userId: string, fields: Partial<Participant> = {}): Participant {
  const user = { id: userId, username: userId, displayName: userId, avatarUrl: null, status: null };
  return {
    userId,
    user: { ...user, createdAt: at },
    role: 'member',
    readSeq: 0,
    joinedAt: at,
    leftAt: null,
    ...fields,
  };
}

function view(lastSeq: number, lastRev: number, fields: Partial<ConversationView> = {}): ConversationView {
  return {
    ...{ id: 'c', type: 'group', title: 'first', description: null, createdBy: 'ada', lastSeq, lastRev },
    lastMessage: lastSeq > 0 ? message(lastSeq) : null,
    participants: [person('ada', { role: 'owner' }), person('ben')],
    ...{ createdAt: at, updatedAt: at, unreadCount: 0, mentionCount: 0, myRole: 'owner', hidden: false },
    ...fields,
  };
}

function changes(seq: number, rev: number, fields: Partial<Changes> = {}): Changes {
  const cursor = { seq, rev };
  return {
    messages: [],
    participants: [],
    conversation: null,
    head: cursor,
    cursor,
    epoch: 1,
    complete: true,
    own: { readSeq: seq, hidden: false },
    ...fields,
  };
}

const created = (seq: number, fields: Partial<Message> = {}) =>
  ({ name: 'message:created', payload: message(seq, fields) }) as const;
const updated = (seq: number, rev: number, body: string) =>
  ({ name: 'message:updated', payload: message(seq, { rev, body }) }) as const;

/** The list of a user called ada, which begins at message 10 and change 5. */
function begun(fields: Partial<ConversationView> = {}): MessageList {
  const list = new MessageList('c', 'ada');
  list.begin(1, view(10, 5, fields));
  return list;
}

const bodies = (list: MessageList): (string | null)[] => list.messages.map(({ body }) => body);

describe('a message list', () => {
  it('begins with the newest message, and takes pages of history before it', () => {
    const list = begun();
    expect(bodies(list)).toEqual(['10']);
    expect(list.position).toEqual({ seq: 10, rev: 5 });
    list.takeOlder({
      items: [message(8), message(9)],
      head: { seq: 10, rev: 5 },
      hasMoreBefore: true,
      hasMoreAfter: true,
    });
    expect(bodies(list)).toEqual(['8', '9', '10']);
    expect(list.hasOlder).toBe(true);
    // A page that does not join the window would tear a hole.
    list.takeOlder({
      items: [message(5), message(6)],
      head: { seq: 10, rev: 5 },
      hasMoreBefore: true,
      hasMoreAfter: true,
    });
    expect(bodies(list)).toEqual(['8', '9', '10']);
  });

  it('orders messages by seq in any order of arrival, and shows none above a hole', () => {
    const list = begun();
    list.apply(created(13));
    list.apply(created(12));
    expect(bodies(list)).toEqual(['10']);
    expect(list.hasHole).toBe(true);
    list.apply(created(11));
    expect(bodies(list)).toEqual(['10', '11', '12', '13']);
    expect(list.hasHole).toBe(false);
    expect(list.position).toEqual({ seq: 13, rev: 5 });
  });

  it('notices a hole in the changes, and closes it with the missing ones', () => {
    const list = begun();
    list.apply(updated(10, 8, 'third'));
    expect(list.hasHole).toBe(true);
    expect(list.position).toEqual({ seq: 10, rev: 5 });
    list.apply({
      name: 'conversation:updated',
      payload: { conversationId: 'c', rev: 6, conversation: view(10, 6, { title: 'second' }) },
    });
    list.apply({
      name: 'participant:left',
      payload: { conversationId: 'c', rev: 7, participant: person('ben', { leftAt: at }) },
    });
    expect(list.hasHole).toBe(false);
    expect(list.position).toEqual({ seq: 10, rev: 8 });
    expect(list.details?.title).toBe('second');
    expect(list.details?.myRole).toBe('owner');
    expect(list.participants.map(({ userId }) => userId)).toEqual(['ada']);
  });

  it('never goes backwards', () => {
    const list = begun();
    list.apply(updated(10, 7, 'newer'));
    list.apply(updated(10, 6, 'older'));
    list.apply(created(10));
    list.takeChanges(changes(9, 4, { messages: [message(10, { rev: 6, body: 'older' })] }));
    list.takeChanges(changes(3, 1));
    expect(bodies(list)).toEqual(['newer']);
    expect(list.position).toEqual({ seq: 10, rev: 7 });
    for (const [rev, title] of [
      [7, 'newer'],
      [6, 'older'],
    ] as const)
      list.apply({
        name: 'conversation:updated',
        payload: { conversationId: 'c', rev, conversation: view(10, rev, { title }) },
      });
    expect(list.details?.title).toBe('newer');
    list.apply({
      name: 'participant:updated',
      payload: { conversationId: 'c', rev: 9, participant: person('ben', { role: 'admin' }) },
    });
    list.apply({
      name: 'participant:updated',
      payload: { conversationId: 'c', rev: 8, participant: person('ben') },
    });
    expect(list.participants[1]!.role).toBe('admin');
  });

  it('is filled by steps of the catch-up', () => {
    const list = begun();
    list.apply(created(14));
    list.takeChanges(
      changes(12, 5, { messages: [message(11), message(12)], head: { seq: 14, rev: 6 }, complete: false }),
    );
    expect(list.position).toEqual({ seq: 12, rev: 5 });
    list.takeChanges(changes(14, 6, { messages: [message(13), message(14, { rev: 6, body: 'edited' })] }));
    expect(bodies(list)).toEqual(['10', '11', '12', '13', 'edited']);
    expect(list.position).toEqual({ seq: 14, rev: 6 });
    expect(list.hasHole).toBe(false);
  });

  it('keeps changes of older messages, and shows them once their page is loaded', () => {
    const list = begun();
    list.apply(updated(9, 6, 'edited'));
    expect(bodies(list)).toEqual(['10']);
    list.takeOlder({
      items: [message(9)],
      head: { seq: 10, rev: 5 },
      hasMoreBefore: true,
      hasMoreAfter: true,
    });
    expect(bodies(list)).toEqual(['edited', '10']);
  });

  it('counts undeleted messages of others above the read position as unread', () => {
    const list = begun({ unreadCount: 3 });
    list.apply(created(11));
    list.apply(created(12, { deletedAt: at, body: null }));
    expect(list.unreadCount).toBe(4);
    list.apply(created(13, { senderId: 'ada' }));
    list.apply(created(14));
    expect(list.unreadCount).toBe(1);
    // Another device moves the position back: held messages are counted here, the count of the others must be read.
    const read = (seq: number) =>
      ({ name: 'conversation:read', payload: { conversationId: 'c', userId: 'ada', seq } }) as const;
    expect(list.apply(read(10))).toBe(true);
    expect(list.unreadCount).toBe(2);
    expect(list.apply(read(8))).toBe(false);
    list.takeView(view(14, 5, { unreadCount: 7 }));
    expect(list.unreadCount).toBe(7);
    expect(list.apply({ name: 'message:deleted', payload: message(9, { rev: 6, deletedAt: at }) })).toBe(
      false,
    );
    // A view that is older than the last own message does not change the count.
    list.apply(created(15, { senderId: 'ada' }));
    list.takeView(view(14, 5, { unreadCount: 7 }));
    expect(list.unreadCount).toBe(0);
  });

  it('counts the unread messages that mention the user', () => {
    const list = begun({ unreadCount: 3, mentionCount: 1 });
    list.apply(created(11, { mentions: ['ben', 'ada'] }));
    list.apply(created(12, { mentionsAll: true }));
    list.apply(created(13, { mentions: ['ben'] }));
    expect(list).toMatchObject({ unreadCount: 6, mentionCount: 3 });
    const edit = (seq: number, rev: number, fields: object) =>
      list.apply({ name: 'message:updated', payload: message(seq, { rev, ...fields }) });
    expect(edit(11, 6, { mentions: [] })).toBe(true);
    expect(list.mentionCount).toBe(2);
    // The server has counted these messages already, so its count must be read again.
    expect(edit(10, 7, { mentions: ['ada'] })).toBe(false);
    expect(edit(10, 8, { mentions: ['ada'], body: 'other' })).toBe(true);
    expect(edit(3, 9, { mentions: [] })).toBe(false);
    const stored = JSON.parse(JSON.stringify(list.store(2))) as NonNullable<ReturnType<typeof list.store>>;
    expect(MessageList.restore('c', 'ada', stored).mentionCount).toBe(2);
    const { seq, count } = stored.unread;
    const older = MessageList.restore('c', 'ada', { ...stored, unread: { seq, count } });
    expect(older).toMatchObject({ unreadCount: 6, mentionCount: 0 });
    list.apply(created(14, { senderId: 'ada', mentionsAll: true }));
    expect(list.mentionCount).toBe(0);
  });

  it('continues from its stored form, which has the newest messages', () => {
    const list = begun({ unreadCount: 1 });
    list.apply(created(11));
    list.apply(created(12));
    const stored = JSON.parse(JSON.stringify(list.store(2))) as ReturnType<MessageList['store']>;
    const restored = MessageList.restore('c', 'ada', stored!);
    expect(bodies(restored)).toEqual(['11', '12']);
    expect(restored).toMatchObject({
      epoch: 1,
      position: { seq: 12, rev: 5 },
      unreadCount: 3,
      hasOlder: true,
    });
    restored.apply(created(13));
    expect(bodies(restored)).toEqual(['11', '12', '13']);
    expect(restored.hasHole).toBe(false);
  });

  it('drops everything that belongs to another history', () => {
    const list = begun();
    list.apply(created(15));
    list.apply(updated(9, 9, 'edited'));
    list.clear();
    expect(list).toMatchObject({ position: undefined, messages: [], hasHole: false, hasOlder: false });
    list.begin(2, view(8, 2));
    list.apply(created(9));
    expect(bodies(list)).toEqual(['8', '9']);
    expect(list).toMatchObject({ epoch: 2, position: { seq: 9, rev: 2 }, hasHole: false });
  });

  it('notices that two messages have the same number', () => {
    const list = begun();
    list.apply(created(10, { senderId: 'ada' }));
    expect(list.isInconsistent).toBe(false);
    list.apply(created(10, { id: 'another', body: 'another' }));
    expect(list.isInconsistent).toBe(true);
    expect(bodies(list)).toEqual(['10']);
    list.clear();
    expect(list.isInconsistent).toBe(false);
  });

  it('returns a new array only when something has changed', () => {
    const list = begun();
    const before = list.messages;
    expect(list.messages).toBe(before);
    list.apply(created(11));
    expect(list.messages).not.toBe(before);
  });
});
