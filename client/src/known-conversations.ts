import { ActivityOrder } from './activity-order.ts';
import { Conversation, type ConversationHost } from './conversation.ts';
import { Emitter } from './emitter.ts';
import type { MessageList } from './message-list.ts';
import type { MessageLists } from './message-lists.ts';
import type { OutgoingMessage } from './outbox.ts';
import type { XFChatError } from './problem.ts';
import type { Sender } from './sender.ts';
import { stable } from './stable.ts';
import type { ConversationView, OwnUser } from './types.ts';

interface KnownConversationsEvents {
  /** Something of this conversation has changed. */
  changed: Conversation;
  /** Why a conversation was dropped. */
  dropped: { readonly id: string; readonly error: XFChatError };
  removed: { readonly conversationId: string };
}

interface KnownConversationsOptions {
  readonly sender: Sender;
  readonly keeper: MessageLists;
  /** What a conversation needs, done by the user who has seen it, or not at all. */
  readonly host: () => ConversationHost;
}

/** The conversations of the user as far as they are known, and what keeps them in the storage and in order. */
export class KnownConversations extends Emitter<KnownConversationsEvents> {
  readonly lists = new Map<string, MessageList>();
  private readonly byId = new Map<string, Conversation>();
  private readonly order = new ActivityOrder();
  private listed: readonly Conversation[] = [];

  constructor(private readonly options: KnownConversationsOptions) {
    super();
  }

  /** Those that are not hidden, the latest activity first. Another array only when their order has changed. */
  get shown(): readonly Conversation[] {
    const shown = [...this.byId.values()].filter(
      ({ id, isHidden }) => !isHidden && this.lists.get(id)?.position,
    );
    shown.sort((a, b) => this.order.placeOf(b.id) - this.order.placeOf(a.id) || byTime(a, b));
    return (this.listed = stable(this.listed, shown));
  }

  get(conversationId: string): Conversation | undefined {
    const id = conversationId.toLowerCase();
    return this.lists.get(id)?.position && this.byId.get(id);
  }

  /** Takes up what is stored of a user, unless they are not signed in any more by then. */
  async restore(user: OwnUser, isCurrent: () => boolean): Promise<void> {
    if (this.lists.size > 0) return;
    await this.options.sender.restore();
    const lists = await this.options.keeper.restore(user.id);
    if (isCurrent()) for (const list of lists) this.hold(list);
  }

  hold(list: MessageList): MessageList {
    this.lists.set(list.conversationId, list);
    this.byId.set(list.conversationId, new Conversation(list, this.options.host()));
    return list;
  }

  /** Takes the order of the server's list. */
  takeOrder(views: readonly ConversationView[]): void {
    this.order.listed(views);
  }

  /** The list, or whether it is complete, has changed. */
  moved(list: MessageList): void {
    const { conversationId, position } = list;
    if (position) {
      this.options.sender.settle(conversationId, position.seq);
      this.order.reached(conversationId, position.seq);
    }
    this.options.keeper.keep(list);
    this.changed(conversationId);
  }

  /** The list restarts. */
  restarted({ conversationId, position }: MessageList): void {
    // Without a position its numbers restart.
    if (!position) this.order.forget(conversationId);
    this.options.sender.reopen(conversationId);
  }

  /** An own message has another status. */
  takeOutgoing({ conversationId, status }: OutgoingMessage): void {
    this.changed(conversationId);
    // The broadcast may have come before the acknowledgement.
    const position = this.lists.get(conversationId)?.position;
    if (status === 'sent' && position) this.options.sender.settle(conversationId, position.seq);
  }

  changed(conversationId: string): void {
    const conversation = this.get(conversationId);
    if (conversation) this.emit('changed', conversation);
  }

  allChanged(): void {
    for (const id of this.byId.keys()) this.changed(id);
  }

  drop(conversationId: string, error: XFChatError): void {
    this.emit('dropped', { id: conversationId, error });
    this.lists.delete(conversationId);
    this.order.forget(conversationId);
    this.options.keeper.forget(conversationId);
    this.options.sender.settle(conversationId, Infinity);
    if (this.byId.delete(conversationId)) this.emit('removed', { conversationId });
  }

  /** Nobody is signed in any more. */
  clear(): void {
    this.order.clear();
    this.lists.clear();
    this.byId.clear();
  }
}

/** For conversations of which the server has said nothing yet, as without a connection. */
function byTime(a: Conversation, b: Conversation): number {
  const [one, other] = [a, b].map(({ messages, createdAt }) => messages.at(-1)?.createdAt ?? createdAt);
  return one! < other! ? 1 : one === other ? 0 : -1;
}
