import type { ClientEvents, ClientOptions } from './client-options.ts';
import { ClientParts } from './client-parts.ts';
import type { CompletenessStatus, Conversation } from './conversation.ts';
import type { Listener } from './emitter.ts';
import { newId } from './new-id.ts';
import { XFChatError } from './problem.ts';
import { Friends, Users } from './people.ts';
import type { PresenceWatch } from './presence.ts';
import { Profile } from './profile.ts';
import { Search } from './search.ts';
import type { ClientStorage } from './storage.ts';
import type { OwnUser, WithoutNull } from './types.ts';
import type { Typing } from './typing.ts';
import { parseId } from './validate.ts';
import type { Commands, Login, Register } from './wire.generated.ts';

/** A signed-in device: one user, one session, one connection, all conversations. See the README. */
export class XFChatClient {
  private readonly parts: ClientParts;

  /** @throws XFChatError `validation-failed` when `url` is not the address of a server */
  constructor(options: ClientOptions) {
    this.parts = new ClientParts(options);
  }

  /** Subscribes to an event. @returns a function that unsubscribes */
  on<Name extends keyof ClientEvents>(name: Name, listener: Listener<ClientEvents[Name]>): () => void {
    return this.parts.events.on(name, listener);
  }

  /**
   * The application may store its own data here, such as drafts. The storage belongs to the current user, never rejects,
   * and is emptied together with the client's own data. The client itself uses the keys `session`, `owner`, `outbox:…` and
   * `conversation:…`.
   */
  get storage(): ClientStorage {
    return this.parts.storage;
  }

  /** The user who is signed in; undefined when nobody is. */
  get user(): OwnUser | undefined {
    return this.parts.session.user;
  }

  /** Whether a socket is ready, so that commands can be sent. */
  get isOnline(): boolean {
    return this.parts.connection.ready !== undefined;
  }

  /** `complete` when no conversation lacks anything; `catching-up` otherwise, also without a connection. */
  get status(): CompletenessStatus {
    return this.parts.status;
  }

  /**
   * All known conversations that are not hidden, the latest activity first. The array is a new one only when its entries or
   * their order have changed.
   */
  get conversations(): readonly Conversation[] {
    return this.parts.known.shown;
  }

  /** A conversation that the client holds; undefined when it does not know it. `open` fetches one. */
  conversation(conversationId: string): Conversation | undefined {
    return this.parts.known.get(conversationId);
  }

  /** Creates an account, signs in and connects. @throws XFChatError such as `username-taken` */
  signUp(account: WithoutNull<Register>): Promise<OwnUser> {
    const { account: own, api } = this.parts;
    return own.begin(api.call('POST /auth/register', { body: account }));
  }

  /**
   * Signs in and connects.
   * @param credentials `login` is a username or an e-mail address
   * @throws XFChatError such as `invalid-credentials`
   */
  signIn(credentials: WithoutNull<Login>): Promise<OwnUser> {
    const { account, api } = this.parts;
    return account.begin(api.call('POST /auth/login', { body: credentials }));
  }

  /**
   * Continues with the session in the storage, also after `stop`.
   * @returns the user, or undefined when the storage has no session and somebody has to sign in
   */
  resume(): Promise<OwnUser | undefined> {
    return this.parts.account.resume();
  }

  /** Disconnects and stays signed in. Resolves when everything is stored. */
  stop(): Promise<void> {
    return this.parts.account.stop();
  }

  /**
   * Ends the session: here at once, and on the server if it can be reached. Resolves when the storage holds nothing of it
   * any more. Unsent messages are deleted too.
   */
  signOut(): Promise<void> {
    return this.parts.account.signOut();
  }

  /**
   * Erases the account, signs out all its devices and empties the storage.
   * @param input `messages: 'keep'` keeps the user's messages without a sender; `'remove'` turns them into tombstones
   * @throws XFChatError such as `invalid-credentials`. After `outcome-unknown` or `unreachable` the account may be erased.
   */
  eraseAccount(input: { readonly password: string; readonly messages: 'keep' | 'remove' }): Promise<void> {
    return this.parts.account.erase(input);
  }

  /**
   * Ends all pauses between attempts, and asks the server whether anything was missed. Call it when the network is back, or
   * when the application comes to the front.
   */
  wake(): void {
    void this.parts.storage.check();
    this.parts.connection.hurry();
    this.parts.catchUp.check();
    this.parts.hurry();
  }

