import { Backoff, Pause, type BackoffOptions } from './backoff.ts';
import type { Connection } from './connection.ts';
import type {
  ConversationEvent,
  ConversationView,
  Message,
  Page,
  Position,
  Ready,
  SyncedConversation,
} from './types.ts';
import { toError, XFChatError } from './problem.ts';
import type { Session } from './session.ts';
import type { MessageList } from './message-list.ts';
import { isId, isViewOf } from './validate.ts';

/** What one `conversation:sync` may ask for. */
const MAX_CURSORS = 200;
/** How many conversations are read by themselves at the same time. */
const MAX_READS = 10;
/** A hole is given so long to close by itself: an acknowledgement may overtake the events before it. */
const HOLE_PATIENCE_MS = 100;

interface CatchUpOptions {
  readonly connection: Connection;
  readonly session: Session;
  readonly backoff: BackoffOptions;
  /** Whoever lacks more messages than this begins anew with the newest one. */
  readonly maxCatchUp: number;
  /** How often to ask whether anything was missed of which no event tells, in milliseconds. */
  readonly checkEveryMs: number;
  /** What is held, by id. */
  readonly lists: ReadonlyMap<string, MessageList>;
  readonly create: (conversationId: string) => MessageList;
  /** The list, or whether it is complete, has changed. */
  readonly changed: (list: MessageList) => void;
  /** Whether all are complete may have changed. */
  readonly progressed: () => void;
  /** All conversations, as the server orders them. */
  readonly listed: (views: readonly ConversationView[]) => void;
  /** What is held is dropped: it begins anew. */
  readonly restarted: (list: MessageList) => void;
  /** The user does not participate any more, or the server refuses the conversation with `error`. */
  readonly gone: (conversationId: string, error: XFChatError) => void;
}

interface Question {
  readonly list: MessageList;
  readonly view: ConversationView | undefined;
  readonly position: Position;
  /** The list begins with the view, whose position is asked from. */
  readonly begins: boolean;
  readonly noticed: number | undefined;
}

/**
 * Brings message lists up to date. After each `ready` the list of conversations is read, and then everything is asked for
 * what is missing, 200 in one request. The answers tell their epoch: so what was read before it over HTTP, which does
 * not, is taken only when the answer says the epoch of the socket. Answers that come after the socket was lost are
 * dropped. One round follows another; after one that has brought nothing there is a pause.
 */
export class CatchUp {
  /** What may lack something, with how often that was noticed. */
  private readonly behind = new Map<string, number>();
  /** Conversations as they were read since `ready`, until they are taken. */
  private readonly views = new Map<string, ConversationView>();
  /** Conversations whose per-user fields (`own`) must be read again. */
  private readonly stale = new Set<string>();
  /** Those of which anything was told since `ready`. */
  private readonly heard = new Set<string>();
  private readonly holes = new Set<string>();
  /** Held although the user may have hidden them: the application has asked for them. */
  private readonly opened = new Set<string>();
  private readonly pause = new Pause();
  private holeTimer: ReturnType<typeof setTimeout> | undefined;
  private checkTimer: ReturnType<typeof setInterval> | undefined;
  private isListed = false;
  private isRunning = false;

  constructor(private readonly options: CatchUpOptions) {}

  /** Whether everything is known that there is to know. */
  get isComplete(): boolean {
    return this.isReady && this.isListed && this.behind.size === 0 && this.holes.size === 0;
  }

  isCompleteIn({ conversationId, position, hasHole }: MessageList): boolean {
    return this.isReady && position !== undefined && !hasHole && !this.behind.has(conversationId);
  }

  /** A new socket: whatever is held may lack something, and is worth nothing in another epoch. */
  begin(ready: Ready): void {
    this.forgetReads();
    for (const list of this.options.lists.values()) {
      if (list.position && list.epoch !== ready.epoch) this.restart(list);
    }
    // A little earlier or later, so that many clients do not ask together.
    const intervalMs = this.options.checkEveryMs * (0.9 + Math.random() * 0.2);
    this.checkTimer = setInterval(() => this.check(), intervalMs);
    this.pause.wake();
    this.check();
  }

