import { allOf, PAGE_SIZE, type Call } from './routes.ts';
import type {
  GroupChanges,
  Message,
  MessageDraft,
  MessagePage,
  MessageVersion,
  Participant,
  Position,
  Role,
} from './types.ts';
import { newId } from './new-id.ts';
import type { OutgoingMessage } from './outbox.ts';
import { XFChatError, type Problem } from './problem.ts';
import { stable } from './stable.ts';
import type { MessageList } from './message-list.ts';

const PARTICIPANT_PUT = 'PUT /conversations/{conversationId}/participants/{userId}';
const NOWHERE: Position = { seq: 0, rev: 0 };

/**
 *   complete     the client holds everything from some point of the history until now; `older` moves that point back
 *   catching-up  something is missing, or may be missing because there is no connection
 */
export type CompletenessStatus = 'complete' | 'catching-up';

/** The functions of the client that a conversation uses. */
export interface ConversationHost {
  isComplete(list: MessageList): boolean;
  outgoing(conversationId: string): OutgoingMessage[];
  /** @throws XFChatError `validation-failed` for an invalid message */
  send(conversationId: string, message: string | MessageDraft): Promise<OutgoingMessage>;
  change(conversationId: string, change: Change): Promise<Message>;
  /** Reads something over HTTP, and takes it if it belongs to the current epoch. */
  read<T>(list: MessageList, load: (call: Call) => Promise<T>, take: (found: T) => void): Promise<void>;
  /** Sends requests as the user for whom the conversation was created. */
  readonly call: Call;
  markRead(conversationId: string, seq: number, unread: boolean): Promise<void>;
}

/** A change of a message. */
export type Change = { readonly messageId: string } & (
  | { readonly kind: 'edit'; readonly edit: Edit }
  | { readonly kind: 'delete' | 'pin' | 'unpin' }
  | { readonly kind: 'react' | 'unreact'; readonly emoji: string }
);

interface Edit {
  readonly body: string;
  readonly parents: readonly string[];
  readonly version: string;
}

/** Rejects an edit, because somebody has edited the message since the author of the edit read it. */
export class EditConflict extends XFChatError {
  /** The message as it is stored now. */
  readonly current: Message;

  constructor(
    problem: Problem,
    /** The text of the rejected edit. */
    readonly body: string,
  ) {
    super(problem);
    this.name = 'EditConflict';
    this.current = problem.current!;
  }
}

/**
 * A conversation as far as the client knows it. The object stays the same while the user participates. The client emits
 * `conversation` whenever something in it has changed.
 */
export class Conversation {
  private waiting: readonly OutgoingMessage[] = [];

  /** @internal Conversations come from the client. */
  constructor(
    private readonly list: MessageList,
    private readonly host: ConversationHost,
  ) {}

  get id(): string {
    return this.list.conversationId;
  }

  get type(): 'direct' | 'group' {
    return this.list.details?.type ?? 'group';
  }

  /** Null in direct conversations. */
  get title(): string | null {
    return this.list.details?.title ?? null;
  }

  get description(): string | null {
    return this.list.details?.description ?? null;
  }

  /** ISO 8601; empty until the conversation is known. */
  get createdAt(): string {
    return this.list.details?.createdAt ?? '';
  }

  /** ISO 8601; empty until the conversation is known. */
  get updatedAt(): string {
    return this.list.details?.updatedAt ?? '';
  }

  get myRole(): Role {
    return this.list.details?.myRole ?? 'member';
  }

  /**
   * Whether the user has hidden it. A hidden conversation is not in the client's list until its next message, or until the
   * application opens it again with `createConversation`.
   */
  get isHidden(): boolean {
    return this.list.isHidden;
  }

  /** Whether this conversation is complete. */
  get status(): CompletenessStatus {
    return this.host.isComplete(this.list) ? 'complete' : 'catching-up';
  }

  /** The client has received every message up to `seq` and every change up to `rev`. */
  get position(): Position {
    return this.list.position ?? NOWHERE;
  }

  /**
   * The held messages, ascending by `seq` and without a hole. They reach from some point of the history to `position.seq`;
   * `older` moves that point back. The array is a new one whenever something in it has changed.
   */
  get messages(): readonly Message[] {
    return this.list.messages;
  }

  /**
   * The user's own messages that are not among `messages` yet, in the order of writing. Show them below `messages`; no message
   * is in both. The array is a new one only when something in it has changed.
   */
  get outgoing(): readonly OutgoingMessage[] {
    // A refused message was not stored: when its id is among `messages`, that is another message with the same id.
    const waiting = this.host
      .outgoing(this.id)
      .filter((message) => message.status === 'failed' || !this.list.includes(message));
    return (this.waiting = stable(this.waiting, waiting));
  }

  /** The number of other users' undeleted messages above the user's read position. */
  get unreadCount(): number {
    return this.list.unreadCount;
  }

  /** Those of the unread messages that mention the user, by name or with everybody in the group. */
  get mentionCount(): number {
    return this.list.mentionCount;
  }

  /** The current participants: at least the first 20, and all of them after `loadParticipants`. */
  get participants(): readonly Participant[] {
    return this.list.participants;
  }

  /** Whether the server has messages before `messages[0]`. */
  get hasOlder(): boolean {
    return this.list.hasOlder;
  }

  /**
   * Loads the page of history before the held messages.
   * @param limit maximum number of messages, 1 to 200
   * @throws XFChatError `not-connected` when there is no connection or it is lost meanwhile
   */
  async older(limit = 50): Promise<void> {
    const { list } = this;
    if (!list.hasOlder) return;
    const query = { before: list.oldestSeq, limit };
    // The route answers a page to requests without Braid headers.
    const load = (call: Call): Promise<MessagePage> =>
      call('GET /conversations/{conversationId}/messages', { ...this.place, query }) as Promise<MessagePage>;
    await this.host.read(list, load, list.takeOlder.bind(list));
  }

