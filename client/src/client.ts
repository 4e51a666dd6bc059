import { ActivityOrder } from './activity-order.ts';
import { Api } from './api.ts';
import { CatchUp } from './catch-up.ts';
import type { ClientEvents, ClientOptions } from './client-options.ts';
import { Commands } from './commands.ts';
import { Connection } from './connection.ts';
import type { ConversationEvent, MessageDraft, OwnUser, Ready, SignedIn } from './types.ts';
import { Conversation, type CompletenessStatus } from './conversation.ts';
import { Emitter, type Listener } from './emitter.ts';
import { newId } from './new-id.ts';
import type { OutgoingMessage } from './outbox.ts';
import { XFChatError } from './problem.ts';
import { Sender } from './sender.ts';
import { isAbsentOrSame, Session, SESSION_KEY, type StoredSession } from './session.ts';
import { OwnedStorage } from './owned-storage.ts';
import { MemoryStorage, type ClientStorage } from './storage.ts';
import { stable } from './stable.ts';
import { MessageList } from './message-list.ts';
import { MessageLists } from './message-lists.ts';
import { parseDraft, parseId } from './validate.ts';

/** Of a session that has ended with its account. */
const ACCOUNT_ERASED = 'account-erased';
const SIGNED_OUT = 'signed-out';
/** Ends after which nothing stays in the storage. After the others, the same user may sign in again and go on. */
const EMPTYING = new Set([SIGNED_OUT, ACCOUNT_ERASED, 'session-revoked']);
const CONVERSATION_EVENT = /^(message|participant|conversation):/;

/** A signed-in device: one user, one session, one connection, all conversations. See the README. */
export class XFChatClient {
  private readonly events = new Emitter<ClientEvents>();
  private readonly lists = new Map<string, MessageList>();
  private readonly known = new Map<string, Conversation>();
  private readonly owned: OwnedStorage;
  private readonly api: Api;
  private readonly session: Session;
  private readonly connection: Connection;
  private readonly commands: Commands;
  private readonly sender: Sender;
  private readonly catchUp: CatchUp;
  private readonly keeper: MessageLists;
  private readonly order = new ActivityOrder();
  /** Why conversations were dropped; for `open`, which may be waiting for one. */
  private readonly drops = new Emitter<{ dropped: { readonly id: string; readonly error: XFChatError } }>();
  private told: CompletenessStatus = 'catching-up';
  /** Resolves when the storage is done with the sessions that have ended. */
  private leaving: Promise<void> = Promise.resolve();
  private resuming: Promise<OwnUser | undefined> | undefined;
  private erased = false;
  private listed: readonly Conversation[] = [];

  /** @throws XFChatError `validation-failed` when `url` is not the address of a server */
  constructor(options: ClientOptions) {
    const { url, timeoutMs = 15_000, transports = ['websocket', 'polling'], backoff = {} } = options;
    const failed = (error: Error): void => this.events.emit('error', error);
    const storage = new OwnedStorage(
      options.storage ?? new MemoryStorage(),
      {
        failed,
        changed: (isInMemory) => this.events.emit('storage', isInMemory ? 'in-memory' : 'kept'),
        lost: () => this.lostStorage(),
        written: () => {
          if (!this.user) this.events.emit('session-available', undefined);
        },
      },
      [SESSION_KEY],
    );
    this.owned = storage;
    this.api = new Api(url, timeoutMs, options.fetch);
    const session = new Session(this.api, storage, backoff);
    const connection = new Connection({ url, session, backoff, timeoutMs, transports });
    [this.session, this.connection] = [session, connection];
    this.keeper = new MessageLists(storage, options.keepMessages ?? 200, failed);
    this.commands = new Commands({
      ...{ connection, session, backoff },
      stored: (message) => this.catchUp.takeStored(message),
    });
    this.sender = new Sender({
      ...{ storage, backoff, failed },
      deliver: (message) => this.commands.deliver(message),
      changed: (message) => this.outgoing(message),
      settled: (id) => this.changed(id),
    });
    this.catchUp = new CatchUp({
      ...{ connection, session, backoff },
      maxCatchUp: options.maxCatchUp ?? 1_000,
      checkEveryMs: options.checkEveryMs ?? 300_000,
      lists: this.lists,
      create: (id) => this.hold(new MessageList(id, this.user!.id)),
      changed: (list) => this.moved(list),
      progressed: () => this.tellStatus(),
      listed: (views) => this.order.listed(views),
      restarted: ({ conversationId, position }) => {
        // Without a position its numbers begin anew.
        if (!position) this.order.forget(conversationId);
        this.sender.reopen(conversationId);
      },
      gone: (id, error) => this.dropped(id, error),
    });
    session.on('over', ({ code, ended }) => void this.left(code, ended));
    connection.on('ready', (ready) => this.isReady(ready));
    connection.on('lost', () => this.isLost());
    connection.on('event', (event) => {
      if (event.name === 'session:revoked') {
        const { reason } = event.payload as { reason: string };
        session.over(reason === ACCOUNT_ERASED ? reason : 'session-revoked', connection.ready?.sessionId);
      }
      if (isWellAgain(event)) this.hurry();
      if (CONVERSATION_EVENT.test(event.name)) this.catchUp.take(event as ConversationEvent);
      this.events.emit('event', event);
    });
  }