  /** Asks about everything that is held. Live events are a hint: the last one may be lost without leaving a hole. */
  check(): void {
    for (const id of this.options.lists.keys()) this.note(id);
    this.options.progressed();
    void this.run();
  }

  /** Forgets everything: nobody is signed in any more. */
  clear(): void {
    this.end();
    this.behind.clear();
    this.opened.clear();
  }

  /** Tries now what waits for the end of a pause. */
  hurry(): void {
    this.pause.wake();
  }

  /** There is no socket any more: events are missed from now on. */
  end(): void {
    this.forgetReads();
    this.pause.wake();
    clearTimeout(this.holeTimer);
    clearInterval(this.checkTimer);
    this.holes.clear();
  }

  /** This conversation may lack something. */
  want(conversationId: string): void {
    this.note(conversationId);
    this.heard.add(conversationId);
    const list = this.options.lists.get(conversationId);
    if (list) this.options.changed(list);
    void this.run();
  }

  /** The application asks for this conversation, also if the user has hidden it. */
  open(conversationId: string): void {
    const list = this.options.lists.get(conversationId);
    if (list?.position) return;
    this.opened.add(conversationId);
    if (!list) this.want(conversationId);
  }

  /** Takes a live event. */
  take(event: ConversationEvent): void {
    const { conversationId } = event.payload;
    if (!isId(conversationId)) return;
    this.heard.add(conversationId);
    if (event.name === 'conversation:removed') return this.drop(conversationId);
    const list = this.options.lists.get(conversationId);
    // What is not begun takes no events; that it lacks this one is noticed even if it is just being read.
    if (!list?.position) return this.want(conversationId);
    // A read position may be newer than the view that is waiting.
    const isNewer = event.name === 'conversation:read' && this.views.has(conversationId);
    if (!list.apply(event) || isNewer) this.stale.add(conversationId);
    // The user may have been removed and added again without this client hearing of it.
    if (this.stale.has(conversationId) || event.name === 'conversation:created') this.want(conversationId);
    this.taken(list);
  }

  /** Takes the stored form of an own message or of a change of one. */
  takeStored(message: Message): void {
    const list = this.options.lists.get(message.conversationId);
    if (!list?.position) return this.want(message.conversationId);
    list.takeStored(message);
    this.taken(list);
  }

  /**
   * Reads something about a conversation over HTTP, and takes it if it is of the same epoch.
   * @throws XFChatError `not-connected` when there is no connection, or it was lost meanwhile
   */
  async read<T>(list: MessageList, path: string, take: (found: T) => void): Promise<void> {
    const { connection, session, lists } = this.options;
    const { ready } = connection;
    const { conversationId } = list;
    if (!ready || !list.position) throw XFChatError.notConnected();
    const found = await session.request<T>('GET', `/conversations/${conversationId}${path}`);
    const isCurrent = (): boolean => connection.ready === ready && list.epoch === ready.epoch;
    if (isCurrent()) await this.sync(ready, [list]);
    if (!isCurrent() || lists.get(conversationId) !== list) throw XFChatError.notConnected();
    take(found);
    this.taken(list);
  }

  private get isReady(): boolean {
    return this.options.connection.ready !== undefined;
  }

  private note(conversationId: string): void {
    this.behind.set(conversationId, (this.behind.get(conversationId) ?? 0) + 1);
  }

  private forgetReads(): void {
    this.isListed = false;
    for (const collection of [this.views, this.heard, this.stale]) collection.clear();
  }

  /** The list has taken something. */
  private taken(list: MessageList): void {
    if (list.isTorn) return this.doubt(list);
    this.watchForHole(list);
    this.options.changed(list);
  }

  /** The socket is of a history that is no more; only a new one tells which there is now. */
  private doubt(list: MessageList): void {
    this.restart(list);
    this.options.connection.renew();
  }

