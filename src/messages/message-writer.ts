import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { isRetryable, violatedConstraint } from '../platform/database/database-problem';
import { EventBus } from '../platform/events/event-bus';
import { Metrics } from '../platform/metrics/metrics';
import { Problem } from '../platform/problems/problem';
import { currentContext, runInContext, type RequestContext } from '../platform/request-context';
import { appendMessages, type AppendCommand, type AppendResult } from './append-messages.queries';
import { messageView, type MessageView } from './message-view';
import { MessageCreated } from './messages.events';

/** More waiting than this is refused at once: what waits longer than its deadline is of no use to anybody. */
const MAX_WAITING = 10_000;
const MAX_BATCH = 200;
const MAX_ATTEMPTS = 4;

interface Pending {
  readonly command: AppendCommand;
  readonly context: RequestContext | undefined;
  resolve(stored: StoredMessage): void;
  reject(error: unknown): void;
}

export interface StoredMessage {
  readonly message: MessageView;
  /** False when the same command had stored it before. */
  readonly isNew: boolean;
}

/**
 * The one door for new messages. What queues up while a batch is on its way is the next batch; nothing waits for a
 * timer. One batch at a time keeps acknowledgements and broadcasts in `seq` order without any sorting.
 */
@Injectable()
export class MessageWriter {
  private waiting: Pending[] = [];
  private isWriting = false;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly events: EventBus,
    private readonly metrics: Metrics,
  ) {
    metrics.gauge('xfchat_messages_waiting', 'Messages that wait for the writer', () => this.waiting.length);
  }

  /**
   * Resolves once the message is committed and has been broadcast.
   * @throws Problem `message-id-conflict`, `conversation-not-found`, `forbidden`, `message-not-found` or `database-busy`
   */
  append(command: AppendCommand): Promise<StoredMessage> {
    if (this.waiting.length >= MAX_WAITING) return Promise.reject(new Problem('database-busy'));
    return new Promise((resolve, reject) => {
      this.waiting.push({ command, context: currentContext(), resolve, reject });
      void this.write();
    });
  }

  private async write(): Promise<void> {
    if (this.isWriting) return;
    this.isWriting = true;
    try {
      while (this.waiting.length > 0) await this.writeBatch(this.takeBatch());
    } finally {
      this.isWriting = false;
    }
  }

  /** Leaves out those whose time is up already: they are told that nothing was done. */
  private takeBatch(): Pending[] {
    const now = performance.now();
    const batch: Pending[] = [];
    for (const pending of this.waiting.splice(0, MAX_BATCH)) {
      if (pending.context && pending.context.deadline <= now) pending.reject(new Problem('database-busy'));
      else batch.push(pending);
    }
    return batch;
  }

  private async writeBatch(batch: Pending[]): Promise<void> {
    if (batch.length === 0) return;
    try {
      const results = await this.store(batch);
      for (const [index, pending] of batch.entries()) await this.settle(pending, results[index]!);
    } catch (error) {
      // A row that violates a constraint must not take the others along: each is tried by itself.
      if (batch.length > 1 && violatedConstraint(error))
        for (const pending of batch) await this.writeBatch([pending]);
      else for (const pending of batch) pending.reject(error);
    }
  }

  private async store(batch: Pending[]): Promise<AppendResult[]> {
    const commands = batch.map((pending) => pending.command);
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.inBatchContext(batch, () => appendMessages(this.dataSource, commands));
      } catch (error) {
        // The same id was stored in another conversation at this moment: now it is there to be seen.
        const isIdRace = violatedConstraint(error) === 'chat_messages_pkey';
        if ((!isRetryable(error) && !isIdRace) || attempt === MAX_ATTEMPTS) throw error;
      }
    }
  }

  /** The batch may take as long as the most patient of its requests; the others are answered by their own deadline. */
  private async inBatchContext<T>(batch: Pending[], work: () => Promise<T>): Promise<T> {
    const contexts = batch.flatMap((pending) => pending.context ?? []);
    if (contexts.length === 0) return work();
    const latest = contexts.reduce((a, b) => (b.deadline > a.deadline ? b : a));
    for (const context of contexts) context.writePending = true;
    try {
      return await runInContext({ requestId: latest.requestId, deadline: latest.deadline }, work);
    } finally {
      for (const context of contexts) context.writePending = false;
    }
  }

  private async settle(pending: Pending, result: AppendResult): Promise<void> {
    this.metrics.messages.inc({ outcome: result.outcome });
    if (!('row' in result)) {
      pending.reject(new Problem(result.outcome));
      return;
    }
    const message = messageView(result.row);
    const isNew = result.outcome === 'created';
    if (isNew) await this.events.publish(new MessageCreated(message));
    pending.resolve({ message, isNew });
  }
}
