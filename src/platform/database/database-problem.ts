import { QueryFailedError } from 'typeorm';
import {
  DATABASE_BUSY,
  DATABASE_READ_ONLY,
  NOT_FOUND,
  OUTCOME_UNKNOWN,
  SCHEMA_MISMATCH,
  STORAGE_FULL,
  TEMPORARILY_UNAVAILABLE,
} from '../problems/general-problems';
import { Problem } from '../problems/problem';
import type { ProblemKind } from '../problems/problem-kind';
import { DatabaseDownError } from './circuit';
import { DeadlineExceededError, type QueryFailure } from './deadline-client';
import { AcquireTimeoutError } from './deadline-pool';
import { QueueFullError } from './pool-budget';

/** SQLSTATE or driver code → the problem to answer when nothing was done for certain. */
const PROBLEM_BY_CODE: Record<string, ProblemKind> = {
  '40001': DATABASE_BUSY, // serialization failure, after the retries
  '40P01': DATABASE_BUSY, // deadlock, after the retries
  '53200': DATABASE_BUSY, // out of memory
  '53300': DATABASE_BUSY, // too many connections
  EMFILE: DATABASE_BUSY, // no file descriptor left for one more connection
  '55P03': DATABASE_BUSY, // lock timeout
  '57014': DATABASE_BUSY, // statement timeout: the server says that it was rolled back
  '53100': STORAGE_FULL,
  '25006': DATABASE_READ_ONLY,
  '23503': NOT_FOUND, // what it refers to has gone meanwhile
  '28000': TEMPORARILY_UNAVAILABLE,
  '28P01': TEMPORARILY_UNAVAILABLE,
  '3D000': TEMPORARILY_UNAVAILABLE,
  '42P01': SCHEMA_MISMATCH,
  '42703': SCHEMA_MISMATCH,
  '42883': SCHEMA_MISMATCH,
};

/**
 * The connection is lost or silent, so the statement in flight may have been done. "Database connection provided by
 * …" is TypeORM's text for a connection lost between two statements of a transaction, which the server then rolls
 * back.
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

/** True for failures after which the whole transaction may be retried. */
export function isRetryable(error: unknown): boolean {
  return ['40001', '40P01'].includes(rootOf(error)?.code ?? '');
}

/** True when another transaction held a lock for too long; the server rolled the statement back. */
export function isLockTimeout(error: unknown): boolean {
  return rootOf(error)?.code === '55P03';
}

/** The name of the constraint that a statement violated. */
export function violatedConstraint(error: unknown): string | undefined {
  const failure = rootOf(error) as { code?: string; constraint?: string } | undefined;
  return failure?.code?.startsWith('23') ? failure.constraint : undefined;
}

/**
 * The problem for an error of the database; undefined for any other error, which is a bug. It never has the
 * driver's text, which may contain a host, a statement or a parameter.
 */
export function databaseProblem(error: unknown): Problem | undefined {
  // Not `instanceof Error`: network errors come from Node itself, which may run in another realm.
  if (typeof error !== 'object' || error === null) return undefined;
  const failure = rootOf(error);
  const options = { cause: failure };
  if (failure instanceof DatabaseDownError) return new Problem(TEMPORARILY_UNAVAILABLE, {}, options);
  if ([AcquireTimeoutError, DeadlineExceededError, QueueFullError].some((kind) => failure instanceof kind))
    return new Problem(DATABASE_BUSY, {}, options);
  if (failure.message === 'timeout exceeded when trying to connect')
    return new Problem(DATABASE_BUSY, {}, options);
  if (isConnectionLost(failure)) {
    return new Problem(failure.wrote ? OUTCOME_UNKNOWN : TEMPORARILY_UNAVAILABLE, {}, options);
  }
  const code = PROBLEM_BY_CODE[failure.code ?? ''];
  return code && new Problem(code, {}, options);
}
