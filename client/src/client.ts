import { Api } from './api.ts';
import { CatchUp } from './catch-up.ts';
import type { ClientEvents, ClientOptions } from './client-options.ts';
import { Commands } from './commands.ts';
import { Connection } from './connection.ts';
import type { ConversationEvent, MessageDraft, OwnUser, Ready, SignedIn } from './contract.ts';
import { Conversation, type CompletenessStatus } from './conversation.ts';
import { Emitter, type Listener } from './emitter.ts';
import { newId } from './new-id.ts';
import type { OutgoingMessage } from './outbox.ts';
import { XFChatError } from './problem.ts';
import { Sender } from './sender.ts';
import { Session } from './session.ts';
import { MemoryStorage, type ClientStorage } from './storage.ts';
import { Timeline } from './timeline.ts';
import { TimelineKeeper } from './timeline-keeper.ts';
import { parseDraft, parseId } from './validate.ts';

/** Whose data the storage holds. */
const OWNER = 'owner';
/** Of a session that has ended with its account. */
const ACCOUNT_ERASED = 'account-erased';
const CONVERSATION_EVENT = /^(message|participant|conversation):/;

/** A signed-in device: one user, one session, one connection, all conversations. See the README. */
export class XFChatClient {
  private readonly events = new Emitter<ClientEvents>();
  private readonly timelines = new Map<string, Timeline>();
  private readonly known = new Map<string, Conversation>();
  private readonly storage: ClientStorage;
  private readonly api: Api;
  private readonly session: Session;
  private readonly connection: Connection;
  private readonly commands: Commands;
  private readonly sender: Sender;
  private readonly catchUp: CatchUp;
  private readonly keeper: TimelineKeeper;
  /** Why conversations were dropped; for `open`, which may be waiting for one. */
  private readonly drops = new Emitter<{ dropped: { readonly id: string; readonly error: XFChatError } }>();
  private told: CompletenessStatus = 'catching-up';

