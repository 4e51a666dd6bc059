import { randomUUID } from 'node:crypto';
import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { DatabaseMonitor } from '../../platform/database/database-monitor';
import { Maintenance } from '../../platform/database/maintenance';
import { inTransaction } from '../../platform/database/transaction';
import { EventBus } from '../../platform/events/event-bus';
import { WorkInFlight } from '../../platform/lifecycle/work-in-flight';
import { Metrics } from '../../platform/metrics/metrics';
import { PeriodicReadings } from '../../platform/metrics/periodic-readings';
import { Problem } from '../../platform/problems/problem';
import { inBackground, runInContext } from '../../platform/request-context';
import { MessageCreated, MessageUpdated } from '../messages/messages.events';
import { conversationsToIndex, countToIndex, indexNext, renewEntries } from './search-index.queries';

/** The name of the indexer's operation in metrics and traces. */
export const INDEXING = 'indexing';
const STEP_TIMEOUT_MS = 10_000;
/** How long the indexer collects messages. A search reads messages that are not indexed yet one by one. */
const COLLECT_MS = 500;
/** How often each server looks for messages that a killed server left unindexed. A starting server looks at once. */
const LOOK_EVERY_MS = 60_000;
/** How many messages of one conversation, and how many conversations, one step indexes. */
const MESSAGES = 100;
const CONVERSATIONS = 20;
/** How many conversations one look finds at most. */
const FOUND_AT_ONCE = 200;
/**
 * After a step the indexer rests this many times as long as the step took, so that senders have the database most of
 * the time.
 */
const REST = 4;

/**
 * Indexes messages after they are stored. Events only say where to look. Once a minute the indexer also compares the
 * positions in the database with the conversations, so that no message is left out.
 */
@Injectable()
export class SearchIndexer implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(SearchIndexer.name);
  private readonly conversations = new Set<string>();
  private readonly indexed;
  private isOutdated = true;
  private lookAt = 0;
  /** Whether the last look found as many conversations as it may, so that more can be left. */
  private isMoreBehind = false;
  private timer: NodeJS.Timeout | undefined;
  private dueAt = Infinity;
  private working: Promise<void> | undefined;
  private isStopped = false;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    events: EventBus,
    metrics: Metrics,
    readings: PeriodicReadings,
    private readonly monitor: DatabaseMonitor,
    private readonly maintenance: Maintenance,
    private readonly work: WorkInFlight,
  ) {
    this.indexed = metrics.counter('xfchat_search_indexed_total', 'Messages that were indexed for searching');
    const toIndex = readings.addFromDatabase('messages to index', () => countToIndex(dataSource.manager));
    metrics.gauge(
      'xfchat_search_unindexed_messages',
      'Messages that are not indexed for searching yet',
      toIndex,
    );
    events.on(MessageCreated, ({ message }) => this.conversation(message.conversationId));
    events.on(MessageUpdated, ({ message }) => {
      if (message.editedAt !== null) this.isOutdated = true;
      this.schedule(COLLECT_MS);
    });
  }

  onApplicationBootstrap(): void {
    this.monitor.onConnect(() => (this.lookAt = 0));
    this.monitor.onChange(({ isUp }) => isUp && this.schedule(0));
    this.maintenance.onChange(() => this.schedule(0));
    this.schedule(0);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.working;
  }

  private conversation(conversationId: string): void {
    this.conversations.add(conversationId);
    this.schedule(COLLECT_MS);
  }

  /** Keeps the earlier of two times. */
  private schedule(milliseconds: number): void {
    const dueAt = performance.now() + milliseconds;
    if (this.isStopped || this.working || this.dueAt <= dueAt) return;
    clearTimeout(this.timer);
    this.dueAt = dueAt;
    this.timer = inBackground(() => setTimeout(() => this.begin(), milliseconds)).unref();
  }

  private begin(): void {
    this.dueAt = Infinity;
    this.working = this.attempt().then((restMs) => {
      this.working = undefined;
      this.schedule(restMs);
    });
  }

  private get mayWork(): boolean {
    return !this.work.isDraining && this.monitor.verdict.isUp && !this.maintenance.isOn;
  }

  /** @returns the milliseconds until the next attempt */
  private async attempt(): Promise<number> {
    const started = performance.now();
    if (!this.mayWork) return LOOK_EVERY_MS;
    try {
      const context = { requestId: randomUUID(), operation: INDEXING, deadline: started + STEP_TIMEOUT_MS };
      const isMoreLeft = await runInContext(context, () => this.step());
      if (isMoreLeft) return Math.max(COLLECT_MS / 10, (performance.now() - started) * REST);
    } catch (error) {
      // Maintenance or an outage may begin at any time; those need no log line.
      if (!(error instanceof Problem))
        this.logger.error('messages could not be indexed for searching', error);
    }
    return LOOK_EVERY_MS;
  }

  private async step(): Promise<boolean> {
    if (performance.now() >= this.lookAt) {
      const behind = await conversationsToIndex(this.dataSource.manager, FOUND_AT_ONCE);
      for (const id of behind) this.conversations.add(id);
      this.isOutdated = true;
      this.isMoreBehind = behind.length === FOUND_AT_ONCE;
      this.lookAt = performance.now() + LOOK_EVERY_MS;
    }
    const next = [...this.conversations].slice(0, CONVERSATIONS);
    for (const id of next) this.conversations.delete(id);
    if (next.length > 0) {
      const { messages, unfinished } = await this.inTransaction((manager) =>
        indexNext(manager, next, MESSAGES),
      );
      this.indexed.inc(messages);
      for (const id of unfinished) this.conversations.add(id);
    }
    if (this.isOutdated) {
      this.isOutdated = false;
      if (await this.inTransaction((manager) => renewEntries(manager, MESSAGES))) this.isOutdated = true;
    }
    // After an import or a restore many conversations are left, so the next look follows at once.
    if (this.isMoreBehind && this.conversations.size === 0) this.lookAt = 0;
    return this.conversations.size > 0 || this.isOutdated || this.isMoreBehind;
  }

  private inTransaction<T>(work: Parameters<typeof inTransaction<T>>[1]): Promise<T> {
    return inTransaction(this.dataSource, work);
  }
}