  private watchForHole(list: MessageList): void {
    if (!list.hasHole || this.behind.has(list.conversationId)) return;
    this.holes.add(list.conversationId);
    if (this.holes.size > 1) return;
    this.holeTimer = setTimeout(() => {
      const ids = [...this.holes];
      this.holes.clear();
      for (const id of ids) {
        const held = this.options.lists.get(id);
        if (held?.hasHole) this.want(id);
        else if (held) this.options.changed(held);
      }
    }, HOLE_PATIENCE_MS);
  }

  private async run(): Promise<void> {
    if (this.isRunning) return;
    this.isRunning = true;
    const backoff = new Backoff(this.options.backoff);
    for (let ready = this.next(); ready; ready = this.next()) {
      let pauseMs = 0;
      try {
        if (await this.round(ready)) backoff.reset();
        else pauseMs = backoff.next();
      } catch (error) {
        pauseMs = backoff.next(toError(error).retryAfterMs);
      }
      this.options.progressed();
      if (pauseMs > 0 && this.options.connection.ready === ready) await this.pause.wait(pauseMs);
    }
    this.isRunning = false;
  }

  private next(): Ready | undefined {
    return this.behind.size > 0 || !this.isListed ? this.options.connection.ready : undefined;
  }

  /** @returns whether anything has come of it */
  private async round(ready: Ready): Promise<boolean> {
    if (!this.isListed) return this.list(ready);
    const lists = [...this.behind.keys()]
      .slice(0, MAX_CURSORS)
      .map((id) => this.options.lists.get(id) ?? this.options.create(id));
    const failure = await this.readViews(ready, lists);
    if (this.options.connection.ready !== ready) return false;
    const isMoved = await this.sync(
      ready,
      lists.filter(({ conversationId, position }) => position ?? this.views.has(conversationId)),
    );
    if (failure) throw toError(failure);
    return isMoved;
  }

  /** Reads which conversations there are. What is held and neither listed nor heard of was left or hidden elsewhere. */
  private async list(ready: Ready): Promise<boolean> {
    const { session, connection, lists } = this.options;
    const found: ConversationView[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const query: string = cursor && `&cursor=${encodeURIComponent(cursor)}`;
      const page: Page<ConversationView> = await session.request('GET', `/conversations?limit=200${query}`);
      if (connection.ready !== ready) return false;
      if (!page.items.every((view) => isId(view.id) && isViewOf(view.id, view)))
        throw XFChatError.unreachable(new Error('not a conversation'));
      found.push(...page.items);
      cursor = page.nextCursor;
    }
    this.isListed = true;
    this.options.listed(found);
    for (const view of found) {
      this.views.set(view.id, view);
      this.note(view.id);
    }
    const isKept = (id: string): boolean => this.views.has(id) || this.heard.has(id) || this.opened.has(id);
    for (const id of lists.keys()) if (!isKept(id)) this.drop(id);
    return true;
  }

  /** Reads conversations of which nothing is known. @returns a failure, which concerns nobody else */
  private async readViews(ready: Ready, lists: readonly MessageList[]): Promise<unknown> {
    const unknown = lists
      .filter(({ conversationId: id, position }) => !this.views.has(id) && (!position || this.stale.has(id)))
      .slice(0, MAX_READS);
    const results = await Promise.allSettled(
      unknown.map(async ({ conversationId: id }) => {
        this.stale.delete(id);
        const view = await this.options.session.request<ConversationView>('GET', `/conversations/${id}`);
        if (!isViewOf(id, view)) throw XFChatError.unreachable(new Error('not a conversation'));
        if (this.options.connection.ready === ready) this.views.set(id, view);
      }),
    );
    let failure: unknown;
    for (const [index, result] of results.entries()) {
      if (result.status === 'fulfilled') continue;
      const { conversationId, position } = unknown[index]!;
      const error = toError(result.reason);
      // A refusal will not change. What is held already is not dropped for it, unless it is over.
      const isOver = error.code === 'conversation-not-found' || (error.handling === 'never' && !position);
      if (!isOver) failure = error;
      else if (this.options.connection.ready === ready) this.drop(conversationId, error);
    }
    return failure;
  }

