import { QueryFailedError } from 'typeorm';
import { Problem } from '../problems/problem';
import type { ProblemCode } from '../problems/catalogue';
import { DatabaseDownError } from './circuit';
import { DeadlineExceededError, type QueryFailure } from './deadline-client';
import { AcquireTimeoutError } from './deadline-pool';
import { QueueFullError } from './pool-budget';

/** SQLSTATE or driver code → what the client is told when it is certain that nothing was done. */
const PROBLEM_BY_CODE: Record<string, ProblemCode> = {
  '40001': 'database-busy', // serialization failure, after the retries
  '40P01': 'database-busy', // deadlock, after the retries
  '53200': 'database-busy', // out of memory
  '53300': 'database-busy', // too many connections
  EMFILE: 'database-busy', // no file descriptor left for one more connection
  '55P03': 'database-busy', // lock timeout
  '57014': 'database-busy', // statement timeout: the server says that it was rolled back
  '53100': 'storage-full',
  '25006': 'database-read-only',
  '23503': 'not-found', // what it refers to has gone meanwhile
  '28000': 'temporarily-unavailable',
  '28P01': 'temporarily-unavailable',
  '3D000': 'temporarily-unavailable',
  '42P01': 'schema-mismatch',
  '42703': 'schema-mismatch',
  '42883': 'schema-mismatch',
};

/**
 * The connection is gone or silent: what was under way may have been done. "Database connection provided by …" is what
 * TypeORM says when it went between two statements of a transaction, which the server undoes then.
 */
const LOST_CODE = /^(08\w{3}|57P0[1-5]|25P0[34]|E(CONN|PIPE|TIMEDOUT|HOST|NET|NOTFOUND|NOENT|AI_AGAIN)\w*)$/;
const LOST_MESSAGE =
  /^(Query read timeout|Connection terminated|Client has encountered a connection error|Client was closed|Query ?runner already released|QueryRunner|Database connection provided by a query runner was already released)/i;

function rootOf(error: unknown): QueryFailure {
  if (error instanceof QueryFailedError) return error.driverError as QueryFailure;
  return error as QueryFailure;
}

/** True when the connection was lost or did not answer, so that a write under way has no known outcome. */
export function isConnectionLost(error: unknown): boolean {
  const failure = rootOf(error);
  if (failure instanceof AggregateError) return failure.errors.some(isConnectionLost);
  return LOST_CODE.test(failure.code ?? '') || LOST_MESSAGE.test(failure.message ?? '');
}

/** True for failures after which the whole transaction may simply be run again. */
export function isRetryable(error: unknown): boolean {
  return ['40001', '40P01'].includes(rootOf(error)?.code ?? '');
}

/** True when somebody else held a lock for too long; the server has undone the statement. */
export function isLockTimeout(error: unknown): boolean {
  return rootOf(error)?.code === '55P03';
}

/** The name of the constraint that a statement violated. */
export function violatedConstraint(error: unknown): string | undefined {
  const failure = rootOf(error) as { code?: string; constraint?: string } | undefined;
  return failure?.code?.startsWith('23') ? failure.constraint : undefined;
}

/**
 * What to tell the client about an error of the database; undefined when the error is not one of those (a bug).
 * Never carries the driver's text: it may hold a host, a statement or a parameter.
 */
export function databaseProblem(error: unknown): Problem | undefined {
  // Not `instanceof Error`: errors of the network come from Node itself, which may be another realm than ours.
  if (typeof error !== 'object' || error === null) return undefined;
  const failure = rootOf(error);
  const options = { cause: failure };
  if (failure instanceof DatabaseDownError) return new Problem('temporarily-unavailable', {}, options);
  if ([AcquireTimeoutError, DeadlineExceededError, QueueFullError].some((kind) => failure instanceof kind))
    return new Problem('database-busy', {}, options);
  if (failure.message === 'timeout exceeded when trying to connect')
    return new Problem('database-busy', {}, options);
  if (isConnectionLost(failure)) {
    return new Problem(failure.wrote ? 'outcome-unknown' : 'temporarily-unavailable', {}, options);
  }
  const code = PROBLEM_BY_CODE[failure.code ?? ''];
  return code && new Problem(code, {}, options);
}
