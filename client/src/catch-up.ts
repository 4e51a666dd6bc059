import { CatchUpMachine, type MachineOptions } from './catch-up-machine.ts';
import { CatchUpPasses, type PassesOptions } from './catch-up-passes.ts';
import { sync } from './catch-up-sync.ts';
import type { Connection } from './connection.ts';
import type { MessageList } from './message-list.ts';
import { XFChatError } from './problem.ts';
import type { Call } from './routes.ts';
import type { Session } from './session.ts';
import type { ConversationEvent, Message, Ready } from './types.ts';
import { isId } from './validate.ts';

interface CatchUpOptions extends Omit<PassesOptions, 'machine'>, Omit<MachineOptions, 'wanted' | 'renew'> {
  readonly connection: Connection;
  readonly session: Session;
  /** Interval of the regular checks for missed messages and changes, in milliseconds. */
  readonly checkEveryMs: number;
}

/**
 * Brings message lists up to date. After each `ready` it reads the list of conversations, and then asks for the changes of
 * each, 200 conversations in one request. Only these answers contain the epoch. So the data of an HTTP answer is taken only
 * after a later answer has confirmed the epoch of the socket. `docs/states.md` has the tables.
 */
export class CatchUp {
  private readonly machine: CatchUpMachine;
  private readonly passes: CatchUpPasses;
  private checkTimer: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly options: CatchUpOptions) {
    this.machine = new CatchUpMachine({
      ...options,
      wanted: () => this.passes.run(),
      renew: () => options.connection.renew(),
    });
    this.passes = new CatchUpPasses({ ...options, machine: this.machine });
  }

  /** Whether no conversation lacks anything. */
  get isComplete(): boolean {
    return this.passes.state === 'complete';
  }

  isCompleteIn({ conversationId }: MessageList): boolean {
    return this.passes.state !== 'offline' && this.entries.get(conversationId)?.state === 'current';
  }

  /** Begins with a new socket. Held lists may lack something; lists of another epoch restart. */
  begin(ready: Ready): void {
    this.end();
    for (const entry of this.entries.all()) {
      if (entry.list?.position && entry.list.epoch !== ready.epoch) this.machine.handle(entry, 'other-epoch');
    }
    // A random interval, so that many clients do not ask at the same time.
    const intervalMs = this.options.checkEveryMs * (0.9 + Math.random() * 0.2);
    this.checkTimer = setInterval(() => this.check(), intervalMs);
    this.check();
  }

  /** Asks about all held conversations. The last live event may have been lost without leaving a gap. */
  check(): void {
    for (const id of this.options.lists.keys()) this.machine.notice(this.entries.of(id));
    this.options.progressed();
    this.passes.run();
  }

  /** Forgets everything, because nobody is signed in any more. */
  clear(): void {
    this.end();
    this.entries.clear();
  }

  /** Ends a pause between passes. */
  hurry(): void {
    this.passes.hurry();
  }

  /** The socket has ended, and events are missed from now on. */
  end(): void {
    clearInterval(this.checkTimer);
    this.machine.lost();
    this.passes.forgetList();
  }

  /** Records that this conversation may lack something, and reads it. */
  markIncomplete(conversationId: string): void {
    this.machine.markIncomplete(this.entries.of(conversationId));
  }

  /** Opens a conversation for the application, even if the user has hidden it. */
  open(conversationId: string): void {
    this.machine.handle(this.entries.of(conversationId), 'opened');
  }

  /** Takes a live event. */
  receive(event: ConversationEvent): void {
    const { conversationId } = event.payload;
    if (isId(conversationId)) this.machine.receiveEvent(this.entries.of(conversationId), event);
  }

  /** Takes the acknowledged form of a message that this client has sent or changed. */
  receiveStored(message: Message): void {
    this.machine.receiveStored(this.entries.of(message.conversationId), message);
  }

  /**
   * Reads something about a conversation over HTTP, and takes it if it belongs to the same epoch.
   * @throws XFChatError `not-connected` when there is no connection, or it was lost meanwhile
   */
  async read<T>(
    list: MessageList,
    load: (call: Call) => Promise<T>,
    take: (found: T) => void,
  ): Promise<void> {
    const { connection, session, lists } = this.options;
    const { ready } = connection;
    const { conversationId } = list;
    if (!ready || !list.position) throw XFChatError.notConnected();
    const found = await load(session.call);
    const isHeld = (): boolean => connection.ready === ready && lists.get(conversationId) === list;
    const entry = this.entries.of(conversationId);
    const isCurrent = (): boolean => isHeld() && list.epoch === ready.epoch;
    if (isCurrent()) await sync({ ...this.options, machine: this.machine }, ready, [entry]);
    if (!isCurrent()) throw XFChatError.notConnected();
    take(found);
    this.machine.taken(entry, list);
  }

  private get entries(): CatchUpMachine['entries'] {
    return this.machine.entries;
  }
}
