import type {
  Changes,
  ConversationEvent,
  ConversationView,
  Message,
  MessagePage,
  Participant,
  Position,
  SharedConversation,
} from './types.ts';
import { stable } from './stable.ts';

/** The stored form of a message list: its newest part, without a hole. Plain JSON. */
export interface StoredMessageList {
  readonly epoch: number;
  readonly position: Position;
  readonly messages: readonly Message[];
  readonly people: readonly Placed<Participant>[];
  readonly settings: Placed<Settings>;
  readonly unread: Omit<Unread, 'mentions'> & Partial<Unread>;
}

interface Placed<T> {
  /** `view` is at least as new as this `rev`. */
  readonly rev: number;
  readonly view: T;
}

/** The settings of a conversation, and the role of this user. Live events do not contain the role. */
type Settings = SharedConversation & Pick<ConversationView, 'myRole'>;

/**
 * `count` is the number of unread messages up to `seq`, and `mentions` of those that mention the user. Unread messages above
 * `seq` are counted from the list.
 */
interface Unread {
  readonly seq: number;
  readonly count: number;
  readonly mentions: number;
}

/**
 * The known part of one conversation: a window of messages without a hole, from `oldestSeq` to `position.seq`, with every
 * change up to `position.rev`. It takes pages, live events and steps of the catch-up in any order, and never goes backwards.
 * It uses no server and no clock.
 */
export class MessageList {
  /** Undefined until the list has begun. */
  position: Position | undefined;
  epoch: number | undefined;
  /** The user has hidden the conversation. A later message shows it again. */
  isHidden = false;
  /** Two messages have the same number: one of them belongs to another history. */
  isInconsistent = false;
  /** The first `seq` of the window. Older messages can be loaded page by page. */
  oldestSeq = 1;
  private highestSeq = 0;
  /**
   * Messages by `seq`, also from outside the window: such a message may be the only copy with a change that arrived live.
   */
  private readonly held = new Map<number, Message>();
  /** The `seq` of each held message, by id. */
  private readonly seqById = new Map<string, number>();
  private readonly people = new Map<string, Placed<Participant>>();
  private settings: Placed<Settings> | undefined;
  private unread: Unread = { seq: 0, count: 0, mentions: 0 };
  /** The `rev`s of changes that arrived before their predecessors. */
  private readonly early = new Set<number>();
  private shown: readonly Message[] | undefined;
  private present: readonly Participant[] = [];

  constructor(
    readonly conversationId: string,
    readonly ownUserId: string,
  ) {}

  /** The window in order of `seq`. The array is a new one whenever something in it has changed. */
  get messages(): readonly Message[] {
    if (!this.shown) {
      const last = this.position?.seq ?? 0;
      const length = Math.max(0, last - this.oldestSeq + 1);
      this.shown = Array.from({ length }, (_, index) => this.held.get(this.oldestSeq + index)!);
    }
    return this.shown;
  }

  get details(): Settings | undefined {
    return this.settings?.view;
  }

  /** The known current participants. The array is a new one only when something in it has changed. */
  get participants(): readonly Participant[] {
    const views = [...this.people.values()].map(({ view }) => view);
    return (this.present = stable(
      this.present,
      views.filter(({ leftAt }) => leftAt === null),
    ));
  }

  /**
   * Whether the message belongs to the history up to `position`, so that it is among `messages` or before them.
   * @param message has a `seq` when the server has acknowledged it
   */
  includes(message: { readonly id: string; readonly seq?: number }): boolean {
    const seq = message.seq ?? this.seqById.get(message.id);
    return this.position !== undefined && seq !== undefined && seq <= this.position.seq;
  }

  /** The number of other users' undeleted messages above the user's read position. */
  get unreadCount(): number {
    return this.unread.count + this.newer().length;
  }

  /** Those of the unread messages that mention the user. */
  get mentionCount(): number {
    return this.unread.mentions + this.newer().filter((message) => this.mentionsOwner(message)).length;
  }

  /** Whether the server has messages before the window. */
  get hasOlder(): boolean {
    return this.position !== undefined && this.oldestSeq > 1;
  }