  /** Listens to an event. @returns what ends that */
  on<Name extends keyof ClientEvents>(name: Name, listener: Listener<ClientEvents[Name]>): () => void {
    return this.events.on(name, listener);
  }

  /**
   * Where the application may keep things of its own, such as drafts. It is the present user's, never rejects, and is
   * emptied with everything else. The client itself uses `session`, `owner`, `outbox:…` and `conversation:…`.
   */
  get storage(): ClientStorage {
    return this.owned;
  }

  /** Who is signed in. */
  get user(): OwnUser | undefined {
    return this.session.user;
  }

  get isOnline(): boolean {
    return this.connection.ready !== undefined;
  }

  /** Whether everything is known that there is to know of all conversations. */
  get status(): CompletenessStatus {
    return this.catchUp.isComplete ? 'complete' : 'catching-up';
  }

  /**
   * All conversations that are known and not hidden, the latest activity first. Another array only when their order has
   * changed.
   */
  get conversations(): readonly Conversation[] {
    const shown = [...this.known.values()].filter(
      ({ id, isHidden }) => !isHidden && this.lists.get(id)?.position,
    );
    shown.sort((a, b) => this.order.placeOf(b.id) - this.order.placeOf(a.id) || byTime(a, b));
    return (this.listed = stable(this.listed, shown));
  }

  conversation(conversationId: string): Conversation | undefined {
    const id = conversationId.toLowerCase();
    return this.lists.get(id)?.position && this.known.get(id);
  }

  /** Makes an account, signs in and connects. @throws XFChatError such as `username-taken` */
  signUp(account: {
    readonly username: string;
    readonly password: string;
    readonly displayName?: string;
    readonly email?: string;
    /** The code of an invitation, where the server needs one. */
    readonly invitation?: string;
  }): Promise<OwnUser> {
    return this.begin('/auth/register', account);
  }

  /**
   * Signs in and connects.
   * @param credentials `login` is a username or an e-mail address
   * @throws XFChatError such as `invalid-credentials`
   */
  signIn(credentials: {
    readonly login: string;
    readonly password: string;
    readonly deviceName?: string;
  }): Promise<OwnUser> {
    return this.begin('/auth/login', credentials);
  }

  /**
   * Goes on with the session that is in the storage: also after `stop`.
   * @returns undefined when there is none: somebody has to sign in
   */
  resume(): Promise<OwnUser | undefined> {
    this.resuming ??= this.takeUp().finally(() => (this.resuming = undefined));
    return this.resuming;
  }

  /** Ends the connection and stays signed in. Resolves when the storage holds everything. */
  async stop(): Promise<void> {
    this.connection.close();
    this.session.stop();
    this.sender.stop();
    await this.keeper.flush();
  }

  /**
   * Ends the session: here at once, and at the server if it can be reached. Resolves when nothing of it is left in the
   * storage, unsent messages included.
   */
  async signOut(): Promise<void> {
    const ended = this.session.drop();
    if (!ended) return this.leaving;
    await Promise.all([this.left(SIGNED_OUT, ended), this.session.logOut(ended)]);
  }

  /**
   * Erases the account, here and on all devices. Nothing of it is left in the storage.
   * @param input `keep`: what was said stays, without a name; `remove`: it becomes tombstones
   * @throws XFChatError such as `invalid-credentials`; after `outcome-unknown` or `unreachable` it may be erased
   */
  async eraseAccount(input: {
    readonly password: string;
    readonly messages: 'keep' | 'remove';
  }): Promise<void> {
    const { generation } = this.session;
    this.erased = false;
    try {
      await this.session.request('DELETE', '/users/me', input);
    } catch (error) {
      // The socket may be faster than the answer.
      if (!this.erased) throw error;
    }
    if (generation === this.session.generation) this.session.over(ACCOUNT_ERASED);
    await this.leaving;
  }

  /**
   * Tries now what waits for the end of a pause, and asks whether anything was missed: call it when the network is
   * back, or the application comes to the front.
   */
  wake(): void {
    void this.owned.check();
    this.connection.hurry();
    this.catchUp.check();
    this.hurry();
  }

