import type { Connection } from './connection.ts';
import { Emitter } from './emitter.ts';
import { stable } from './stable.ts';
import type { Message, TypingEvent } from './types.ts';
import { parseId } from './validate.ts';

/** Typing that is not said again ends after this: the server may be gone with the word that it has. */
const ENDS_AFTER_MS = 6_000;
/** How often it is said again. */
const REPEAT_MS = 3_000;

interface TypingEvents {
  /** Others type in this conversation. */
  changed: { readonly conversationId: string; readonly userIds: readonly string[] };
}

/** Who types where, and saying that the user does. */
export class Typing extends Emitter<TypingEvents> {
  /** By conversation and user: what ends it. */
  private readonly typists = new Map<string, Map<string, ReturnType<typeof setTimeout>>>();
  private readonly told = new Map<string, readonly string[]>();
  /** When it was last said, by conversation. */
  private readonly saidAt = new Map<string, number>();

  /** @internal It comes from the client. */
  constructor(private readonly connection: Connection) {
    super();
    connection.on('lost', () => this.clear());
    connection.on('event', ({ name, payload }) => {
      if (name === 'typing') this.take(payload as TypingEvent);
      // Who has sent a message does not type it any more.
      else if (name === 'message:created') this.sent(payload as Message);
    });
  }

  /** The ids of those who type in a conversation, the first first. The same array until that changes. */
  in(conversationId: string): readonly string[] {
    return this.told.get(conversationId.toLowerCase()) ?? [];
  }

  /**
   * Says that the user types, or does not any more. To be called with every change of the text: it is sent every few seconds
   * only, and nothing is sent without a connection.
   * @throws XFChatError `validation-failed` for what is no id
   */
  say(conversationId: string, isTyping: boolean): void {
    const id = parseId('The id of a conversation', conversationId);
    const now = performance.now();
    const saidAt = this.saidAt.get(id);
    if (isTyping ? saidAt !== undefined && now - saidAt < REPEAT_MS : saidAt === undefined) return;
    if (isTyping) this.saidAt.set(id, now);
    else this.saidAt.delete(id);
    const command = isTyping ? 'typing:start' : 'typing:stop';
    // Nobody is bothered with a word that was lost: it would not be true for long.
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
