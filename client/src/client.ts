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

  /** Listens to an event. @returns what ends that */
  on<Name extends keyof ClientEvents>(name: Name, listener: Listener<ClientEvents[Name]>): () => void {
    return this.parts.events.on(name, listener);
  }

  /**
   * Where the application may keep things of its own, such as drafts. It is the present user's, never rejects, and is
   * emptied with everything else. The client itself uses `session`, `owner`, `outbox:…` and `conversation:…`.
   */
  get storage(): ClientStorage {
    return this.parts.storage;
  }

  /** Who is signed in. */
  get user(): OwnUser | undefined {
    return this.parts.session.user;
  }

  get isOnline(): boolean {
    return this.parts.connection.ready !== undefined;
  }

  /** Whether everything is known that there is to know of all conversations. */
  get status(): CompletenessStatus {
    return this.parts.status;
  }

  /**
   * All conversations that are known and not hidden, the latest activity first. Another array only when their order has
   * changed.
   */
  get conversations(): readonly Conversation[] {
    return this.parts.known.shown;
  }

  conversation(conversationId: string): Conversation | undefined {
    return this.parts.known.get(conversationId);
  }

  /** Makes an account, signs in and connects. @throws XFChatError such as `username-taken` */
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
   * Goes on with the session that is in the storage: also after `stop`.
   * @returns undefined when there is none: somebody has to sign in
   */
  resume(): Promise<OwnUser | undefined> {
    return this.parts.account.resume();
  }

  /** Ends the connection and stays signed in. Resolves when the storage holds everything. */
  stop(): Promise<void> {
    return this.parts.account.stop();
  }

  /**
   * Ends the session: here at once, and at the server if it can be reached. Resolves when nothing of it is left in the
   * storage, unsent messages included.
   */
  signOut(): Promise<void> {
    return this.parts.account.signOut();
  }

  /**
   * Erases the account, here and on all devices. Nothing of it is left in the storage.
   * @param input `keep`: what was said stays, without a name; `remove`: it becomes tombstones
   * @throws XFChatError such as `invalid-credentials`; after `outcome-unknown` or `unreachable` it may be erased
   */
  eraseAccount(input: { readonly password: string; readonly messages: 'keep' | 'remove' }): Promise<void> {
    return this.parts.account.erase(input);
  }

  /**
   * Tries now what waits for the end of a pause, and asks whether anything was missed: call it when the network is
   * back, or the application comes to the front.
   */
  wake(): void {
    void this.parts.storage.check();
    this.parts.connection.hurry();
    this.parts.catchUp.check();
    this.parts.hurry();
  }

  /** Asks the server whether anything was missed; resolves once all conversations are complete. @throws XFChatError */
  check(): Promise<void> {
    this.parts.catchUp.check();
    return this.untilComplete();
  }

  /** Resolves once all conversations are complete. @throws XFChatError when the session is over before */
  untilComplete(): Promise<void> {
    return this.parts.until(() => this.status === 'complete');
  }

  /**
   * A conversation that may not be known yet, or that the user has hidden; waits for the connection if there is none.
   * @throws XFChatError `validation-failed` when this is no id, or `conversation-not-found`
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

  /** Makes a conversation; a direct one exists once for two people. Tried a few times. @throws XFChatError */
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
   * Tries a failed message again, after all that was written since. It keeps its id, unless that is what it was refused
   * for: an earlier attempt may have been stored all the same.
   */
  async retry(messageId: string): Promise<void> {
    await this.parts.sender.retry(messageId);
  }

  /** Gives a failed message up. One that is pending may have been stored already, so it can't be taken back. */
  async discard(messageId: string): Promise<void> {
    await this.parts.sender.discard(messageId);
  }

  /** Friends, requests and blocks. As with conversations, whoever keeps this asks as the present user, and never as the next. */
  get friends(): Friends {
    return new Friends(this.parts.session.callOfUser);
  }

  /** The user's own profile, password and devices; of the present user, like `friends`. */
  get profile(): Profile {
    return new Profile(this.parts.session.callOfUser);
  }

  /** Other users; asked for by the present user, like `friends`. */
  get users(): Users {
    return new Users(this.parts.session.callOfUser);
  }

  /** Finding messages; asked for by the present user, like `friends`. */
  get search(): Search {
    return new Search(this.parts.session.callOfUser);
  }

  /** Who is there, of those whom one watches, and whether somebody is at this device. */
  get presence(): PresenceWatch {
    return this.parts.presence;
  }

  /** Who types where, and saying that one does. */
  get typing(): Typing {
    return this.parts.typing;
  }

  /**
   * Any request of the HTTP interface. One try. The other methods name what this version of the server has.
   * @param path below `/api/v1`, such as `/friends?limit=200`; ids in it are yours to check
   * @throws XFChatError the server's refusal, or `validation-failed` for a path that does not begin with a slash or contains
   *   the segments `.` or `..`
   */
  request<T>(method: string, path: string, body?: unknown): Promise<T> {
    return this.parts.session.request<T>(method, path, body);
  }

  /** A command of the socket, such as `conversation:read`. One try. @throws XFChatError */
  command<Name extends keyof Commands>(
    name: Name,
    payload: Commands[Name]['payload'],
  ): Promise<Commands[Name]['answer']> {
    return this.parts.connection.command(name, payload);
  }
}