  /** Whether the predecessor of a held message or change is missing. */
  get hasHole(): boolean {
    return this.position !== undefined && (this.early.size > 0 || this.highestSeq > this.position.seq);
  }

  /** Begins with the newest message, at the position of the view. */
  begin(epoch: number, view: ConversationView): void {
    this.clear();
    this.epoch = epoch;
    this.position = { seq: view.lastSeq, rev: view.lastRev };
    this.oldestSeq = view.lastMessage ? view.lastSeq : view.lastSeq + 1;
    this.takeView(view);
    if (view.lastMessage) this.takeMessage(view.lastMessage);
  }

  /** Takes the user's view of the conversation, with the fields that live events lack. */
  takeView(view: ConversationView): void {
    // The count of an older view lacks messages that were sent or read since.
    if (view.lastSeq >= this.unread.seq)
      this.unread = { seq: view.lastSeq, count: view.unreadCount, mentions: view.mentionCount };
    this.takeSettings(view.lastRev, view);
    for (const participant of view.participants) this.takeParticipant(view.lastRev, participant);
  }

  /** Takes the page before the window. A page that does not join the window is ignored. */
  takeOlder(page: MessagePage): void {
    const [first, last] = [page.items[0], page.items.at(-1)];
    if (!first || last?.seq !== this.oldestSeq - 1) return;
    // The unread ones among these messages are part of the server's count already.
    page.items.forEach((message) => this.takeMessage(message));
    this.oldestSeq = first.seq;
  }

  /** Takes all participants, as they were read at `rev` or later. */
  takeParticipants(rev: number, participants: readonly Participant[]): void {
    for (const participant of participants) this.takeParticipant(rev, participant);
  }

  /**
   * Takes a live event.
   * @returns false when the counts of unread messages must be read from the server afterwards
   */
  apply({ name, payload }: ConversationEvent): boolean {
    switch (name) {
      case 'message:created':
      case 'message:updated':
      case 'message:deleted':
        if (name === 'message:created' && payload.seq > this.highestSeq) this.isHidden = false;
        return this.takeChange(name === 'message:deleted', payload);
      case 'participant:joined':
      case 'participant:updated':
      case 'participant:left':
        this.takeParticipant(payload.rev, payload.participant);
        this.takeRev(payload.rev);
        return true;
      case 'conversation:created':
      case 'conversation:updated':
        this.takeSettings(payload.rev, payload.conversation);
        this.takeRev(payload.rev);
        return true;
      case 'conversation:read':
        return this.takeReadPosition(payload.userId, payload.seq);
      case 'conversation:removed':
        return true;
    }
  }

  /** Takes the acknowledged form of a message that this client has sent or changed. */
  takeStored(message: Message): void {
    this.takeMessage(message);
    this.takeRev(message.rev);
  }

  /** Takes one step of the catch-up, also one that was asked for from an older position. */
  takeChanges({ messages, participants, conversation, head, cursor, own }: Changes): void {
    if (!this.position) return;
    if (this.highestSeq <= head.seq) this.isHidden = own.hidden;
    messages.forEach((message) => this.takeMessage(message));
    participants.forEach((participant) => this.takeParticipant(head.rev, participant));
    if (conversation) this.takeSettings(head.rev, conversation);
    const { seq, rev } = this.position;
    this.moveTo(Math.max(seq, cursor.seq), Math.max(rev, cursor.rev));
    this.advance();
  }

  /** Drops everything, because it belongs to an earlier history. */
  clear(): void {
    this.position = this.epoch = this.settings = this.shown = undefined;
    this.unread = { seq: 0, count: 0, mentions: 0 };
    this.isInconsistent = this.isHidden = false;
    this.oldestSeq = 1;
    this.highestSeq = 0;
    for (const collection of [this.held, this.seqById, this.people, this.early]) collection.clear();
  }

  /**
   * @param limit maximum number of messages; the newest are stored
   * @returns undefined when there is nothing to store
   */
  store(limit: number): StoredMessageList | undefined {
    const { epoch, position, settings, isHidden } = this;
    if (!position || epoch === undefined || !settings || isHidden) return undefined;
    return {
      epoch,
      position,
      settings,
      messages: this.messages.slice(-limit),
      people: [...this.people.values()],
      unread: { seq: position.seq, count: this.unreadCount, mentions: this.mentionCount },
    };
  }

