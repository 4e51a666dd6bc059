import { setImmediate } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { DatabaseCircuit, DatabaseDownError } from '../../platform/database/circuit';
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
import { failureOf, shapeOf } from './batch-failure';
import { inBatchContext, partsOf, spanOf } from './message-batch';
import { MessagePath } from './message-path';
import { MessageQueue, rejectLate } from './message-queue';
import { messageView } from './message-view';
import {
  BATCHES,
  FAILED_BATCH,
  type BatchesState,
  type BatchesTrigger,
  type FailureEffect,
} from './message-writer-states';
import { MessageCreated } from './messages.events';
import { conversationOf, handle, type Pending, type StoredMessage } from './pending-message';

/**
 * The writer rejects further messages at once: a message that waits longer than its deadline is of no use to anybody.
 */
const MAX_WAITING = 10_000;
const MAX_ATTEMPTS = 4;
/**
 * While batches are quick, one at a time is best: messages that queue up meanwhile make larger batches. These halve the
 * work per message on both sides and triple the rate of 40 senders in 20 conversations. But a batch that waits for a lock
 * must not delay everybody, so after this time a second one may begin.
 */
const QUICK_MS = 50;
/** Parts of one split batch that are written at a time. */
const MAX_PARTS = 4;
/**
 * A message with less time left could not wait for a lock and still learn the outcome. It is rejected: that nothing was
 * stored is a better answer than an unknown outcome.
 */
const ENOUGH_MS = LOCK_TIMEOUT_MS + CLIENT_MARGIN_MS;

/** The messages of one statement. */
type Batch = [Pending, ...Pending[]];

/**
 * Stores every new message. Messages that queue up while a batch is in flight form the next batch; no timer delays
 * them. The tables of `message-writer-states.ts` say what happens to a message, a conversation and a batch.
 */
