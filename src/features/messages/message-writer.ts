import { setImmediate } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { DatabaseCircuit, DatabaseDownError } from '../../platform/database/circuit';
import { isLockTimeout, isRetryable, violatedConstraint } from '../../platform/database/database-problem';
import { CLIENT_MARGIN_MS, LOCK_TIMEOUT_MS } from '../../platform/database/deadline-client';
import { Maintenance } from '../../platform/database/maintenance';
import type { Logged } from '../../platform/events/announcer';
import { Metrics } from '../../platform/metrics/metrics';
import { DATABASE_BUSY, MAINTENANCE } from '../../platform/problems/general-problems';
import { Problem } from '../../platform/problems/problem';
import { toProblem } from '../../platform/problems/to-problem';
import { currentContext } from '../../platform/request-context';
import type { Span } from '../../platform/tracing/span';
import { EventRelay } from '../../platform/servers/event-relay';
import { Tracing } from '../../platform/tracing/tracing';
import {
  appendMessages,
  appendWithAttachments,
  type AppendCommand,
  type AppendResult,
} from './append-messages.queries';
import {
  carriesAttachments,
  conversationOf,
  inBatchContext,
  partsOf,
  spanOf,
  type Pending,
  type StoredMessage,
} from './message-batch';
import { MessagePath } from './message-path';
import { messageView } from './message-view';
import { MessageCreated } from './messages.events';

/**
 * The writer rejects further messages at once: a message that waits longer than its deadline is of no use to anybody.
 */
const MAX_WAITING = 10_000;
const MAX_BATCH = 200;
const MAX_ATTEMPTS = 4;
/**
 * Batches at the database at a time. While batches are quick, one at a time is best: messages that queue up meanwhile
 * make larger batches. These halve the work per message on both sides and triple the rate of 40 senders in 20
 * conversations. But a batch that waits for a lock must not delay everybody, so after `QUICK_MS` a second one may
 * begin.
 */
const MAX_UNDER_WAY = 2;
const QUICK_MS = 50;
/** Parts of one split batch that are written at a time. */
const MAX_PARTS = 4;
/**
 * A message with less time left could not wait for a lock and still learn the outcome. It is rejected: that nothing was
 * stored is a better answer than an unknown outcome.
 */
const ENOUGH_MS = LOCK_TIMEOUT_MS + CLIENT_MARGIN_MS;

/**
 * Stores every new message. Messages that queue up while a batch is in flight form the next batch; no timer delays
 * them. A conversation is in one batch at a time, which keeps acknowledgements and broadcasts in `seq` order without
 * any sorting.
 */
