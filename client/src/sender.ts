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
  /** One attempt. Answers the message as stored, or throws. */
  readonly deliver: (message: OutgoingMessage) => Promise<Message>;
  /** A message has another status. */
  readonly changed: (message: OutgoingMessage) => void;
  /** There are fewer outgoing messages in this conversation. */
  readonly settled: (conversationId: string) => void;
  /** The storage has failed. */
  readonly failed: (error: Error) => void;
}

/**
 * Sends what is in the outbox until it is acknowledged or refused, in order within each conversation. A message is kept
 * in the storage until its conversation holds it: an application that restarts sends it once more, with the same id.
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

  /** Takes up what an earlier run has left. */
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

  /** Forgets what is held in memory: it belongs to a user who is not signed in any more. */
  clear(): void {
    this.outbox = new Outbox();
  }

  /** What is pending stays in the storage. */
  stop(): void {
    this.isActive = false;
    this.pause.wake();
  }

  /** There is a new chance: pauses end. */
  hurry(): void {
    this.pause.wake();
    for (const conversationId of this.outbox.waiting) void this.flush(conversationId);
  }

  /**
   * Resolves once the message is kept on this device, from where it will be sent, also by a later run. What the storage
   * does not take is kept in memory and sent from there.
   */
  async add(message: NewMessage): Promise<OutgoingMessage> {
    const entry = this.outbox.add(message);
    // Sent only after it is kept: otherwise somebody whose application ends in between would write it a second time.
    // What the storage does not take is in the outbox all the same: it is sent, and must not be written once more.
    await this.keep(entry).catch(this.options.failed);
    void this.flush(entry.conversationId);
    return entry;
  }

  /** Tries a failed message again, after all that was written since. */
  async retry(id: string): Promise<void> {
    const [failed] = this.removeFailed(id);
    if (!failed) return;
    const { status: _, problem, order: __, ...message } = failed;
    // An earlier attempt may have been stored all the same: so it keeps its id, unless it was refused for that.
    const isTaken = problem?.code === 'message-id-conflict';
    await this.add({ ...message, id: isTaken ? newId() : id });
    if (isTaken) await this.forget([failed]);
  }

  /** Forgets a message that has failed. One that is pending may have been stored already: it can't be taken back. */
  async discard(id: string): Promise<void> {
    await this.forget(this.removeFailed(id));
  }

  /** The conversation has come to `seq`: what was sent up to there is to be found in it. */
  settle(conversationId: string, seq: number): void {
    const settled = this.outbox.remove(
      (entry) =>
        entry.conversationId === conversationId && entry.status === 'sent' && (entry.seq ?? 0) <= seq,
    );
    this.forget(settled).catch(this.options.failed);
  }

  /** The conversation restarts: sent messages may be missing from it. */
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
    if (!this.isActive || outbox !== this.outbox) return true; // a later run finds it pending, and asks again
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
