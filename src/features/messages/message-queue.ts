import { DATABASE_BUSY } from '../../platform/problems/general-problems';
import { Problem } from '../../platform/problems/problem';
import { QUEUE, type QueueState, type QueueTrigger } from './message-writer-states';
import { carriesAttachments, conversationOf, handle, type Pending } from './pending-message';

const MAX_BATCH = 200;

/**
 * The messages that wait for the writer, and how far each conversation is with its batch. A conversation is in one batch
 * at a time, which keeps acknowledgements and broadcasts in `seq` order without any sorting.
 */
export class MessageQueue {
  private waiting: Pending[] = [];
  /**
   * Conversations that are not free. Waiting until clients have answered the broadcast pays. The next batch is larger,
   * and so is each socket's write, the main cost of a large room. It halves the work per message and doubles
   * the rate of 10 senders among 200 people.
   */
  private readonly states = new Map<string, QueueState>();

  get length(): number {
    return this.waiting.length;
  }

  push(pending: Pending): void {
    this.waiting.push(pending);
  }

  /** Rejects everything that waits. */
  rejectAll(trigger: 'circuit-opened' | 'maintenance-began', reason: () => Error): void {
    for (const pending of this.waiting.splice(0)) handle(pending, trigger, reason());
  }

  /**
   * Takes the next messages that may share a batch, in order of arrival. A message with attachments gets a batch of its
   * own, whose transaction claims them; later messages of its conversation wait for it.
   */
  takeBatch(): Pending[] {
    const batch: Pending[] = [];
    const others: Pending[] = [];
    let alone: string | undefined;
    let isFull = false;
    const behind = new Set<string>();
    for (const pending of rejectLate(this.waiting)) {
      const id = conversationOf(pending);
      const offer = QUEUE[this.stateOf(id)].offered;
      const fits = batch.length === 0 || (alone ? id === alone : offer === 'join');
      const carries = carriesAttachments(pending);
      const mayJoin =
        !isFull && batch.length < MAX_BATCH && !(carries && batch.length > 0) && !behind.has(id);
      if (mayJoin && fits && offer !== 'wait') {
        if (offer === 'alone') alone = id;
        if (carries) isFull = true;
        handle(pending, 'taken');
        batch.push(pending);
      } else {
        if (carries) behind.add(id);
        others.push(pending);
      }
    }
    this.waiting = others;
    return batch;
  }

  /** Something has happened to a conversation. */
  handle(conversationId: string, trigger: Exclude<QueueTrigger, 'offered'>): void {
    const effect = QUEUE[this.stateOf(conversationId)][trigger];
    if (effect === 'stay' || effect === 'never') return;
    if (effect === 'free') this.states.delete(conversationId);
    else this.states.set(conversationId, effect);
  }

  /** No batch is under way any more. */
  allSettled(): void {
    for (const id of this.states.keys()) this.handle(id, 'all-settled');
  }

  stateOf(conversationId: string): QueueState {
    return this.states.get(conversationId) ?? 'free';
  }
}

/** Rejects the messages whose latest start has passed: nothing of them was stored. @returns the others */
export function rejectLate(messages: Pending[]): Pending[] {
  const now = performance.now();
  return messages.filter((pending) => {
    const isInTime = pending.latestStart > now;
    if (!isInTime) handle(pending, 'late', new Problem(DATABASE_BUSY));
    return isInTime;
  });
}
