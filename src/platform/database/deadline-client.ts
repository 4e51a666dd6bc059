import { connect } from 'node:net';
import type { Client, QueryConfig } from 'pg';
import { currentContext, remainingMs } from '../request-context';
import { DatabaseClient, type DatabaseClientConfig } from './database-client';
import { PINNED_IN_TRANSACTION, WITHOUT_TRANSACTION_LIMIT } from './session-settings';
import { statementSpan } from './statement-span';
import type { StatementWatch } from './statement-watch';
import { isInWriteScope } from './write-scope';

/** The client times out this long before the request's deadline, so that the problem still arrives in time. */
export const CLIENT_MARGIN_MS = 250;
/**
 * The server times out this long before the deadline: its outcome ("rolled back") is better than the client's
 * ("unknown").
 */
const SERVER_MARGIN_MS = 500;
/**
 * A little more than PostgreSQL's `deadlock_timeout` (1 s): with less, a deadlock would look like any long wait,
 * and would be rejected instead of retried.
 */
export const LOCK_TIMEOUT_MS = 1_200;
/** Ending a transaction gets this long even when the request has no time left. */
const ROLLBACK_TIMEOUT_MS = 1_000;
const BEGIN = 'START TRANSACTION';
/** A pooler in transaction mode rejects limits at connect. */
const WITHOUT_SESSION_LIMITS = {
  statement_timeout: undefined,
  lock_timeout: undefined,
  idle_in_transaction_session_timeout: undefined,
};
const CANCEL_REQUEST_CODE = 80_877_102;

/** The fields that are set on the error of every failed query. */
export interface QueryFailure extends Error {
  code?: string;
  /** Whether the statement was sent in a write scope (`asWrite`), so that its outcome may be unknown. */
  wrote?: boolean;
}

/** The request's deadline passed before the statement was sent. */
export class DeadlineExceededError extends Error {
  override name = 'DeadlineExceededError';
}

/**
 * Errors after which the connection is not used again, because nothing would roll back the open transaction. The
 * server is stopping or has become a standby. Or it reports another lost connection, as a foreign table may.
 */
const DISTRUSTED = /^(08\w{3}|57P0\d|25006)$/;

export interface DeadlineClientConfig extends DatabaseClientConfig {
  watch?: StatementWatch;
  /** Allows transactions of hours, whatever the role's `transaction_timeout` is. */
  isUnlimited?: boolean;
  /** The most milliseconds that a statement of a request may take on the server. */
  statementLimit?: number;
}

/**
 * A PostgreSQL connection whose statements end with the request that they serve.
 *
 * Every statement gets a client-side limit from the request's deadline. Every transaction gets the same limit on
 * the server, in the round trip that begins it. A single write has the session's limit, which fits unless its
 * request has waited before. Then it gets a limit of its own, since "rolled back" is better than "unknown". When a
 * statement times out, the client cancels it on the server and closes the connection. A late answer would look like
 * that of the next statement.
 *
 * Behind a pooler in transaction mode, a session cannot have limits. So each single statement becomes a transaction
 * with limits. Its three messages are sent at once (pipelined), so it still takes one round trip, and holds locks
 * no longer.
 */
export class DeadlineClient extends DatabaseClient {
  private inTransaction = false;
  private readonly watch: StatementWatch | undefined;
  /** The limit at the start of the session; 0 if none was set. */
  private readonly sessionLimit: number;
  private readonly idleLimit: number;
  private readonly statementLimit: number;
  private readonly isPooler: boolean;
  private hasToLiftLimit: boolean;

  constructor(config: DeadlineClientConfig = {}) {
    super(config.isPooler ? { ...config, ...WITHOUT_SESSION_LIMITS, pipeline: true } : config);
    // The pool removes its listener before the next owner adds one, and an 'error' without a listener ends the
    // process. A server that is stopping can report that in the packet that makes the connection ready. The error
    // is not lost: every later statement of this connection fails.
    this.on('error', () => undefined);
    this.watch = config.watch;
    this.sessionLimit = Number(config.statement_timeout || 0);
    this.idleLimit = Number(config.idle_in_transaction_session_timeout || 0);
    this.statementLimit = config.statementLimit ?? Infinity;
    this.isPooler = config.isPooler ?? false;
    this.hasToLiftLimit = Boolean(config.isUnlimited) && !this.isPooler;
  }

  override query = ((input: string | QueryConfig, values?: unknown[]) => {
    const config: QueryConfig = typeof input === 'string' ? { text: input } : { ...input };
    if (values) config.values = values;
    return this.runWithinDeadline(config);
  }) as Client['query'];

