import { CatchUp } from './catch-up.ts';
import type { Connection } from './connection.ts';
import type { ConversationEvent, ConversationView, Message, Ready } from './types.ts';
import { newId } from './new-id.ts';
import { XFChatError } from './problem.ts';
import { callBy } from './routes.ts';
import type { Session } from './session.ts';
import { MessageList } from './message-list.ts';

const READY: Ready = { userId: newId(), sessionId: newId(), epoch: 1, serverTime: '' };
interface Cursor {
  readonly conversationId: string;
}

function viewOf(id: string): ConversationView {
  return {
    ...{ id, type: 'group', title: null, description: null, createdBy: null, lastSeq: 0, lastRev: 0 },
    ...{ lastMessage: null, participants: [], createdAt: '', updatedAt: '' },
    ...{ unreadCount: 0, mentionCount: 0, myRole: 'member', hidden: false },
  };
}

function messageOf(conversationId: string, seq = 1): Message {
  return {
    ...{ id: newId(), conversationId, seq, rev: 0, senderId: newId(), type: 'text', body: 'hello' },
    ...{
      replyToId: null,
      attachments: [],
      mentions: [],
      mentionsAll: false,
      reactions: [],
      version: newId(),
      parents: [],
    },
    ...{ pinnedAt: null, editedAt: null, deletedAt: null, createdAt: '' },
  };
}

/** A catch-up with a fake server. The server lists some conversations, rejects some of them once, and keeps the socket. */
function bench(
  listed: string[],
  options: { refused?: string[]; view?: (id: string) => unknown; isHidden?: () => boolean } = {},
) {
  const lists = new Map<string, MessageList>();
  const dropped = new Map<string, string>();
  const asked: string[][] = [];
  const command = async (_name: string, { cursors }: { cursors: Cursor[] }) => {
    const ids = cursors.map(({ conversationId }) => conversationId);
    asked.push(ids);
    const errors = ids.flatMap((id, index) =>
      options.refused?.includes(id) ? [{ pointer: `/cursors/${index}/rev`, detail: 'wrong' }] : [],
    );
    options.refused = [];
    if (errors.length > 0) throw new XFChatError({ code: 'validation-failed', status: 400, errors });
    const own = { readSeq: 0, hidden: options.isHidden?.() ?? false };
    const nothing = { messages: [], participants: [], conversation: null, epoch: 1, complete: true, own };
    const head = { seq: 0, rev: 0 };
    return { changes: ids.map((conversationId) => ({ conversationId, ...nothing, head, cursor: head })) };
  };
  const request = async (_method: string, path: string): Promise<unknown> => {
    const id = /^\/conversations\/(.*)$/.exec(path)?.[1];
    if (id === undefined) return { items: listed.map(viewOf), nextCursor: null };
    return options.view ? options.view(id) : viewOf(id);
  };
  const catchUp = new CatchUp({
    connection: { ready: READY, command } as unknown as Connection,
    session: { call: callBy(request) } as unknown as Session,
    backoff: { initialMs: 1, maxMs: 2 },
    maxCatchUp: 1_000,
    checkEveryMs: 1_000_000,
    lists,
    create: (id) => {
      const list = new MessageList(id, READY.userId);
      lists.set(id, list);
      return list;
    },
    changed: () => undefined,
    progressed: () => undefined,
    listed: () => undefined,
    restarted: () => undefined,
    gone: (id, { code }) => {
      lists.delete(id);
      dropped.set(id, code);
    },
  });
  const complete = async (): Promise<void> => {
    while (!catchUp.isComplete) await new Promise((resolve) => setTimeout(resolve, 1));
  };
  return { catchUp, lists, dropped, asked, complete };
}

