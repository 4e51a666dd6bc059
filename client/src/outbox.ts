import type { MessageDraft } from './types.ts';
import type { Problem } from './problem.ts';

/** An own message from the moment it was written until the conversation holds it. Plain JSON. */
export interface OutgoingMessage extends MessageDraft {
  /** Chosen here, and the same at every attempt: so the message is stored once. */
  readonly id: string;
  readonly conversationId: string;
  /** When it was written, by the clock of this device; ISO 8601. */
  readonly createdAt: string;
  /**
   *   pending  not acknowledged yet; it will be tried until it is acknowledged or refused
   *   sent     stored as `seq`, which the conversation has not come to yet
   *   failed   refused for good, with `problem`
   */
  readonly status: 'pending' | 'sent' | 'failed';
  readonly seq?: number;
  readonly problem?: Problem;
  /** Ascending in the order of writing. */
  readonly order: number;
}

/** What a message is made of. */
export type NewMessage = Omit<OutgoingMessage, 'status' | 'seq' | 'problem' | 'order'>;

/** What is written and not yet part of a conversation, in the order of writing. Knows no server and no storage. */
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

  /** The message to send now: within a conversation each waits for those before it. */
  next(conversationId: string): OutgoingMessage | undefined {
    return this.of(conversationId).find(({ status }) => status === 'pending');
  }

  /** The conversations in which something is to be sent. */
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

  /** The server has stored it. */
  acknowledge(id: string, seq: number): OutgoingMessage | undefined {
    return this.change(id, ({ problem: _, ...entry }) => ({ ...entry, status: 'sent', seq }));
  }

  /** Refused for good. What was acknowledged stays acknowledged. */
  refuse(id: string, problem: Problem): OutgoingMessage | undefined {
    return this.change(id, (entry) =>
      entry.status === 'pending' ? { ...entry, status: 'failed', problem } : entry,
    );
  }

  /** The history that they were acknowledged in is no more: they are to be sent once more, with the same ids. */
  reopen(conversationId: string): OutgoingMessage[] {
    const sent = this.of(conversationId).filter(({ status }) => status === 'sent');
    return sent.map(({ id }) =>
      this.change(id, ({ seq: _, ...entry }) => ({ ...entry, status: 'pending' }))!,
    );
  }

  /** Forgets messages. */
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