@Injectable()
export class MessageWriter {
  private readonly queue = new MessageQueue();
  private batches: BatchesState = 'none';
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
    circuit.onOpen(() => this.queue.rejectAll('circuit-opened', databaseDown));
    maintenance.onChange((isOn) => {
      if (isOn) this.queue.rejectAll('maintenance-began', () => new Problem(MAINTENANCE));
    });
    metrics.gauge('xfchat_messages_waiting', 'Messages that wait for the writer', () => this.queue.length);
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
      if (this.queue.length >= MAX_WAITING) return reject(new Problem(DATABASE_BUSY));
      if (this.circuit.isOpen) return reject(databaseDown());
      this.queue.push({
        state: 'waiting',
        command,
        context,
        since,
        latestStart,
        stored: undefined,
        resolve,
        reject,
      });
      this.write();
    });
  }

  private write(): void {
    while (BATCHES[this.batches].wanted === 'begin') {
      const batch = this.queue.takeBatch();
      if (batch.length === 0) return;
      const conversationIds = new Set(batch.map(conversationOf));
      for (const id of conversationIds) this.queue.handle(id, 'taken');
      this.count('begun');
      let isSlow = false;
      const timer = setTimeout(() => {
        isSlow = true;
        this.count('slowed');
        this.write();
      }, QUICK_MS);
      void this.writeBatch(batch).finally(() => {
        clearTimeout(timer);
        this.count(isSlow ? 'slow-settled' : 'quick-settled');
        this.write();
        void afterTurn().then(() => {
          for (const id of conversationIds) this.queue.handle(id, 'turn-ended');
          this.write();
        });
        if (this.batches === 'none') this.queue.allSettled();
      });
    }
  }

  private count(trigger: Exclude<BatchesTrigger, 'wanted'>): void {
    const effect = BATCHES[this.batches][trigger];
    if (effect !== 'never') this.batches = effect;
  }

  /** Never rejects: each message of the batch is acknowledged or rejected by itself. */
  private async writeBatch(messages: Pending[]): Promise<void> {
    if (!isBatch(messages)) return;
    const batch = messages;
    const stored = this.path.begin(batch[0].since);
    const span = this.tracing.isOn ? spanOf(batch) : undefined;
    let results: AppendResult[];
    let logged: Logged | undefined;
    try {
      ({ results, logged } = await this.store(batch, span));
    } catch (error) {
      span?.end({ error: toProblem(error).code });
      const effect = FAILED_BATCH[shapeOf(batch)][failureOf(error, false)];
      return this.failures[effect](batch, error as Error);
    }
    // Committed: from here on nothing is tried again, and an error with one message rejects no other.
    const committed = stored(results);
    for (const pending of batch) this.queue.handle(conversationOf(pending), 'committed');
    const broadcast = span?.child('broadcast');
    for (const [index, pending] of batch.entries()) this.receive(pending, results[index]!);
    const created = batch.flatMap(({ stored }) =>
      stored?.isNew ? [new MessageCreated(stored.message)] : [],
    );
    await this.relay.announceMessages(created, logged);
    committed.unbroadcast = 0;
    for (const pending of batch) handle(pending, 'broadcast');
    this.path.end(committed);
    broadcast?.end();
    span?.end();
  }

  /** The database has stored nothing of a batch, or nobody knows. */
  private readonly failures: Record<FailureEffect, (batch: Batch, error: Error) => void | Promise<void>> = {
    // `store` has done so as often as it may.
    again: rejectBatch,
    'by-conversation': async (batch) => {
      const parts = partsOf(batch);
      const writeNext = async (): Promise<void> => {
        for (let part = parts.shift(); part; part = parts.shift()) await this.writeBatch(rejectLate(part));
      };
      await Promise.all(Array.from({ length: MAX_PARTS }, writeNext));
    },
    'one-by-one': async (batch) => {
      for (const pending of batch) await this.writeBatch([pending]);
    },
    reject: rejectBatch,
    contend: (batch, error) => {
      this.queue.handle(conversationOf(batch[0]), 'lock-timed-out');
      rejectBatch(batch, error);
    },
  };

  private async store(batch: Batch, span: Span | undefined): ReturnType<typeof appendMessages> {
    const commands = batch.map((pending) => pending.command);
    for (let attempt = 1; ; attempt++) {
      try {
        const serverId = this.relay.hasPeers ? this.relay.serverId : undefined;
        return await inBatchContext(batch, span, () => this.storeOnce(commands, serverId));
      } catch (error) {
        const failure = failureOf(error, attempt < MAX_ATTEMPTS);
        if (FAILED_BATCH[shapeOf(batch)][failure] !== 'again') throw error;
      }
    }
  }

  private storeOnce(commands: AppendCommand[], serverId?: string): ReturnType<typeof appendMessages> {
    const [first] = commands;
    return first!.attachmentIds.length > 0
      ? appendWithAttachments(this.dataSource, first!, serverId)
      : appendMessages(this.dataSource.manager, commands, serverId);
  }

  /** The database has answered for one message: with a stored row, or with a reason to reject it. */
  private receive(pending: Pending, result: AppendResult): void {
    try {
      if (!('row' in result)) throw new Problem(result.kind);
      this.outcomes.inc({ outcome: result.outcome });
      pending.stored = { message: messageView(result.row), isNew: result.outcome === 'created' };
      handle(pending, 'stored');
    } catch (error) {
      handle(pending, 'row-rejected', error as Error);
    }
  }
}

const databaseDown = (): Error => new DatabaseDownError('the database is down');

function rejectBatch(batch: Batch, error: Error): void {
  for (const pending of batch) handle(pending, 'failed', error);
}

const isBatch = (messages: Pending[]): messages is Batch => messages.length > 0;

/** The server writes to sockets at the end of the turn (`Turn`). It reads what arrived meanwhile in the turn after. */
async function afterTurn(): Promise<void> {
  await setImmediate();
  await setImmediate();
}
