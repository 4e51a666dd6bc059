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
 *   complete     everything up to now is held, from some point of the history (see `older`) on
 *   catching-up  something is missing, or, while there is no connection, may be missing
 */
export type CompletenessStatus = 'complete' | 'catching-up';

/** What a conversation needs the client for. */
export interface ConversationHost {
  isComplete(list: MessageList): boolean;
  outgoing(conversationId: string): OutgoingMessage[];
  /** @throws XFChatError `validation-failed` when this is no message */
  send(conversationId: string, message: string | MessageDraft): Promise<OutgoingMessage>;
  change(conversationId: string, change: Change): Promise<Message>;
  /** Reads something over HTTP, and takes it if it is of the present epoch. */
  read<T>(list: MessageList, load: (call: Call) => Promise<T>, take: (found: T) => void): Promise<void>;
  /** Asks as the user who has seen the conversation. */
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

/** An edit that was not made: somebody (or oneself, elsewhere) has edited the message since its author saw it. */
export class EditConflict extends XFChatError {
  /** The message as it is. */
  readonly current: Message;

  constructor(
    problem: Problem,
    /** What the author wanted it to be. */
    readonly body: string,
  ) {
    super(problem);
    this.name = 'EditConflict';
    this.current = problem.current!;
  }
}

/**
 * A conversation as far as it is known. The object stays the same for as long as the user participates; the client's
 * `conversation` event tells that something in it has changed.
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

  /** ISO 8601. */
  get createdAt(): string {
    return this.list.details?.createdAt ?? '';
  }

  get updatedAt(): string {
    return this.list.details?.updatedAt ?? '';
  }

  get myRole(): Role {
    return this.list.details?.myRole ?? 'member';
  }

  /**
   * The user has hidden it: it is not in the client's list until the next message, or until one opens it again with
   * `createConversation`.
   */
  get isHidden(): boolean {
    return this.list.isHidden;
  }

  get status(): CompletenessStatus {
    return this.host.isComplete(this.list) ? 'complete' : 'catching-up';
  }

  /** Every message up to `seq`, with every change up to `rev`, was told. */
  get position(): Position {
    return this.list.position ?? NOWHERE;
  }

  /**
   * What is held, ascending by `seq` and without a hole: from some point of the history, which `older` moves back, to
   * `position.seq`. Another array whenever something in it has changed.
   */
  get messages(): readonly Message[] {
    return this.list.messages;
  }

  /**
   * One's own messages that are not among `messages` yet, in the order of writing: to be shown below them. A message is
   * never in both. Another array only when something in it has changed.
   */
  get outgoing(): readonly OutgoingMessage[] {
    // A refused message was not stored: when its id is among `messages`, that is another message with the same id.
    const waiting = this.host
      .outgoing(this.id)
      .filter((message) => message.status === 'failed' || !this.list.includes(message));
    return (this.waiting = stable(this.waiting, waiting));
  }

  /** Messages of others that were neither read nor deleted. */
  get unreadCount(): number {
    return this.list.unreadCount;
  }

  /** Those who are in the conversation: at least the first 20; all of them after `loadParticipants`. */
  get participants(): readonly Participant[] {
    return this.list.participants;
  }

  /** Whether there is history before `messages[0]`. */
  get hasOlder(): boolean {
    return this.list.hasOlder;
  }

