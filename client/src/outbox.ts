import type { MessageDraft } from './types.ts';
import type { Problem } from './problem.ts';

/** A message of this user, from the moment of writing until the conversation holds it. Plain JSON. */
export interface OutgoingMessage extends MessageDraft {
  /** Chosen by the client and the same in every attempt, so that the server stores the message once. */
  readonly id: string;
  readonly conversationId: string;
  /** The time of writing, by the clock of this device; ISO 8601. */
  readonly createdAt: string;
  /**
   *   pending  not acknowledged yet; the client sends it until it is acknowledged or rejected
   *   sent     stored as `seq`; the conversation does not reach up to that number yet
   *   failed   rejected with `problem`; it is not sent again without `retry`
   */
  readonly status: 'pending' | 'sent' | 'failed';
  readonly seq?: number;
  readonly problem?: Problem;
  /** Ascending in the order of writing. */
  readonly order: number;
}

/** The fields of a message before it enters the outbox. */
export type NewMessage = Omit<OutgoingMessage, 'status' | 'seq' | 'problem' | 'order'>;

/** Messages that are not yet part of a conversation, in the order of writing. It uses no server and no storage. */
export class Outbox {
  private entries: readonly OutgoingMessage[];

  constructor(entries: readonly OutgoingMessage[] = []) {
    this.entries = [...entries].sort((a, b) => a.order - b.order);
  }

  get(id: string): OutgoingMessage | undefined {
    return this.entries.find((entry) => entry.id === id);
  }

  of(conversationId: string): OutgoingMessage[] {
    return this.entries.filter((entry) => entry.conversationId === conversationId);
  }

  /** The message to send next. Within a conversation, each message waits for the ones before it. */
  next(conversationId: string): OutgoingMessage | undefined {
    return this.of(conversationId).find(({ status }) => status === 'pending');
  }

  /** The conversations with pending messages. */
  get waiting(): string[] {
    const pending = this.entries.filter(({ status }) => status === 'pending');
    return [...new Set(pending.map(({ conversationId }) => conversationId))];
  }

  add(message: NewMessage): OutgoingMessage {
    const entry: OutgoingMessage = {
      ...message,
      status: 'pending',
      order: (this.entries.at(-1)?.order ?? 0) + 1,
    };
    this.entries = [...this.entries, entry];
    return entry;
  }

  /** Marks a message as stored by the server. */
  acknowledge(id: string, seq: number): OutgoingMessage | undefined {
    return this.change(id, ({ problem: _, ...entry }) => ({ ...entry, status: 'sent', seq }));
  }

  /** Marks a message as rejected for good. An acknowledged message stays acknowledged. */
  refuse(id: string, problem: Problem): OutgoingMessage | undefined {
    return this.change(id, (entry) =>
      entry.status === 'pending' ? { ...entry, status: 'failed', problem } : entry,
    );
  }

  /** Makes sent messages pending again, with the same ids, because the history that held them was replaced. */
  reopen(conversationId: string): OutgoingMessage[] {
    const sent = this.of(conversationId).filter(({ status }) => status === 'sent');
    return sent.map(({ id }) =>
      this.change(id, ({ seq: _, ...entry }) => ({ ...entry, status: 'pending' }))!,
    );
  }

  /** @returns the removed messages */
  remove(isObsolete: (entry: OutgoingMessage) => boolean): OutgoingMessage[] {
    const removed = this.entries.filter(isObsolete);
    if (removed.length > 0) this.entries = this.entries.filter((entry) => !removed.includes(entry));
    return removed;
  }

  private change(
    id: string,
    change: (entry: OutgoingMessage) => OutgoingMessage,
  ): OutgoingMessage | undefined {
    const entry = this.get(id);
    if (!entry) return undefined;
    const changed = change(entry);
    this.entries = this.entries.map((other) => (other === entry ? changed : other));
    return changed;
  }
}