  /** Loads all participants. @throws XFChatError as `older` */
  async loadParticipants(): Promise<void> {
    const { list } = this;
    const { rev } = this.position;
    await this.host.read(
      list,
      (call) => call('GET /conversations/{conversationId}/participants', this.place),
      ({ items }) => list.takeParticipants(rev, items),
    );
  }

  /** Adds a user to a group. @throws XFChatError such as `forbidden` */
  async addParticipant(userId: string): Promise<void> {
    await this.host.call(PARTICIPANT_PUT, { params: { conversationId: this.id, userId }, body: {} });
  }

  /** Changes the role of a participant. `owner` hands the group over. @throws XFChatError such as `forbidden` */
  async setRole(userId: string, role: Role): Promise<void> {
    await this.host.call(PARTICIPANT_PUT, { params: { conversationId: this.id, userId }, body: { role } });
  }

  /** Removes another user from the group. @throws XFChatError such as `forbidden` */
  async removeParticipant(userId: string): Promise<void> {
    const params = { conversationId: this.id, userId };
    await this.host.call('DELETE /conversations/{conversationId}/participants/{userId}', { params });
  }

  /** Leaves a group. @throws XFChatError such as `owner-must-transfer` */
  leave(): Promise<void> {
    return this.removeParticipant(this.list.ownUserId);
  }

  /** Hides a direct conversation until its next message, or deletes a group for everybody. @throws XFChatError */
  async remove(): Promise<void> {
    await this.host.call('DELETE /conversations/{conversationId}', this.place);
  }

  /** Changes the title or the description of a group. @throws XFChatError */
  async update(changes: GroupChanges): Promise<void> {
    await this.host.call('PATCH /conversations/{conversationId}', { ...this.place, body: changes });
  }

  /** All versions of a message, the oldest first. @throws XFChatError */
  async versions({ id: messageId }: Message): Promise<readonly MessageVersion[]> {
    const params = { conversationId: this.id, messageId };
    const route = 'GET /conversations/{conversationId}/messages/{messageId}/versions';
    return allOf((cursor) => this.host.call(route, { params, query: { limit: PAGE_SIZE, cursor } }));
  }

  /**
   * Sends a message. The client stores it and sends it until the server has stored or rejected it, also after a restart.
   * `outgoing` shows its status, and the client emits `outgoing` when the status changes.
   * @param message the text, or an object with the text and more. You may choose its `id`, a UUID that no other message has.
   * @returns the pending message, once it is kept on this device
   * @throws XFChatError `validation-failed` for an invalid message or an id that is not a UUID
   */
  send(message: string | (MessageDraft & { readonly id?: string })): Promise<OutgoingMessage> {
    return this.host.send(this.id, message);
  }

  /**
   * Edits a message of the user. If no answer comes, the client makes a few attempts. An edit is made once at most.
   * @param parents ids of the versions that the author has read; by default the version of `message`
   * @throws EditConflict when the message was edited meanwhile. It has both texts, and nothing was changed.
   * @throws XFChatError such as `message-not-found`
   */
  async edit(
    message: Message,
    body: string,
    parents: readonly string[] = [message.version],
  ): Promise<Message> {
    const edit = { body, parents, version: newId() };
    try {
      return await this.host.change(this.id, { messageId: message.id, kind: 'edit', edit });
    } catch (error) {
      if (error instanceof XFChatError && error.code === 'version-conflict')
        throw new EditConflict(error.problem, body);
      throw error;
    }
  }

  /** Deletes a message and leaves a tombstone. Deleting it again changes nothing. @throws XFChatError */
  delete(message: Message): Promise<Message> {
    return this.host.change(this.id, { messageId: message.id, kind: 'delete' });
  }

  /**
   * Adds a reaction to a message. Adding it again changes nothing. Variants of an emoji that look the same count as one.
   * @throws XFChatError such as `validation-failed` when `emoji` is not an emoji
   */
  react(message: Message, emoji: string): Promise<Message> {
    return this.host.change(this.id, { messageId: message.id, kind: 'react', emoji });
  }

  /** Removes the user's own reaction. @throws XFChatError */
  unreact(message: Message, emoji: string): Promise<Message> {
    return this.host.change(this.id, { messageId: message.id, kind: 'unreact', emoji });
  }

  /**
   * Pins a message. In a group, only the admins and the owner may do so.
   * @throws XFChatError such as `forbidden`
   */
  pin(message: Message): Promise<Message> {
    return this.host.change(this.id, { messageId: message.id, kind: 'pin' });
  }

  /** Removes a pin. @throws XFChatError as `pin` */
  unpin(message: Message): Promise<Message> {
    return this.host.change(this.id, { messageId: message.id, kind: 'unpin' });
  }

  /** All pinned messages as they are now, the newest message first. @throws XFChatError */
  pinned(): Promise<readonly Message[]> {
    return allOf((cursor) =>
      this.host.call('GET /conversations/{conversationId}/pins', {
        ...this.place,
        query: { cursor, limit: PAGE_SIZE },
      }),
    );
  }

  /**
   * Marks everything up to `seq` as read, by default everything that the client holds.
   * @param options with `unread: true`, the read position may move back
   * @throws XFChatError
   */
  markRead(seq = this.position.seq, options: { readonly unread?: boolean } = {}): Promise<void> {
    return this.host.markRead(this.id, seq, options.unread === true);
  }

  private get place() {
    return { params: { conversationId: this.id } };
  }
}