  /**
   * Loads the page of history before what is held.
   * @param limit at most so many messages, 1 to 200
   * @throws XFChatError `not-connected` when there is no connection, or it is lost meanwhile
   */
  async older(limit = 50): Promise<void> {
    const { list } = this;
    if (!list.hasOlder) return;
    const query = { before: list.oldestSeq, limit };
    // Without the headers of Braid the answer is a page.
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

  /** Adds somebody to a group. @throws XFChatError such as `forbidden` */
  async addParticipant(userId: string): Promise<void> {
    await this.host.call(PARTICIPANT_PUT, { params: { conversationId: this.id, userId }, body: {} });
  }

  /** Gives a participant another role; `owner` hands the group over. @throws XFChatError such as `forbidden` */
  async setRole(userId: string, role: Role): Promise<void> {
    await this.host.call(PARTICIPANT_PUT, { params: { conversationId: this.id, userId }, body: { role } });
  }

  /** Ends the participation of somebody else. @throws XFChatError such as `forbidden` */
  async removeParticipant(userId: string): Promise<void> {
    const params = { conversationId: this.id, userId };
    await this.host.call('DELETE /conversations/{conversationId}/participants/{userId}', { params });
  }

  /** Leaves a group. @throws XFChatError such as `owner-must-transfer` */
  leave(): Promise<void> {
    return this.removeParticipant(this.list.ownUserId);
  }

  /** Hides a direct conversation until its next message; deletes a group, for everybody. @throws XFChatError */
  async remove(): Promise<void> {
    await this.host.call('DELETE /conversations/{conversationId}', this.place);
  }

  /** Changes the title or the description of a group. @throws XFChatError */
  async update(changes: GroupChanges): Promise<void> {
    await this.host.call('PATCH /conversations/{conversationId}', { ...this.place, body: changes });
  }

  /** All versions of a message, the first one first. @throws XFChatError */
  async versions({ id: messageId }: Message): Promise<readonly MessageVersion[]> {
    const params = { conversationId: this.id, messageId };
    const route = 'GET /conversations/{conversationId}/messages/{messageId}/versions';
    const { items } = await this.host.call(route, { params });
    return items;
  }

  /**
   * Sends a message: it is kept in the storage and tried until the server has stored or refused it, over restarts too.
   * What becomes of it stands in `outgoing` and is told by the client's `outgoing` event.
   * @param message the text, or more; an `id` (a UUID) may be chosen, another message must not have it
   * @returns the message as it waits to be sent
   * @throws XFChatError `validation-failed` when this is no message, or one of its ids is no UUID
   */
  send(message: string | (MessageDraft & { readonly id?: string })): Promise<OutgoingMessage> {
    return this.host.send(this.id, message);
  }

  /**
   * Changes a message of one's own. It is tried a few times when no answer comes, which is safe.
   * @param parents the versions that the author has seen
   * @throws EditConflict with both texts when somebody was faster; nothing was changed
   * @throws XFChatError
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

  /** Deletes a message; what remains is a tombstone. Deleting it again changes nothing. @throws XFChatError */
  delete(message: Message): Promise<Message> {
    return this.host.change(this.id, { messageId: message.id, kind: 'delete' });
  }

  /**
   * Puts an emoji to a message. Doing it again changes nothing, and spellings that look the same are the same.
   * @throws XFChatError such as `validation-failed` when this is no emoji
   */
  react(message: Message, emoji: string): Promise<Message> {
    return this.host.change(this.id, { messageId: message.id, kind: 'react', emoji });
  }

  /** Takes back one's own emoji. @throws XFChatError */
  unreact(message: Message, emoji: string): Promise<Message> {
    return this.host.change(this.id, { messageId: message.id, kind: 'unreact', emoji });
  }

  /** For both people of a direct conversation; in a group for admins and the owner. @throws XFChatError */
  pin(message: Message): Promise<Message> {
    return this.host.change(this.id, { messageId: message.id, kind: 'pin' });
  }

  /** @throws XFChatError as `pin` */
  unpin(message: Message): Promise<Message> {
    return this.host.change(this.id, { messageId: message.id, kind: 'unpin' });
  }

  /** All pinned messages as they are now, the newest one first. @throws XFChatError */
  pinned(): Promise<readonly Message[]> {
    return allOf((cursor) =>
      this.host.call('GET /conversations/{conversationId}/pins', {
        ...this.place,
        query: { cursor, limit: PAGE_SIZE },
      }),
    );
  }

  /**
   * Everything up to `seq` is read.
   * @param options `unread: true` lets the position move back
   * @throws XFChatError
   */
  markRead(seq = this.position.seq, options: { readonly unread?: boolean } = {}): Promise<void> {
    return this.host.markRead(this.id, seq, options.unread === true);
  }

  private get place() {
    return { params: { conversationId: this.id } };
  }
}