describe('catching up', () => {
  it('continues with the other conversations when the server rejects some of a batch', async () => {
    const [first, second, third, fourth] = [newId(), newId(), newId(), newId()];
    const { catchUp, lists, dropped, complete } = bench([first, second, third, fourth], {
      refused: [first, third],
    });
    catchUp.begin(READY);
    await complete();
    expect([...lists.keys()]).toEqual([second, fourth]);
    expect(dropped).toEqual(
      new Map([
        [first, 'validation-failed'],
        [third, 'validation-failed'],
      ]),
    );
    catchUp.end();
  });

  it('restarts a conversation whose stored position the server rejects', async () => {
    const id = newId();
    const { catchUp, lists, dropped, asked, complete } = bench([], { refused: [id] });
    const held = new MessageList(id, READY.userId);
    held.begin(1, viewOf(id));
    lists.set(id, held);
    catchUp.markIncomplete(id); // an event named it, so it does not count as left
    await complete();
    expect(asked).toEqual([[id], [id]]);
    expect(lists.get(id)).toMatchObject({ position: { seq: 0, rev: 0 } });
    expect(dropped.size).toBe(0);
    catchUp.end();
  });

  it.each([400, 403, 410])('asks once for a conversation that is rejected with %i', async (status) => {
    const [id, other] = [newId(), newId()];
    const asked: string[] = [];
    const { catchUp, lists, dropped, complete } = bench([other], {
      view: (wanted) => {
        asked.push(wanted);
        throw new XFChatError({ code: 'refused', status });
      },
    });
    catchUp.begin(READY);
    catchUp.markIncomplete(id);
    await complete();
    expect(asked).toEqual([id]);
    expect(dropped).toEqual(new Map([[id, 'refused']]));
    expect([...lists.keys()]).toEqual([other]);
    catchUp.end();
  });

  it('drops a hidden conversation, although no event reported it', async () => {
    const [id, opened] = [newId(), newId()];
    let isHidden = false;
    const { catchUp, lists, dropped, complete } = bench([id], { isHidden: () => isHidden });
    catchUp.begin(READY);
    await complete();
    isHidden = true;
    catchUp.check();
    catchUp.open(opened);
    await complete();
    expect([...dropped.keys()]).toEqual([id]);
    expect(lists.get(opened)).toMatchObject({ isHidden: true });
    // After it was in the list again, it is dropped like any other.
    isHidden = false;
    catchUp.check();
    await complete();
    isHidden = true;
    catchUp.check();
    await complete();
    expect([...dropped.keys()]).toEqual([id, opened]);
    catchUp.end();
  });

  it.each<[what: string, event: (id: string) => ConversationEvent, seq: number]>([
    ['the next message', (id) => ({ name: 'message:created', payload: messageOf(id) }), 1],
    [
      'opening it',
      (id) => ({
        name: 'conversation:created',
        payload: { conversationId: id, rev: 0, conversation: viewOf(id) },
      }),
      0,
    ],
  ])(
    'keeps a hidden conversation that %s brings back while the answer is on its way',
    async (_what, event, seq) => {
      const id = newId();
      let answers = 0;
      const { catchUp, lists, dropped, complete } = bench([id], {
        isHidden: () => {
          if (++answers === 2) catchUp.receive(event(id));
          return answers === 2;
        },
      });
      catchUp.begin(READY);
      await complete();
      catchUp.check();
      await complete();
      expect(answers).toBeGreaterThan(1);
      expect(dropped.size).toBe(0);
      expect(lists.get(id)).toMatchObject({ isHidden: false, position: { seq, rev: 0 } });
      catchUp.end();
    },
  );

  it('rejects an answer that is not the requested conversation', async () => {
    const id = newId();
    const answers: unknown[] = [{ id: READY.userId }, null, viewOf(newId()), { id }, viewOf(id)];
    const { catchUp, lists, complete } = bench([], {
      view: () => answers.shift(),
    });
    catchUp.begin(READY);
    catchUp.markIncomplete(id);
    await complete();
    expect(answers).toEqual([]);
    expect(lists.get(id)?.details).toMatchObject({ id });
    catchUp.end();
  });

  it('asks for nothing when an acknowledgement overtook the event, and the event arrives', async () => {
    const id = newId();
    const { catchUp, lists, asked, complete } = bench([id]);
    catchUp.begin(READY);
    await complete();
    const before = asked.length;
    catchUp.receiveStored(messageOf(id, 2));
    expect(catchUp.isCompleteIn(lists.get(id)!)).toBe(false);
    expect(catchUp.isComplete).toBe(false);
    catchUp.receive({ name: 'message:created', payload: messageOf(id, 1) });
    expect(catchUp.isCompleteIn(lists.get(id)!)).toBe(true);
    expect(catchUp.isComplete).toBe(true);
    expect(asked.length).toBe(before);
    catchUp.end();
  });

  it('asks for a number that events have skipped', async () => {
    const id = newId();
    const { catchUp, asked, complete } = bench([id]);
    catchUp.begin(READY);
    await complete();
    const before = asked.length;
    catchUp.receive({ name: 'message:created', payload: messageOf(id, 2) });
    while (asked.length === before) await new Promise((resolve) => setTimeout(resolve, 1));
    catchUp.receive({ name: 'message:created', payload: messageOf(id, 1) });
    await complete();
    catchUp.end();
  });

  it('is not complete once the socket is lost', async () => {
    const id = newId();
    const { catchUp, lists, complete } = bench([id]);
    catchUp.begin(READY);
    await complete();
    catchUp.end();
    expect(catchUp.isCompleteIn(lists.get(id)!)).toBe(false);
    expect(catchUp.isComplete).toBe(false);
  });
});