  private async runWithinDeadline(config: QueryConfig): Promise<unknown> {
    const { text } = config;
    const isRollback = /^rollback\b/i.test(text);
    const isCommit = /^commit\b/i.test(text);
    const isWrite = isInWriteScope() && text !== BEGIN && !isRollback;
    const left = remainingMs();
    const clientLeft = left === undefined ? undefined : left - CLIENT_MARGIN_MS;
    if (!isRollback && clientLeft !== undefined && clientLeft <= 0) {
      throw new DeadlineExceededError('the deadline of the request passed before the statement was sent');
    }
    if (text === BEGIN) {
      this.inTransaction = true;
      config.text = this.begin(left);
    }
    const timeout = isRollback ? ROLLBACK_TIMEOUT_MS : clientLeft;
    const context = currentContext();
    const isBare = !this.inTransaction && !isRollback && !isCommit;
    const isTight =
      isBare &&
      isWrite &&
      !this.isPooler &&
      left !== undefined &&
      left - CLIENT_MARGIN_MS < this.sessionLimit;
    const span = context?.span?.isRecorded ? statementSpan(context.span, text, context.operation) : undefined;
    const started = performance.now();
    let isSent = false;
    let code: string | undefined;
    try {
      if (this.hasToLiftLimit) await this.liftLimit();
      if (isTight) await this.limited({ text: `SET statement_timeout = ${this.serverLimit(left)}` }, timeout);
      isSent = true;
      if (isWrite && context) context.writePending = true;
      return await (isBare && this.isPooler
        ? this.inOwnTransaction(config, left, timeout)
        : this.limited(config, timeout));
    } catch (error) {
      const failure = error as QueryFailure;
      code = failure.code ?? 'none';
      failure.wrote = isWrite && isSent;
      if (failure.message === 'Query read timeout' || DISTRUSTED.test(code)) this.abandon();
      throw failure;
    } finally {
      if (isCommit || isRollback) this.inTransaction = false;
      if (isWrite && context) context.writePending = false;
      if (isTight) void super.query(`SET statement_timeout = ${this.sessionLimit}`).catch(() => undefined);
      span?.end({ error: code });
      this.watch?.ended(performance.now() - started, code);
    }
  }

  /** pg accepts `query_timeout` (milliseconds) for each statement, but its types do not declare it. */
  private limited(config: QueryConfig, timeout: number | undefined): Promise<unknown> {
    const limited = timeout === undefined ? config : { ...config, query_timeout: Math.ceil(timeout) };
    return super.query(limited as QueryConfig);
  }

  /** If the statement fails, PostgreSQL turns the commit after it into a rollback. */
  private async inOwnTransaction(
    config: QueryConfig,
    left: number | undefined,
    timeout: number | undefined,
  ): Promise<unknown> {
    const answers = await Promise.allSettled([
      this.limited({ text: this.begin(left) }, timeout),
      this.limited(config, timeout),
      this.limited({ text: 'COMMIT' }, timeout),
    ]);
    const failure = answers.find(({ status }) => status === 'rejected');
    if (failure) throw (failure as PromiseRejectedResult).reason;
    return (answers[1] as PromiseFulfilledResult<unknown>).value;
  }

  private serverLimit(left: number): number {
    return Math.max(1, Math.floor(Math.min(left - SERVER_MARGIN_MS, this.statementLimit)));
  }

  /** One simple query with several statements, so that limits and settings take no round trip of their own. */
  private begin(left: number | undefined): string {
    const ownLimit = this.statementLimit === Infinity ? 0 : this.statementLimit;
    const limits = [
      `SET LOCAL statement_timeout = ${left === undefined ? ownLimit : this.serverLimit(left)}`,
      `SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`,
    ];
    const idleLimit = `SET LOCAL idle_in_transaction_session_timeout = ${this.idleLimit}`;
    if (this.isPooler)
      return [`${BEGIN} ISOLATION LEVEL READ COMMITTED`, ...PINNED_IN_TRANSACTION, ...limits, idleLimit].join(
        '; ',
      );
    return left === undefined ? BEGIN : [BEGIN, ...limits].join('; ');
  }

  private async liftLimit(): Promise<void> {
    this.hasToLiftLimit = false;
    await super.query(WITHOUT_TRANSACTION_LIMIT);
  }

  private abandon(): void {
    this.cancelOnServer();
    // With a statement in flight this closes the socket at once, and the pool does not use the client again.
    void this.end().catch(() => undefined);
  }

  /**
   * PostgreSQL protocol, "CancelRequest": a new connection names the backend whose statement to cancel. Best
   * effort.
   */
  private cancelOnServer(): void {
    const { processID, secretKey } = this as unknown as { processID?: number; secretKey?: number };
    if (!processID || secretKey === undefined) return;
    const message = Buffer.alloc(16);
    message.writeInt32BE(16, 0);
    message.writeInt32BE(CANCEL_REQUEST_CODE, 4);
    message.writeInt32BE(processID, 8);
    message.writeInt32BE(secretKey, 12);
    const socket = this.host.startsWith('/')
      ? connect(`${this.host}/.s.PGSQL.${this.port}`)
      : connect(this.port, this.host);
    socket.setTimeout(2_000, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.end(message);
    socket.unref();
  }
}