  /** Asks the server whether anything was missed; resolves once all conversations are complete. @throws XFChatError */
  check(): Promise<void> {
    this.catchUp.check();
    return this.untilComplete();
  }

  /** Resolves once all conversations are complete. @throws XFChatError when the session is over before */
  untilComplete(): Promise<void> {
    return this.until(() => this.status === 'complete');
  }

  /**
   * A conversation that may not be known yet, or that the user has hidden; waits for the connection if there is none.
   * @throws XFChatError `validation-failed` when this is no id, or `conversation-not-found`
   */
  async open(conversationId: string): Promise<Conversation> {
    const id = parseId('The id of a conversation', conversationId);
    if (!this.user) throw XFChatError.signedOut();
    let refusal: XFChatError | undefined;
    const stop = this.drops.on('dropped', (drop) => {
      if (drop.id === id) refusal = drop.error;
    });
    this.catchUp.open(id);
    await this.until(() => refusal !== undefined || this.conversation(id) !== undefined).finally(stop);
    if (refusal) throw refusal;
    return this.conversation(id)!;
  }

  /** Makes a conversation; a direct one exists once for two people. Tried a few times. @throws XFChatError */
  async createConversation(
    input:
      | { readonly type: 'direct'; readonly participantIds: readonly [string] }
      | { readonly type: 'group'; readonly title: string; readonly participantIds: readonly string[] },
  ): Promise<Conversation> {
    const body = input.type === 'group' ? { id: newId(), ...input } : input;
    const { generation } = this.session;
    const { id } = await this.commands.createConversation(body);
    const conversation = await this.open(id);
    this.session.demand(generation);
    return conversation;
  }

  /**
   * Tries a failed message again, after all that was written since. It keeps its id, unless that is what it was refused
   * for: an earlier attempt may have been stored all the same.
   */
  async retry(messageId: string): Promise<void> {
    await this.sender.retry(messageId);
  }

  /** Gives a failed message up. One that is pending may have been stored already, so it can't be taken back. */
  async discard(messageId: string): Promise<void> {
    await this.sender.discard(messageId);
  }

  /**
   * Anything else of the HTTP interface, such as friend requests. One try.
   * @param path below `/api/v1`, such as `/friends?limit=200`; ids in it are yours to check
   * @throws XFChatError the server's refusal, or `validation-failed` for a path that does not begin with a slash or contains
   *   the segments `.` or `..`
   */
  request<T>(method: string, path: string, body?: unknown): Promise<T> {
    return this.session.request<T>(method, path, body);
  }

  /** Any command of the socket, such as `conversation:read`. One try. @throws XFChatError */
  command<T>(name: string, payload: object): Promise<T> {
    return this.connection.command<T>(name, payload);
  }

  private async takeUp(): Promise<OwnUser | undefined> {
    await this.leaving;
    const isHeld = this.user !== undefined;
    const user = await this.session.restore();
    if (!user) return undefined;
    const { generation } = this.session;
    if (!isHeld && !(await this.owned.resume(user.id))) {
      if (generation === this.session.generation) this.session.drop();
      return undefined;
    }
    return this.connect(user, generation);
  }

  /** @returns undefined when the session ends meanwhile */
  private async connect(user: OwnUser, generation: number): Promise<OwnUser | undefined> {
    const isCurrent = (): boolean => generation === this.session.generation;
    if (this.lists.size === 0) {
      await this.sender.restore();
      const lists = await this.keeper.restore(user.id);
      if (!isCurrent()) return undefined;
      for (const list of lists) this.hold(list);
    }
    if (!isCurrent()) return undefined;
    this.session.start();
    this.sender.start();
    this.connection.open();
    return user;
  }

  private async begin(path: '/auth/register' | '/auth/login', body: object): Promise<OwnUser> {
    const signedIn = await this.api.request<SignedIn>('POST', path, body);
    const before = this.session.drop();
    if (before) void this.left('signed-in-again', before);
    const { generation } = this.session;
    await this.leaving;
    // What was not sent is sent now, but only in the name of whoever wrote it.
    await this.owned.claim(signedIn.user.id);
    if (generation !== this.session.generation) throw XFChatError.signedOut();
    const begun = this.session.begin(signedIn);
    const mine = this.session.generation;
    await begun;
    if (!(await this.connect(signedIn.user, mine))) throw XFChatError.signedOut();
    return signedIn.user;
  }

  /** The server answers again, sooner than it had asked to wait: what was put off is tried now. */
  private hurry(): void {
    this.catchUp.hurry();
    this.commands.hurry();
    this.sender.hurry();
  }