  static restore(conversationId: string, ownUserId: string, stored: StoredMessageList): MessageList {
    const list = new MessageList(conversationId, ownUserId);
    list.epoch = stored.epoch;
    list.position = stored.position;
    list.settings = stored.settings;
    // An earlier release stored no mentions.
    list.unread = { ...stored.unread, mentions: stored.unread.mentions ?? 0 };
    list.oldestSeq = stored.messages[0]?.seq ?? stored.position.seq + 1;
    list.highestSeq = stored.position.seq;
    for (const message of stored.messages) list.hold(message);
    for (const placed of stored.people) list.people.set(placed.view.userId, placed);
    return list;
  }

  /** The unread messages that the server's count does not include. */
  private newer(): readonly Message[] {
    return this.messages.filter(
      ({ seq, senderId, deletedAt }) =>
        seq > this.unread.seq && senderId !== this.ownUserId && deletedAt === null,
    );
  }

  private mentionsOwner({ mentions, mentionsAll, senderId }: Message): boolean {
    return senderId !== this.ownUserId && (mentionsAll || mentions.includes(this.ownUserId));
  }

  /** @returns false when the change may have changed a count of the server */
  private takeChange(isDeletion: boolean, message: Message): boolean {
    const known = this.held.get(message.seq);
    this.takeMessage(message);
    this.takeRev(message.rev);
    if (message.seq > this.unread.seq || this.unread.count === 0) return true;
    const mentioned = known ? this.mentionsOwner(known) : this.unread.mentions > 0;
    return !isDeletion && this.mentionsOwner(message) === mentioned;
  }

  private takeMessage(message: Message): void {
    this.highestSeq = Math.max(this.highestSeq, message.seq);
    const known = this.held.get(message.seq);
    if (known && known.id !== message.id) {
      this.isInconsistent = true;
      return;
    }
    if (!known || known.rev <= message.rev) this.hold(message);
    // By sending, the user reads everything up to the own message.
    if (!known && message.senderId === this.ownUserId && message.seq > this.unread.seq)
      this.unread = { seq: message.seq, count: 0, mentions: 0 };
    this.advance();
  }

  private hold(message: Message): void {
    this.held.set(message.seq, message);
    this.seqById.set(message.id, message.seq);
  }

  private takeParticipant(rev: number, view: Participant): void {
    const known = this.people.get(view.userId);
    if (known && known.rev > rev) return;
    // Keep the object if the view is equal, because readers compare by identity.
    const isEqual = known !== undefined && JSON.stringify(known.view) === JSON.stringify(view);
    this.people.set(view.userId, { rev, view: isEqual ? known.view : view });
    if (view.userId === this.ownUserId && this.settings)
      this.settings = { ...this.settings, view: { ...this.settings.view, myRole: view.role } };
  }

  private takeSettings(rev: number, view: SharedConversation & Partial<ConversationView>): void {
    if (this.settings && this.settings.rev > rev) return;
    const myRole = view.myRole ?? this.settings?.view.myRole ?? 'member';
    this.settings = { rev, view: { ...view, myRole } };
  }

  private takeReadPosition(userId: string, seq: number): boolean {
    const known = this.people.get(userId);
    if (known) this.people.set(userId, { ...known, view: { ...known.view, readSeq: seq } });
    if (userId !== this.ownUserId) return true;
    if (seq + 1 < this.oldestSeq) return false;
    this.unread = { seq, count: 0, mentions: 0 };
    return true;
  }

  private takeRev(rev: number): void {
    if (rev > (this.position?.rev ?? 0)) this.early.add(rev);
    this.advance();
  }

  private advance(): void {
    this.shown = undefined;
    if (!this.position) return;
    let { seq, rev } = this.position;
    while (this.held.has(seq + 1)) seq++;
    while (this.early.has(rev + 1)) rev++;
    for (const early of this.early) if (early <= rev) this.early.delete(early);
    this.moveTo(seq, rev);
  }

  /** Keeps the object when nothing changed. */
  private moveTo(seq: number, rev: number): void {
    if (this.position?.seq !== seq || this.position.rev !== rev) this.position = { seq, rev };
  }
}
