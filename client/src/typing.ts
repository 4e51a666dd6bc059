import type { Connection } from './connection.ts';
import { Emitter } from './emitter.ts';
import { stable } from './stable.ts';
import type { Message, TypingEvent } from './types.ts';
import { parseId } from './validate.ts';

/** Time after which a typing user counts as done, in milliseconds. The server's event that says so may be lost. */
const ENDS_AFTER_MS = 6_000;
/** Interval at which `typing:start` is sent again while the user types, in milliseconds. */
const REPEAT_MS = 3_000;

interface TypingEvents {
  /** The list of other users who are typing in this conversation has changed. */
  changed: { readonly conversationId: string; readonly userIds: readonly string[] };
}

/** Knows which users are typing in each conversation, and reports that this user is typing. */
export class Typing extends Emitter<TypingEvents> {
  /** The timers that end the typing, by conversation and user. */
  private readonly typists = new Map<string, Map<string, ReturnType<typeof setTimeout>>>();
  private readonly told = new Map<string, readonly string[]>();
  /** The time of the last `typing:start`, by conversation; of `performance.now()`. */
  private readonly saidAt = new Map<string, number>();

  /** @internal It comes from the client. */
  constructor(private readonly connection: Connection) {
    super();
    connection.on('lost', () => this.clear());
    connection.on('event', ({ name, payload }) => {
      if (name === 'typing') this.take(payload as TypingEvent);
      // A user who has sent the message has stopped typing.
      else if (name === 'message:created') this.sent(payload as Message);
    });
  }

  /**
   * The ids of the other users who are typing in a conversation. The user who has typed longest is first. The array stays the
   * same until its entries change.
   */
  in(conversationId: string): readonly string[] {
    return this.told.get(conversationId.toLowerCase()) ?? [];
  }

  /**
   * Reports that the user is typing, or has stopped. Call it with every change of the text: it sends a command once in three
   * seconds at most, and none without a connection.
   * @throws XFChatError `validation-failed` for an id that is not a UUID
   */
  say(conversationId: string, isTyping: boolean): void {
    const id = parseId('The id of a conversation', conversationId);
    const now = performance.now();
    const saidAt = this.saidAt.get(id);
    if (isTyping ? saidAt !== undefined && now - saidAt < REPEAT_MS : saidAt === undefined) return;
    if (isTyping) this.saidAt.set(id, now);
    else this.saidAt.delete(id);
    const command = isTyping ? 'typing:start' : 'typing:stop';
    // A failure is ignored: typing is sent again within seconds, and it ends by itself.
    this.connection.command(command, { conversationId: id }).catch(() => undefined);
  }

  /** @internal There is no connection, or nobody is signed in any more. */
  clear(): void {
    this.saidAt.clear();
    for (const [conversationId, typists] of [...this.typists]) {
      for (const timer of typists.values()) clearTimeout(timer);
      typists.clear();
      this.changed(conversationId);
    }
  }

  private take({ conversationId, userId, typing }: TypingEvent): void {
    if (!typing) return this.end(conversationId, userId);
    const typists = this.typists.get(conversationId) ?? new Map<string, ReturnType<typeof setTimeout>>();
    this.typists.set(conversationId, typists);
    clearTimeout(typists.get(userId));
    typists.set(
      userId,
      setTimeout(() => this.end(conversationId, userId), ENDS_AFTER_MS),
    );
    this.changed(conversationId);
  }

  private sent({ conversationId, senderId }: Message): void {
    if (senderId === this.connection.ready?.userId) this.saidAt.delete(conversationId);
    if (senderId !== null) this.end(conversationId, senderId);
  }

  private end(conversationId: string, userId: string): void {
    const typists = this.typists.get(conversationId);
    if (!typists?.has(userId)) return;
    clearTimeout(typists.get(userId));
    typists.delete(userId);
    this.changed(conversationId);
  }

  private changed(conversationId: string): void {
    const typists = this.typists.get(conversationId);
    const before = this.in(conversationId);
    const own = this.connection.ready?.userId;
    const now = stable(
      before,
      [...(typists?.keys() ?? [])].filter((userId) => userId !== own),
    );
    if (typists?.size === 0) this.typists.delete(conversationId);
    if (now.length > 0) this.told.set(conversationId, now);
    else this.told.delete(conversationId);
    if (now !== before) this.emit('changed', { conversationId, userIds: now });
  }
}