  private hold(list: MessageList): MessageList {
    const { session } = this;
    const { generation } = session;
    // What is done to a conversation is done by the user who has seen it, or not at all.
    const within = async <T>(work: () => Promise<T>): Promise<T> => {
      session.demand(generation);
      return work();
    };
    this.lists.set(list.conversationId, list);
    const conversation = new Conversation(list, {
      isComplete: (held) => this.catchUp.isCompleteIn(held),
      outgoing: (id) => this.sender.outgoing(id),
      send: (id, draft) => within(() => this.send(id, draft)),
      change: (id, change) => within(() => this.commands.change(id, change)),
      read: (held, path, take) => within(() => this.catchUp.read(held, path, take)),
      markRead: (id, seq, unread) => within(() => this.commands.markRead(id, seq, unread)),
    });
    this.known.set(list.conversationId, conversation);
    return list;
  }

  private isReady(ready: Ready): void {
    this.catchUp.begin(ready);
    this.sender.hurry();
    this.events.emit('connection', 'online');
  }

  private isLost(): void {
    this.catchUp.end();
    this.events.emit('connection', 'offline');
    for (const id of this.known.keys()) this.changed(id);
    this.tellStatus();
  }

  private outgoing(message: OutgoingMessage): void {
    const { conversationId, status } = message;
    this.events.emit('outgoing', message);
    this.changed(conversationId);
    // The broadcast may have come before the acknowledgement.
    const position = this.lists.get(conversationId)?.position;
    if (status === 'sent' && position) this.sender.settle(conversationId, position.seq);
  }

  private moved(list: MessageList): void {
    const { conversationId, position } = list;
    if (position) {
      this.sender.settle(conversationId, position.seq);
      this.order.reached(conversationId, position.seq);
    }
    this.keeper.keep(list);
    this.changed(conversationId);
    this.tellStatus();
  }

  private changed(conversationId: string): void {
    const conversation = this.conversation(conversationId);
    if (conversation) this.events.emit('conversation', conversation);
  }

  private dropped(conversationId: string, error: XFChatError): void {
    this.drops.emit('dropped', { id: conversationId, error });
    this.lists.delete(conversationId);
    this.order.forget(conversationId);
    this.keeper.forget(conversationId);
    this.sender.settle(conversationId, Infinity);
    if (this.known.delete(conversationId)) this.events.emit('removed', { conversationId });
    this.tellStatus();
  }

  private tellStatus(): void {
    if (this.told === this.status) return;
    this.told = this.status;
    this.events.emit('status', this.told);
  }

  private async send(conversationId: string, message: string | MessageDraft): Promise<OutgoingMessage> {
    const draft = parseDraft(message);
    return this.sender.add({ id: newId(), createdAt: new Date().toISOString(), ...draft, conversationId });
  }

  private until(isSo: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const names = ['status', 'conversation', 'removed', 'signed-out'] as const;
      const check = (): void => {
        if (this.user && !isSo()) return;
        subscriptions.forEach((stop) => stop());
        if (this.user) resolve();
        else reject(XFChatError.signedOut());
      };
      const subscriptions = names.map((name) => this.on(name, check));
      check();
    });
  }

  /**
   * The session is over: at once in memory, then in the storage. What was not sent stays there for the same user to
   * sign in again, unless the session was ended on purpose. A session that another tab has begun since is left alone.
   */
  private left(reason: string, ended: StoredSession): Promise<void> {
    this.erased = reason === ACCOUNT_ERASED;
    this.connection.close();
    this.session.stop();
    this.sender.stop();
    this.sender.clear();
    this.catchUp.clear();
    this.order.clear();
    this.lists.clear();
    this.known.clear();
    const isOwn = (stored: unknown): boolean => isAbsentOrSame(stored, ended);
    this.leaving = this.leaving.then(async () => {
      if (EMPTYING.has(reason)) {
        this.keeper.clear();
        await this.owned.clear(SESSION_KEY, isOwn);
      } else {
        await this.keeper.flush();
        await this.owned.replace(SESSION_KEY, undefined, isOwn);
        this.owned.release();
      }
    });
    this.events.emit('signed-out', { reason });
    return this.leaving;
  }

  /** Another tab has signed out, or has signed in as another user. The storage is not ours to write any more. */
  private lostStorage(): void {
    this.owned.release();
    const ended = this.session.drop();
    if (ended) void this.left(SIGNED_OUT, ended);
  }
}

/** For conversations of which the server has said nothing yet, as without a connection. */
function byTime(a: Conversation, b: Conversation): number {
  const [one, other] = [a, b].map(({ messages, createdAt }) => messages.at(-1)?.createdAt ?? createdAt);
  return one! < other! ? 1 : one === other ? 0 : -1;
}

/** The end of an outage or of maintenance, or of anything else that the server had told. */
function isWellAgain({ name, payload }: ClientEvents['event']): boolean {
  return name === 'server:status' && (payload as { status?: unknown }).status === 'ok';
}