  /** @throws XFChatError `validation-failed` when `url` is not the address of a server */
  constructor(options: ClientOptions) {
    const { url, timeoutMs = 15_000, transports = ['websocket', 'polling'], backoff = {} } = options;
    const storage = options.storage ?? new MemoryStorage();
    const failed = (error: Error): void => this.events.emit('error', error);
    this.storage = storage;
    this.api = new Api(url, timeoutMs, options.fetch);
    const session = new Session(this.api, storage, backoff);
    const connection = new Connection({ url, session, backoff, timeoutMs, transports });
    [this.session, this.connection] = [session, connection];
    this.keeper = new TimelineKeeper(storage, options.keepMessages ?? 200, failed);
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
      timelines: this.timelines,
      create: (id) => this.hold(new Timeline(id, this.user!.id)),
      changed: (timeline) => this.moved(timeline),
      progressed: () => this.tellStatus(),
      restarted: ({ conversationId }) => this.sender.reopen(conversationId),
      gone: (id, error) => this.dropped(id, error),
    });
    session.on('over', (reason) => void this.left(reason));
    connection.on('ready', (ready) => this.isReady(ready));
    connection.on('lost', () => this.isLost());
    connection.on('event', (event) => {
      if (event.name === 'session:revoked') {
        const { reason } = event.payload as { reason: string };
        void session.over(reason === ACCOUNT_ERASED ? reason : 'session-revoked');
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

  /** All conversations that are known, the latest activity first. */
  get conversations(): Conversation[] {
    const activity = ({ messages, createdAt }: Conversation): string =>
      messages.at(-1)?.createdAt ?? createdAt;
    const shown = [...this.known.values()].filter(({ id }) => this.timelines.get(id)?.position);
    return shown.sort((a, b) => (activity(a) < activity(b) ? 1 : -1));
  }

  conversation(conversationId: string): Conversation | undefined {
    const id = conversationId.toLowerCase();
    return this.timelines.get(id)?.position && this.known.get(id);
  }

  /** Makes an account, signs in and connects. @throws XFChatError such as `username-taken` */
  signUp(account: {
    readonly username: string;
    readonly password: string;
    readonly displayName?: string;
    readonly email?: string;
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
  async resume(): Promise<OwnUser | undefined> {
    const user = await this.session.restore();
    if (!user) return undefined;
    if (this.timelines.size === 0) {
      await this.sender.restore();
      for (const timeline of await this.keeper.restore(user.id)) this.hold(timeline);
    }
    this.session.start();
    this.sender.start();
    this.connection.open();
    return user;
  }

  /** Ends the connection and stays signed in. Resolves when the storage holds everything. */
  async stop(): Promise<void> {
    this.connection.close();
    this.session.stop();
    this.sender.stop();
    await this.keeper.flush();
  }

  /** Ends the session. Nothing of it is left in the storage, unsent messages included. */
  async signOut(): Promise<void> {
    await this.session.end();
    await this.left('signed-out');
    await this.forgetEverything();
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
    await this.session.request('DELETE', '/users/me', input);
    await this.session.over(ACCOUNT_ERASED);
  }

  /**
   * Tries now what waits for the end of a pause, and asks whether anything was missed: call it when the network is
   * back, or the application comes to the front.
   */
  wake(): void {
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
   * A conversation that may not be known yet; waits for the connection if there is none.
   * @throws XFChatError `validation-failed` when this is no id, or `conversation-not-found`
   */
  async open(conversationId: string): Promise<Conversation> {
    const id = parseId('The id of a conversation', conversationId);
    if (!this.user) throw XFChatError.signedOut();
    let refusal: XFChatError | undefined;
    const stop = this.drops.on('dropped', (drop) => {
      if (drop.id === id) refusal = drop.error;
    });
    if (!this.timelines.has(id)) this.catchUp.want(id);
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
    const { id } = await this.commands.createConversation(body);
    return this.open(id);
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

  private async begin(path: '/auth/register' | '/auth/login', body: object): Promise<OwnUser> {
    const signedIn = await this.api.request<SignedIn>('POST', path, body);
    if (this.user) await this.left('signed-in-again');
    // What was not sent is sent now, but only in the name of whoever wrote it.
    if ((await this.storage.get(OWNER)) !== signedIn.user.id) await this.forgetEverything();
    await this.storage.set(OWNER, signedIn.user.id);
    await this.session.begin(signedIn);
    await this.resume();
    return signedIn.user;
  }

  /** The server answers again, sooner than it had asked to wait: what was put off is tried now. */
  private hurry(): void {
    this.catchUp.hurry();
    this.commands.hurry();
    this.sender.hurry();
  }

  private hold(timeline: Timeline): Timeline {
    this.timelines.set(timeline.conversationId, timeline);
    const conversation = new Conversation(timeline, {
      isComplete: (held) => this.catchUp.isCompleteIn(held),
      outgoing: (id) => this.sender.outgoing(id),
      send: (id, draft) => this.send(id, draft),
      change: (id, change) => this.commands.change(id, change),
      read: (held, path, take) => this.catchUp.read(held, path, take),
      markRead: (id, seq, unread) => this.commands.markRead(id, seq, unread),
    });
    this.known.set(timeline.conversationId, conversation);
    return timeline;
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
    const position = this.timelines.get(conversationId)?.position;
    if (status === 'sent' && position) this.sender.settle(conversationId, position.seq);
  }

  private moved(timeline: Timeline): void {
    const { conversationId, position } = timeline;
    if (position) this.sender.settle(conversationId, position.seq);
    this.keeper.keep(timeline);
    this.changed(conversationId);
    this.tellStatus();
  }

  private changed(conversationId: string): void {
    const conversation = this.conversation(conversationId);
    if (conversation) this.events.emit('conversation', conversation);
  }

  private dropped(conversationId: string, error: XFChatError): void {
    this.drops.emit('dropped', { id: conversationId, error });
    this.timelines.delete(conversationId);
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
    if (!this.user) throw XFChatError.signedOut();
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

  /** The session is over. What was not sent stays in the storage, for the same user to sign in again, if there is one. */
  private async left(reason: string): Promise<void> {
    await this.stop();
    this.timelines.clear();
    this.known.clear();
    if (reason === ACCOUNT_ERASED) await this.forgetEverything();
    this.events.emit('signed-out', { reason });
  }

  private async forgetEverything(): Promise<void> {
    for (const key of await this.storage.keys('')) await this.storage.delete(key);
  }
}

/** The end of an outage or of maintenance, or of anything else that the server had told. */
function isWellAgain({ name, payload }: ClientEvents['event']): boolean {
  return name === 'server:status' && (payload as { status?: unknown }).status === 'ok';
}
