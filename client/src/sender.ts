import { Backoff, Pause, type BackoffOptions } from './backoff.ts';
import type { Message } from './types.ts';
import { newId } from './new-id.ts';
import { Outbox, type NewMessage, type OutgoingMessage } from './outbox.ts';
import { A_FEW, toError, XFChatError } from './problem.ts';
import type { ClientStorage } from './storage.ts';

const PREFIX = 'outbox:';

interface SenderOptions {
  readonly storage: ClientStorage;
  readonly backoff: BackoffOptions;
  /** Makes one attempt. Returns the stored message or throws an XFChatError. */
  readonly deliver: (message: OutgoingMessage) => Promise<Message>;
  /** The status of a message has changed. */
  readonly changed: (message: OutgoingMessage) => void;
  /** A message of this conversation has left the outbox. */
  readonly settled: (conversationId: string) => void;
  /** A read or write of the storage has failed. */
  readonly failed: (error: Error) => void;
}

/**
 * Sends each message of the outbox until it is acknowledged or rejected, in order within each conversation. A message stays
 * in the storage until its conversation holds it. After a restart it is sent again with the same id.
 */
export class Sender {
  private outbox = new Outbox();
  private readonly pause = new Pause();
  private readonly busy = new Set<string>();
  private isActive = false;

  constructor(private readonly options: SenderOptions) {}

  outgoing(conversationId: string): OutgoingMessage[] {
    return this.outbox.of(conversationId);
  }

  /** Loads the messages that an earlier run has stored. */
  async restore(): Promise<void> {
    const keys = await this.options.storage.keys(PREFIX);
    const entries = await Promise.all(keys.map((key) => this.options.storage.get(key)));
    // Another tab may have deleted some of them meanwhile.
    this.outbox = new Outbox(entries.filter((entry) => entry !== undefined) as OutgoingMessage[]);
  }

  start(): void {
    this.isActive = true;
    this.hurry();
  }

  /** Drops the messages in memory, because their user is not signed in any more. */
  clear(): void {
    this.outbox = new Outbox();
  }

  /** Stops sending. Pending messages stay in the storage. */
  stop(): void {
    this.isActive = false;
    this.pause.wake();
  }

  /** Ends all pauses and tries again now. */
  hurry(): void {
    this.pause.wake();
    for (const conversationId of this.outbox.waiting) void this.flush(conversationId);
  }

  /**
   * Adds a message and resolves once it is kept on this device. A later run sends it too. If the storage fails, the message
   * is sent from memory.
   */
  async add(message: NewMessage): Promise<OutgoingMessage> {
    const entry = this.outbox.add(message);
    // Store it before sending: if the application ended in between, the user would not see it and would write it again.
    // A failure of the storage is reported only: the outbox has the message and sends it.
    await this.keep(entry).catch(this.options.failed);
    void this.flush(entry.conversationId);
    return entry;
  }

  /** Sends a failed message again, behind all messages written since. */
  async retry(id: string): Promise<void> {
    const [failed] = this.removeFailed(id);
    if (!failed) return;
    const { status: _, problem, order: __, ...message } = failed;
    // Keep the id, because an earlier attempt may have been stored. Only a rejected id is replaced.
    const isTaken = problem?.code === 'message-id-conflict';
    await this.add({ ...message, id: isTaken ? newId() : id });
    if (isTaken) await this.forget([failed]);
  }

  /** Deletes a failed message. A pending one stays, because the server may have stored it already. */
  async discard(id: string): Promise<void> {
    await this.forget(this.removeFailed(id));
  }

  /** Removes sent messages up to `seq`, because the conversation holds them now. */
  settle(conversationId: string, seq: number): void {
    const settled = this.outbox.remove(
      (entry) =>
        entry.conversationId === conversationId && entry.status === 'sent' && (entry.seq ?? 0) <= seq,
    );
    this.forget(settled).catch(this.options.failed);
  }

  /** Sends acknowledged messages again, because the conversation restarts and may lack them. */
  reopen(conversationId: string): void {
    for (const entry of this.outbox.reopen(conversationId)) this.options.changed(entry);
    void this.flush(conversationId);
  }

  private async flush(conversationId: string): Promise<void> {
    if (this.busy.has(conversationId)) return;
    this.busy.add(conversationId);
    const backoff = new Backoff(this.options.backoff);
    const next = (): OutgoingMessage | undefined =>
      this.isActive ? this.outbox.next(conversationId) : undefined;
    let failures = 0;
    for (let message = next(); message; message = next()) {
      const isDone = await this.attempt(message, backoff, failures);
      failures = isDone ? 0 : failures + 1;
    }
    this.busy.delete(conversationId);
  }

  /** @returns whether this message needs no further attempt */
  private async attempt(message: OutgoingMessage, backoff: Backoff, failures: number): Promise<boolean> {
    const { outbox } = this;
    const result = await this.options.deliver(message).catch(toError);
    if (!this.isActive || outbox !== this.outbox) return true; // a later run finds it pending and sends it again
    if (result instanceof XFChatError) {
      const isFinal = result.handling === 'never' || (result.handling === 'a-few' && failures + 1 >= A_FEW);
      if (!isFinal) {
        await this.pause.wait(backoff.next(result.retryAfterMs));
        return false;
      }
      await this.keep(outbox.refuse(message.id, result.problem)!).catch(this.options.failed);
    } else this.options.changed(outbox.acknowledge(message.id, result.seq)!);
    backoff.reset();
    return true;
  }

  private removeFailed(id: string): OutgoingMessage[] {
    return this.outbox.remove((entry) => entry.id === id && entry.status === 'failed');
  }

  private async keep(entry: OutgoingMessage): Promise<void> {
    this.options.changed(entry);
    await this.options.storage.set(PREFIX + entry.id, entry);
  }

  private async forget(entries: readonly OutgoingMessage[]): Promise<void> {
    for (const entry of entries) {
      this.options.settled(entry.conversationId);
      await this.options.storage.delete(PREFIX + entry.id);
    }
  }
}