  /** @returns whether anything has come of it */
  private async sync(ready: Ready, lists: readonly MessageList[]): Promise<boolean> {
    if (lists.length === 0) return false;
    const asked = lists.map((list) => this.question(list));
    const cursors = asked.map(({ list, position }) => ({
      conversationId: list.conversationId,
      ...position,
    }));
    const answer = await this.options.connection
      .command<{ changes: SyncedConversation[] }>('conversation:sync', { epoch: ready.epoch, cursors })
      .catch(toError);
    if (this.options.connection.ready !== ready) return false;
    if (answer instanceof XFChatError) return this.syncOthers(ready, asked, answer);
    let isMoved = false;
    for (const [index, entry] of answer.changes.entries()) {
      const question = asked[index];
      const isHeld = question && this.options.lists.get(entry.conversationId) === question.list;
      if (this.options.connection.ready !== ready) return false;
      if (isHeld) isMoved = this.takeAnswer(ready, question, entry) || isMoved;
    }
    return isMoved;
  }

  /**
   * One refused entry does not refuse its batch: asks again without those that the refusal names. What is held of these
   * begins anew; what is not held is dropped.
   * @throws XFChatError the refusal, when it names no entry
   */
  private async syncOthers(ready: Ready, asked: readonly Question[], error: XFChatError): Promise<boolean> {
    const refused = new Set(error.refusedEntries('cursors'));
    if (refused.size === 0) throw error;
    for (const index of refused) {
      const list = asked[index]?.list;
      if (list?.position) this.restart(list);
      else if (list) this.drop(list.conversationId, error);
    }
    const others = asked.filter((_question, index) => !refused.has(index));
    await this.sync(
      ready,
      others.map(({ list }) => list),
    );
    return true;
  }

  private question(list: MessageList): Question {
    const { conversationId, position } = list;
    const view = this.views.get(conversationId);
    const noticed = this.behind.get(conversationId);
    const isFarBehind = !position || (view && view.lastSeq - position.seq > this.options.maxCatchUp);
    return view && isFarBehind
      ? { list, view, noticed, begins: true, position: { seq: view.lastSeq, rev: view.lastRev } }
      : { list, view, noticed, begins: false, position: position! };
  }

  private takeAnswer(ready: Ready, question: Question, entry: SyncedConversation): boolean {
    const { list, view, noticed, begins } = question;
    const { conversationId, position: before } = list;
    if ('gone' in entry) {
      this.drop(conversationId);
      return true;
    }
    if ('reset' in entry || entry.epoch !== ready.epoch) {
      this.doubt(list);
      return false;
    }
    if (view && begins) {
      if (before) this.options.restarted(list);
      list.begin(entry.epoch, view);
    }
    list.takeChanges(entry);
    if (list.isTorn) {
      this.doubt(list);
      return false;
    }
    if (view && entry.complete) {
      list.takeView(view);
      this.views.delete(conversationId);
    }
    const isCurrent = this.behind.get(conversationId) === noticed;
    if (!list.isHidden) this.opened.delete(conversationId);
    else if (isCurrent && !this.opened.has(conversationId)) {
      this.drop(conversationId);
      return true;
    }
    const isDone = entry.complete && !list.hasHole && isCurrent;
    if (isDone && !this.stale.has(conversationId)) this.behind.delete(conversationId);
    const isMoved = before?.seq !== list.position?.seq || before?.rev !== list.position?.rev;
    this.options.changed(list);
    return isDone || isMoved;
  }

  private drop(conversationId: string, error = XFChatError.conversationNotFound()): void {
    for (const collection of [this.behind, this.views, this.stale, this.holes, this.opened])
      collection.delete(conversationId);
    this.options.gone(conversationId, error);
  }

  private restart(list: MessageList): void {
    list.clear();
    this.note(list.conversationId);
    this.options.restarted(list);
  }
}