  /**
   * Asks the server whether anything was missed. Resolves once all conversations are complete.
   * @throws XFChatError `signed-out` when the session ends before that
   */
  check(): Promise<void> {
    this.parts.catchUp.check();
    return this.untilComplete();
  }

  /** Resolves once all conversations are complete. @throws XFChatError `signed-out` when the session ends before that */
  untilComplete(): Promise<void> {
    return this.parts.until(() => this.status === 'complete');
  }

  /**
   * Fetches a conversation, also one that the user has hidden. Waits for a connection if there is none.
   * @throws XFChatError `validation-failed` for anything but a UUID, `conversation-not-found`, or `signed-out`
   */
  async open(conversationId: string): Promise<Conversation> {
    const id = parseId('The id of a conversation', conversationId);
    if (!this.user) throw XFChatError.signedOut();
    let refusal: XFChatError | undefined;
    const stop = this.parts.known.on('dropped', (drop) => {
      if (drop.id === id) refusal = drop.error;
    });
    this.parts.catchUp.open(id);
    await this.parts.until(() => refusal !== undefined || this.conversation(id) !== undefined).finally(stop);
    if (refusal) throw refusal;
    return this.conversation(id)!;
  }

  /**
   * Creates a conversation. Two people share at most one direct conversation: if it exists, it is returned. The client makes
   * a few attempts.
   * @throws XFChatError
   */
  async createConversation(
    input:
      | { readonly type: 'direct'; readonly participantIds: readonly [string] }
      | { readonly type: 'group'; readonly title: string; readonly participantIds: readonly string[] },
  ): Promise<Conversation> {
    const body = input.type === 'group' ? { id: newId(), ...input } : input;
    const { session, commands } = this.parts;
    const { generation } = session;
    const { id } = await commands.createConversation(body);
    const conversation = await this.open(id);
    session.demand(generation);
    return conversation;
  }

  /**
   * Sends a failed message again, behind all messages written since. The message keeps its id, because an earlier attempt
   * may have been stored. It gets a new one only if its id was refused.
   */
  async retry(messageId: string): Promise<void> {
    await this.parts.sender.retry(messageId);
  }

  /** Deletes a failed message. A pending one stays: the server may have stored it already. */
  async discard(messageId: string): Promise<void> {
    await this.parts.sender.discard(messageId);
  }

  /**
   * Friends, friend requests and blocks. The object belongs to the user who is signed in now. Once another user has signed in,
   * its calls reject with `signed-out`.
   */
  get friends(): Friends {
    return new Friends(this.parts.session.callOfUser);
  }

  /** The user's own profile, password and devices. It belongs to the current user, as `friends` does. */
  get profile(): Profile {
    return new Profile(this.parts.session.callOfUser);
  }

  /** Finds other users. It belongs to the current user, as `friends` does. */
  get users(): Users {
    return new Users(this.parts.session.callOfUser);
  }

  /** Finds messages. It belongs to the current user, as `friends` does. */
  get search(): Search {
    return new Search(this.parts.session.callOfUser);
  }

  /** Watches the presence of other users, and reports whether the user is at this device. */
  get presence(): PresenceWatch {
    return this.parts.presence;
  }

  /** Tells which users are typing in a conversation, and reports that this user is. */
  get typing(): Typing {
    return this.parts.typing;
  }

  /**
   * Sends any request of the HTTP API, in one attempt. Use it for routes that this client has no method for.
   * @param path below `/api/v1`, such as `/friends?limit=200`. The client does not check ids in it.
   * @throws XFChatError the server's problem, or `validation-failed` for a path that does not begin with a slash or contains
   *   the segments `.` or `..`
   */
  request<T>(method: string, path: string, body?: unknown): Promise<T> {
    return this.parts.session.request<T>(method, path, body);
  }

  /**
   * Sends a command over the socket, such as `conversation:read`, in one attempt.
   * @throws XFChatError the server's problem, `not-connected`, or `unreachable` when no acknowledgement came in time
   */
  command<Name extends keyof Commands>(
    name: Name,
    payload: Commands[Name]['payload'],
  ): Promise<Commands[Name]['answer']> {
    return this.parts.connection.command(name, payload);
  }
}
