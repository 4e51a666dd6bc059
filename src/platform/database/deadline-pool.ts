import { Pool, type PoolClient, type PoolConfig } from 'pg';
import { currentContext, remainingMs, type PoolShare, type RequestContext } from '../request-context';
import type { Span } from '../tracing/span';
import { DatabaseDownError, type DatabaseCircuit } from './circuit';
import { CLIENT_MARGIN_MS, DeadlineClient, type QueryFailure } from './deadline-client';
import { PoolBudget } from './pool-budget';
import type { StatementWatch } from './statement-watch';

type ConnectCallback = (
  error: Error | undefined,
  client: PoolClient | undefined,
  done: (release?: unknown) => void,
) => void;

/** No connection became free in time. */
export class AcquireTimeoutError extends Error {
  override name = 'AcquireTimeoutError';
}

/** The options of this pool beside those of `pg`. */
export interface DeadlinePoolConfig extends PoolConfig {
  max: number;
  circuit?: DatabaseCircuit;
  watch?: StatementWatch;
  /** How many requests of one share may wait. */
  queueMax?: number;
}

/** A connection that is checked out of the pool. */
export interface Checkout {
  readonly share: PoolShare;
  /** The route or command that took it. */
  readonly operation: string;
  /** Undefined for background work. */
  readonly context: RequestContext | undefined;
  /** On the clock of `performance.now()`. */
  readonly since: number;
}

const nothing = (): void => undefined;

/**
 * A pool in which waiting ends at the request's deadline, and as soon as the database is known to be down. TypeORM
 * creates it instead of its driver's pool. Requests wait in the queues of the budget, and never in `pg`'s own
 * queue.
 */
export class DeadlinePool extends Pool {
  readonly budget: PoolBudget;
  private readonly taken = new Map<PoolClient, Checkout>();

  constructor(private readonly config: DeadlinePoolConfig) {
    super({ ...config, Client: DeadlineClient });
    this.budget = new PoolBudget(config.max, config.queueMax ?? Infinity);
    this.on('release', (_error, client) => {
      const checkout = this.taken.get(client);
      this.taken.delete(client);
      // The connection becomes idle only after this turn. Before that, the next request would get a new connection.
      if (checkout) process.nextTick(() => this.budget.leave(checkout.share));
    });
  }

  /** The connections that are checked out, longest first. */
  get checkouts(): Checkout[] {
    return [...this.taken.values()].sort((a, b) => a.since - b.since);
  }

  override connect = ((callback: ConnectCallback) => {
    const { circuit, connectionTimeoutMillis = 0 } = this.config;
    if (circuit?.isOpen) {
      process.nextTick(callback, new DatabaseDownError('the database is down'), undefined, nothing);
      return;
    }
    const context = currentContext();
    const share = context?.share ?? 'other';
    let isAnswered = false;
    const answer: ConnectCallback = (error, client, done) => {
      // A connection that arrives too late is released.
      if (isAnswered) return client && done();
      isAnswered = true;
      clearTimeout(timer);
      unsubscribe?.();
      giveUpWaiting();
      span?.end({ error: error && ((error as QueryFailure).code ?? error.name) });
      callback(error, client, done);
    };
    const refuse = (error: Error): void => answer(error, undefined, nothing);
    const asked = performance.now();
    const left = remainingMs();
    const limits = [
      connectionTimeoutMillis || Infinity,
      left === undefined ? Infinity : left - CLIENT_MARGIN_MS,
    ];
    const bound = Math.min(...limits);
    const timeout = new AcquireTimeoutError('no database connection became free in time');
    const timer = bound === Infinity ? undefined : setTimeout(() => refuse(timeout), Math.max(0, bound));
    const unsubscribe = circuit?.onOpen(() => refuse(new DatabaseDownError('the database went down')));
    let giveUpWaiting = nothing;
    let span: Span | undefined;
    const checkOut = (): void => {
      this.fetch().then(
        ({ client, done }) => {
          const since = performance.now();
          this.config.watch?.acquired(since - asked);
          this.taken.set(client, {
            share,
            operation: context?.operation ?? 'background',
            context,
            since,
          });
          answer(undefined, client, done);
        },
        (error: Error) => {
          if (!(error instanceof DatabaseDownError)) this.config.watch?.notConnected(error);
          this.budget.leave(share);
          refuse(error);
        },
      );
    };
    const hasFree = this.idleCount > 0;
    try {
      giveUpWaiting = this.budget.enter(share, checkOut);
      // A request that gets a free connection at once has no span, because it does not wait.
      if (context?.span?.isRecorded && (!hasFree || this.budget.usage(share).waiting > 0)) {
        span = context.span.child('wait for a connection', { attributes: { 'xfchat.pool_share': share } });
      }
    } catch (error) {
      process.nextTick(refuse, error);
    }
  }) as Pool['connect'];

  private fetch(): Promise<{ client: PoolClient; done: (release?: unknown) => void }> {
    const connect = (): Promise<{ client: PoolClient; done: (release?: unknown) => void }> =>
      new Promise((resolve, reject) =>
        super.connect((error, client, done) => (client ? resolve({ client, done }) : reject(error!))),
      );
    return this.config.circuit ? this.config.circuit.try(connect) : connect();
  }
}
