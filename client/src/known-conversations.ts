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
  /** Something in this conversation has changed. */
  changed: Conversation;
  /** A conversation was dropped, because of this error. */
  dropped: { readonly id: string; readonly error: XFChatError };
  removed: { readonly conversationId: string };
}

interface KnownConversationsOptions {
  readonly sender: Sender;
  readonly keeper: MessageLists;
  /** Creates the host of a conversation for the user who is signed in now. */
  readonly host: () => ConversationHost;
}

/** Holds the user's known conversations, stores them and keeps their order. */
export class KnownConversations extends Emitter<KnownConversationsEvents> {
  readonly lists = new Map<string, MessageList>();
  private readonly byId = new Map<string, Conversation>();
  private readonly order = new ActivityOrder();
  private listed: readonly Conversation[] = [];

  constructor(private readonly options: KnownConversationsOptions) {
    super();
  }

  /** The conversations that are not hidden, the latest activity first. A new array only when entries or order changed. */
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

  /** Loads the stored conversations of a user, unless they are signed out meanwhile. */
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

  /** Handles a change of a list or of its completeness. */
  moved(list: MessageList): void {
    const { conversationId, position } = list;
    if (position) {
      this.options.sender.settle(conversationId, position.seq);
      this.order.reached(conversationId, position.seq);
    }
    this.options.keeper.keep(list);
    this.changed(conversationId);
  }

  /** Handles the restart of a list: messages that were sent in the earlier history are sent again. */
  restarted({ conversationId, position }: MessageList): void {
    // Without a position the list belongs to another history, whose numbers begin again.
    if (!position) this.order.forget(conversationId);
    this.options.sender.reopen(conversationId);
  }

  /** Handles a new status of an own message. */
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

/** Orders conversations that the server has not mentioned yet, as without a connection. */
function byTime(a: Conversation, b: Conversation): number {
  const [one, other] = [a, b].map(({ messages, createdAt }) => messages.at(-1)?.createdAt ?? createdAt);
  return one! < other! ? 1 : one === other ? 0 : -1;
}
