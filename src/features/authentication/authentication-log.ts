import { Injectable, Logger, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { DatabaseMonitor } from '../../platform/database/database-monitor';
import { inTransaction } from '../../platform/database/transaction';
import { EventBus } from '../../platform/events/event-bus';
import { Metrics } from '../../platform/metrics/metrics';
import { toProblem } from '../../platform/problems/to-problem';
import { currentContext, inBackground } from '../../platform/request-context';
import type { AuthenticationEvent, AuthenticationEventKind } from './authentication-event';
import { AuthenticationEventRows } from './authentication-event-rows';
import { accountsOfLogins, accountsOfSessions, storeEventRows } from './authentication-log.queries';
import { SessionEnded } from './session-ended.event';

/** How long an entry waits for others of its batch. A killed server loses the waiting entries. */
const FLUSH_AFTER_MS = 500;
const RETRY_AFTER_MS = 5_000;
/** The most different events that wait; further ones are counted without account and address. */
const MAX_WAITING = 2_000;

interface Waiting {
  readonly event: AuthenticationEvent & { readonly login?: string | undefined };
  /** When the first of them happened, in milliseconds of `performance.now()`. */
  readonly at: number;
  times: number;
}

/**
 * Records sign-ins, rejections, password changes and ended sessions, with their address and request
 * (docs/operating.md). Recording costs the caller no statement: entries are stored in the background, in batches, and a
 * failure to store them fails no sign-in. The account of a rejected login is also looked up there, so that the time of
 * a rejection does not reveal whether it exists.
 */
@Injectable()
export class AuthenticationLog implements OnModuleInit, BeforeApplicationShutdown {
  private readonly logger = new Logger(AuthenticationLog.name);
  private readonly rows = new AuthenticationEventRows();
  private readonly failures;
  private readonly waiting = new Map<string, Waiting>();
  private timer: NodeJS.Timeout | undefined;
  private storing: Promise<void> | undefined;
  private isStopped = false;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly events: EventBus,
    private readonly monitor: DatabaseMonitor,
    metrics: Metrics,
  ) {
    this.failures = metrics.counter(
      'xfchat_authentication_log_failures_total',
      'Failed attempts to store the authentication log; each is retried',
    );
  }

  onModuleInit(): void {
    this.events.on(SessionEnded, ({ sessionId, reason, isEndedHere }) => {
      // Another server or a command recorded its own event, and erased people are not recorded at all.
      if (isEndedHere && reason !== 'account-erased')
        this.note({ kind: 'session-ended', outcome: 'ok', sessionId, detail: reason });
    });
  }

  /** Stores the waiting entries while there still is a database connection. */
  async beforeApplicationShutdown(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.storing;
    await this.store();
  }

  /**
   * Records an event of the current request. Never throws, never waits.
   * @param event.login the name that somebody typed; it only serves to find the account and is not stored
   */
  note(event: AuthenticationEvent & { readonly login?: string | undefined }): void {
    const context = currentContext();
    const { address, requestId } = { address: context?.address, requestId: context?.requestId, ...event };
    this.wait({ ...event, address, requestId });
  }

  /**
   * Runs the work and records its outcome.
   * @param describe the event's details when the work has succeeded
   * @throws the error of the work
   */
  async recording<T>(
    event: { readonly kind: AuthenticationEventKind; readonly login?: string; readonly userId?: string },
    work: () => Promise<T>,
    describe: (result: T) => Partial<AuthenticationEvent> = () => ({}),
  ): Promise<T> {
    try {
      const result = await work();
      this.note({ ...event, ...describe(result), outcome: 'ok' });
      return result;
    } catch (error) {
      this.note({ ...event, outcome: toProblem(error).code });
      throw error;
    }
  }

  private wait(event: Waiting['event']): void {
    const { kind, outcome, userId, sessionId, address, actor, detail, login } = event;
    // Each success keeps its request. Rejections are counted, so they do not.
    const request = outcome === 'ok' ? event.requestId : undefined;
    const key = JSON.stringify([kind, outcome, userId, sessionId, address, actor, detail, login, request]);
    const found = this.waiting.get(key);
    if (found) found.times++;
    else if (this.waiting.size < MAX_WAITING || isBare(event))
      this.waiting.set(key, { event, at: performance.now(), times: 1 });
    else return this.wait({ kind, outcome });
    this.schedule(FLUSH_AFTER_MS);
  }

  private schedule(milliseconds: number): void {
    if (this.isStopped || this.timer || this.storing) return;
    this.timer = inBackground(() => setTimeout(() => this.flush(), milliseconds)).unref();
  }

  private flush(): void {
    this.timer = undefined;
    this.storing = this.store().then((isStored) => {
      this.storing = undefined;
      if (!isStored) this.schedule(RETRY_AFTER_MS);
      else if (this.waiting.size > 0) this.schedule(FLUSH_AFTER_MS);
    });
  }

  /** @returns false when it has to be retried */
  private async store(): Promise<boolean> {
    if (!this.monitor.verdict.isUp) return false;
    try {
      await this.moveToRows();
    } catch (error) {
      return this.failed(error);
    }
    const changed = this.rows.takeChanged();
    if (changed.length === 0) return true;
    try {
      await inTransaction(this.dataSource, (manager) => storeEventRows(manager, changed), {
        duringMaintenance: true,
      });
      return true;
    } catch (error) {
      this.rows.returnUnstored(changed);
      return this.failed(error);
    }
  }

  /** Finds the accounts of the waiting entries. */
  private async moveToRows(): Promise<void> {
    const waiting = [...this.waiting.entries()];
    const logins = waiting.flatMap(([, { event }]) => (event.userId ? [] : (event.login ?? [])));
    const sessions = waiting.flatMap(([, { event }]) => (event.userId ? [] : (event.sessionId ?? [])));
    const byLogin = await accountsOfLogins(this.dataSource, logins);
    const bySession = await accountsOfSessions(this.dataSource, sessions);
    for (const [key, { event, at, times }] of waiting) {
      const { login, ...rest } = event;
      const userId = rest.userId ?? byLogin.get(login ?? '') ?? bySession.get(rest.sessionId ?? '');
      this.rows.add({ ...rest, userId }, times, at);
      this.waiting.delete(key);
    }
  }

  private failed(error: unknown): false {
    this.failures.inc();
    this.logger.warn(`the authentication log could not be written: ${toProblem(error).code}`);
    return false;
  }
}

/** Whether the event has no details beyond its kind and outcome. */
function isBare({ userId, sessionId, address, login }: Waiting['event']): boolean {
  return userId === undefined && sessionId === undefined && address === undefined && login === undefined;
}
