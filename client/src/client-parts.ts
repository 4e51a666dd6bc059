import { Account } from './account.ts';
import { Api } from './api.ts';
import { CatchUp } from './catch-up.ts';
import type { ClientEvents, ClientOptions } from './client-options.ts';
import { Commands } from './commands.ts';
import { Connection } from './connection.ts';
import type { CompletenessStatus, ConversationHost } from './conversation.ts';
import { Emitter } from './emitter.ts';
import { KnownConversations } from './known-conversations.ts';
import { MessageList } from './message-list.ts';
import { MessageLists } from './message-lists.ts';
import { newId } from './new-id.ts';
import { OwnedStorage } from './owned-storage.ts';
import { PresenceWatch } from './presence.ts';
import { XFChatError } from './problem.ts';
import { Sender } from './sender.ts';
import { Session, SESSION_KEY } from './session.ts';
import { MemoryStorage } from './storage.ts';
import type { ConversationEvent, Ready } from './types.ts';
import { Typing } from './typing.ts';
import { parseDraft } from './validate.ts';

const CONVERSATION_EVENT = /^(message|participant|conversation):/;

/** Creates the parts of a client and connects them. */
export class ClientParts {
  readonly events = new Emitter<ClientEvents>();
  readonly api: Api;
  readonly storage: OwnedStorage;
  readonly session: Session;
  readonly connection: Connection;
  readonly commands: Commands;
  readonly sender: Sender;
  readonly known: KnownConversations;
  readonly catchUp: CatchUp;
  readonly account: Account;
  readonly presence: PresenceWatch;
  readonly typing: Typing;
  /** The status that was last emitted to the application. */
  private told: CompletenessStatus = 'catching-up';

  /** @throws XFChatError `validation-failed` when `url` is not the address of a server */
  constructor(options: ClientOptions) {
    const { url, timeoutMs = 15_000, transports = ['websocket', 'polling'], backoff = {} } = options;
    const failed = (error: Error): void => this.events.emit('error', error);
    const host = {
      failed,
      changed: (isInMemory: boolean) => this.events.emit('storage', isInMemory ? 'in-memory' : 'kept'),
      lost: (reason?: string) => this.account.lostStorage(reason),
      written: () => this.account.sessionStored(),
    };
    const storage = new OwnedStorage(options.storage ?? new MemoryStorage(), host, [SESSION_KEY]);
    this.api = new Api(url, timeoutMs, options.fetch);
    const session = new Session(this.api, storage, backoff);
    const connection = new Connection({ url, session, backoff, timeoutMs, transports });
    const keeper = new MessageLists(storage, options.keepMessages ?? 200, failed);
    const shared = { connection, session, backoff };
    this.presence = new PresenceWatch(connection);
    this.typing = new Typing(connection);
    this.commands = new Commands({ ...shared, stored: (message) => this.catchUp.receiveStored(message) });
    const sender = new Sender({
      ...{ storage, backoff, failed },
      deliver: (message) => this.commands.deliver(message),
      changed: (message) => {
        this.events.emit('outgoing', message);
        this.known.takeOutgoing(message);
      },
      settled: (id) => this.known.changed(id),
    });
    const known = new KnownConversations({ sender, keeper, host: () => this.hostOfConversation() });
    this.catchUp = new CatchUp({
      ...shared,
      maxCatchUp: options.maxCatchUp ?? 1_000,
      checkEveryMs: options.checkEveryMs ?? 300_000,
      lists: known.lists,
      create: (id) => known.hold(new MessageList(id, session.user!.id)),
      changed: (list) => {
        known.moved(list);
        this.tellStatus();
      },
      progressed: () => this.tellStatus(),
      listed: (views) => known.takeOrder(views),
      restarted: (list) => known.restarted(list),
      gone: (id, error) => {
        known.drop(id, error);
        this.tellStatus();
      },
    });
    this.account = new Account({
      ...{ session, connection, sender, storage },
      restore: (user, isCurrent) => known.restore(user, isCurrent),
      flush: () => keeper.flush(),
      discard: () => keeper.clear(),
      clear: () => {
        sender.clear();
        this.catchUp.clear();
        this.presence.clear();
        this.typing.clear();
        known.clear();
      },
    });
    [this.storage, this.session, this.connection] = [storage, session, connection];
    [this.sender, this.known] = [sender, known];
    this.forwardEvents();
  }