@Injectable()
export class MessageWriter {
  private waiting: Pending[] = [];
  private batchesUnderWay = 0;
  /** Batches in flight that have taken longer than `QUICK_MS`. */
  private slowBatches = 0;
  /**
   * Conversations in a batch that is being stored or broadcast. Waiting until clients have answered the broadcast pays:
   * the next batch is larger, and so is each socket's write, which is the main cost of a large room. It halves the work
   * per message and doubles the rate of 10 senders among 200 people.
   */
  private readonly underWay = new Set<string>();
  /** Conversations whose lock timed out. Each is sent in a batch of its own, so that it delays no other. */
  private readonly contended = new Set<string>();
  private readonly path: MessagePath;
  private readonly received;
  private readonly outcomes;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly relay: EventRelay,
    metrics: Metrics,
    private readonly circuit: DatabaseCircuit,
    private readonly maintenance: Maintenance,
    private readonly tracing: Tracing,
  ) {
    circuit.onOpen(() => {
      for (const pending of this.waiting.splice(0))
        pending.reject(new DatabaseDownError('the database is down'));
    });
    maintenance.onChange((isOn) => {
      if (isOn) for (const pending of this.waiting.splice(0)) pending.reject(new Problem(MAINTENANCE));
    });
    metrics.gauge('xfchat_messages_waiting', 'Messages that wait for the writer', () => this.waiting.length);
    this.received = metrics.counter('xfchat_messages_received_total', 'Messages given to the writer');
    this.outcomes = metrics.counter(
      'xfchat_messages_total',
      'Messages that have left the writer, by outcome (created, repeated or the problem code)',
      ['outcome'],
    );
    this.path = new MessagePath(metrics);
  }

  /**
   * Resolves once the message is committed. When this server runs alone, the message was also broadcast by then.
   * @throws Problem `message-id-conflict`, `conversation-not-found`, `forbidden`, `message-not-found`, `database-busy`
   * or `maintenance`
   */
  append(command: AppendCommand): Promise<StoredMessage> {
    this.received.inc();
    const context = currentContext();
    const since = performance.now();
    const left = context ? context.deadline - since : Infinity;
    const latestStart = context ? context.deadline - Math.min(ENOUGH_MS, left / 2) : Infinity;
    return new Promise((resolve, refuse) => {
      const reject = (error: Error): void => {
        this.outcomes.inc({ outcome: toProblem(error).code });
        refuse(error);
      };
      if (this.maintenance.isOn) return reject(new Problem(MAINTENANCE));
      if (this.waiting.length >= MAX_WAITING) return reject(new Problem(DATABASE_BUSY));
      if (this.circuit.isOpen) return reject(new DatabaseDownError('the database is down'));
      this.waiting.push({ command, context, since, latestStart, resolve, reject });
      this.write();
    });
  }

  private write(): void {
    while (this.batchesUnderWay === this.slowBatches && this.batchesUnderWay < MAX_UNDER_WAY) {
      const batch = this.takeBatch();
      if (batch.length === 0) return;
      const conversationIds = new Set(batch.map(conversationOf));
      for (const id of conversationIds) this.underWay.add(id);
      this.batchesUnderWay++;
      let isSlow = false;
      const timer = setTimeout(() => {
        isSlow = true;
        this.slowBatches++;
        this.write();
      }, QUICK_MS);
      void this.writeBatch(batch).finally(() => {
        clearTimeout(timer);
        this.batchesUnderWay--;
        if (isSlow) this.slowBatches--;
        this.write();
        void afterTurn().then(() => {
          for (const id of conversationIds) this.underWay.delete(id);
          this.write();
        });
        if (this.batchesUnderWay === 0) this.contended.clear();
      });
    }
  }

  /**
   * Takes the next messages that may share a batch, in order of arrival. A message with attachments gets a batch of its
   * own, whose transaction claims them; later messages of its conversation wait for it.
   */
  private takeBatch(): Pending[] {
    const batch: Pending[] = [];
    const others: Pending[] = [];
    let alone: string | undefined;
    let isFull = false;
    const behind = new Set<string>();
    for (const pending of this.inTime(this.waiting)) {
      const id = conversationOf(pending);
      const isContended = this.contended.has(id);
      const fits = batch.length === 0 || (alone ? id === alone : !isContended);
      const carries = carriesAttachments(pending);
      const mayJoin =
        !isFull && batch.length < MAX_BATCH && !(carries && batch.length > 0) && !behind.has(id);
      if (mayJoin && fits && !this.underWay.has(id)) {
        if (isContended) alone = id;
        if (carries) isFull = true;
        batch.push(pending);
      } else {
        if (carries) behind.add(id);
        others.push(pending);
      }
    }
    this.waiting = others;
    return batch;
  }

  /** Rejects the messages that waited too long. @returns the others */
  private inTime(messages: Pending[]): Pending[] {
    const now = performance.now();
    return messages.filter((pending) => {
      const isInTime = pending.latestStart > now;
      if (!isInTime) pending.reject(new Problem(DATABASE_BUSY));
      return isInTime;
    });
  }

  /** Never rejects. Resolves or rejects each message of the batch. */
  private async writeBatch(batch: Pending[]): Promise<void> {
    const [first] = batch;
    if (!first) return;
    const stored = this.path.begin(first.since);
    const span = this.tracing.isOn ? spanOf(batch) : undefined;
    let results: AppendResult[];
    let logged: Logged | undefined;
    try {
      ({ results, logged } = await this.store(batch, span));
    } catch (error) {
      span?.end({ error: toProblem(error).code });
      return this.refuse(batch, error as Error);
    }
    // Committed: from here on nothing is retried, and a failure with one message must not reject another one.
    const committed = stored(results);
    for (const pending of batch) this.contended.delete(conversationOf(pending));
    const telling = span?.child('broadcast');
    const settled = batch.map((pending, index) => this.settle(pending, results[index]!));
    const created = settled.flatMap((stored) => (stored?.isNew ? [new MessageCreated(stored.message)] : []));
    await this.relay.announceMessages(created, logged);
    committed.unbroadcast = 0;
    for (const [index, stored] of settled.entries()) if (stored) batch[index]!.resolve(stored);
    this.path.end(committed);
    telling?.end();
    span?.end();
  }

  /** The database stored nothing of the batch. */
  private async refuse(batch: Pending[], error: Error): Promise<void> {
    if (isLockTimeout(error)) await this.writeApart(batch, error);
    // A row that violates a constraint must not take the others along: each is tried by itself.
    else if (batch.length > 1 && violatedConstraint(error))
      for (const pending of batch) await this.writeBatch([pending]);
    else for (const pending of batch) pending.reject(error);
  }

  /**
   * Somebody holds the lock of one conversation of the batch. Writes each conversation by itself, so that the others
   * need not wait.
   */
  private async writeApart(batch: Pending[], error: Error): Promise<void> {
    const parts = partsOf(batch);
    if (parts.length === 1) {
      this.contended.add(conversationOf(batch[0]!));
      for (const pending of batch) pending.reject(error);
      return;
    }
    const writeNext = async (): Promise<void> => {
      for (let part = parts.shift(); part; part = parts.shift()) await this.writeBatch(this.inTime(part));
    };
    await Promise.all(Array.from({ length: MAX_PARTS }, writeNext));
  }

  private async store(batch: Pending[], span: Span | undefined): ReturnType<typeof appendMessages> {
    const commands = batch.map((pending) => pending.command);
    for (let attempt = 1; ; attempt++) {
      try {
        const serverId = this.relay.hasPeers ? this.relay.serverId : undefined;
        return await inBatchContext(batch, span, () => this.storeOnce(commands, serverId));
      } catch (error) {
        // Another transaction stored the same id in another conversation. The next attempt sees that row.
        const isIdRace = violatedConstraint(error) === 'chat_messages_pkey';
        if ((!isRetryable(error) && !isIdRace) || attempt === MAX_ATTEMPTS) throw error;
      }
    }
  }

  private storeOnce(commands: AppendCommand[], serverId?: string): ReturnType<typeof appendMessages> {
    const [first] = commands;
    return first!.attachmentIds.length > 0
      ? appendWithAttachments(this.dataSource, first!, serverId)
      : appendMessages(this.dataSource.manager, commands, serverId);
  }

  /** Rejects a message that the database rejected. @returns the stored message otherwise */
  private settle(pending: Pending, result: AppendResult): StoredMessage | undefined {
    try {
      if (!('row' in result)) throw new Problem(result.kind);
      this.outcomes.inc({ outcome: result.outcome });
      return { message: messageView(result.row), isNew: result.outcome === 'created' };
    } catch (error) {
      pending.reject(error as Error);
      return undefined;
    }
  }
}

/** The server writes to sockets at the end of the turn (`Turn`). It reads what arrived meanwhile in the turn after. */
async function afterTurn(): Promise<void> {
  await setImmediate();
  await setImmediate();
}