  /** `complete` when no conversation lacks anything. */
  get status(): CompletenessStatus {
    return this.catchUp.isComplete ? 'complete' : 'catching-up';
  }

  /** Ends all pauses: the server answers again, maybe sooner than its `Retry-After` said. */
  hurry(): void {
    this.catchUp.hurry();
    this.commands.hurry();
    this.sender.hurry();
  }

  /** Resolves once `isSo` is true. @throws XFChatError `signed-out` when the session ends before that */
  until(isSo: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const names = ['status', 'conversation', 'removed', 'signed-out'] as const;
      const check = (): void => {
        const { user } = this.session;
        if (user && !isSo()) return;
        subscriptions.forEach((stop) => stop());
        if (user) resolve();
        else reject(XFChatError.signedOut());
      };
      const subscriptions = names.map((name) => this.events.on(name, check));
      check();
    });
  }

  private forwardEvents(): void {
    const { events, connection, known, account } = this;
    known.on('changed', (conversation) => events.emit('conversation', conversation));
    known.on('removed', (removed) => events.emit('removed', removed));
    account.on('left', (left) => events.emit('signed-out', left));
    account.on('session-available', () => events.emit('session-available', undefined));
    this.presence.on('changed', (changed) => events.emit('presence', changed));
    this.typing.on('changed', (changed) => events.emit('typing', changed));
    connection.on('ready', (ready) => this.connected(ready));
    connection.on('lost', () => this.disconnected());
    connection.on('event', (event) => this.take(event));
  }

  private connected(ready: Ready): void {
    this.catchUp.begin(ready);
    this.sender.hurry();
    this.events.emit('connection', 'online');
  }

  private disconnected(): void {
    this.catchUp.end();
    this.events.emit('connection', 'offline');
    this.known.allChanged();
    this.tellStatus();
  }

  private take(event: ClientEvents['event']): void {
    if (event.name === 'session:revoked') {
      const { reason } = event.payload as { reason: string };
      const code = reason === 'account-erased' ? reason : 'session-revoked';
      this.session.over(code, this.connection.ready?.sessionId);
    }
    if (isWellAgain(event)) this.hurry();
    if (CONVERSATION_EVENT.test(event.name)) this.catchUp.receive(event as ConversationEvent);
    this.events.emit('event', event);
  }

  /** A conversation acts for the user it was created for. After another user has signed in, its calls are rejected. */
  private hostOfConversation(): ConversationHost {
    const { session, commands, sender, catchUp } = this;
    const { generation } = session;
    const within = async <T>(work: () => Promise<T>): Promise<T> => {
      session.demand(generation);
      return work();
    };
    return {
      isComplete: (list) => catchUp.isCompleteIn(list),
      outgoing: (id) => sender.outgoing(id),
      send: (conversationId, message) =>
        within(async () => {
          const draft = parseDraft(message);
          return sender.add({ id: newId(), createdAt: new Date().toISOString(), ...draft, conversationId });
        }),
      change: (id, change) => within(() => commands.change(id, change)),
      read: (list, load, take) => within(() => catchUp.read(list, load, take)),
      call: session.callOfUser,
      markRead: (id, seq, unread) => within(() => commands.markRead(id, seq, unread)),
    };
  }

  private tellStatus(): void {
    if (this.told === this.status) return;
    this.told = this.status;
    this.events.emit('status', this.told);
  }
}

/** Whether the event says that an outage or maintenance is over. */
function isWellAgain({ name, payload }: ClientEvents['event']): boolean {
  return name === 'server:status' && (payload as { status?: unknown }).status === 'ok';
}
