import { HttpException } from '@nestjs/common';
import { databaseProblem } from '../database/database-problem';
import type { ProblemKind } from './problem-kind';
import {
  FORBIDDEN,
  INTERNAL,
  MALFORMED_REQUEST,
  METHOD_NOT_ALLOWED,
  NOT_FOUND,
  PAYLOAD_TOO_LARGE,
  RATE_LIMITED,
  REQUEST_TIMEOUT,
  UNAUTHENTICATED,
  UNSUPPORTED_MEDIA_TYPE,
} from './general-problems';
import { Problem } from './problem';

/** Statuses that frameworks answer by themselves, before or around the handlers. */
const CODE_BY_STATUS: Record<number, ProblemKind> = {
  400: MALFORMED_REQUEST,
  401: UNAUTHENTICATED,
  403: FORBIDDEN,
  404: NOT_FOUND,
  405: METHOD_NOT_ALLOWED,
  408: REQUEST_TIMEOUT,
  413: PAYLOAD_TOO_LARGE,
  415: UNSUPPORTED_MEDIA_TYPE,
  429: RATE_LIMITED,
};

/** Converts any error to the problem that the client gets. An unexpected error becomes `internal`. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const fromDatabase = databaseProblem(error);
  if (fromDatabase) return fromDatabase;
  const status = error instanceof HttpException ? error.getStatus() : statusOfParserError(error);
  const code = status === undefined ? undefined : CODE_BY_STATUS[status];
  return new Problem(code ?? INTERNAL, {}, { cause: error });
}

/** body-parser and the router put the status on a plain error; `expose` says that it is the client's fault. */
function statusOfParserError(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { status, expose } = error as { status?: unknown; expose?: unknown };
  if (error instanceof URIError) return 400;
  return typeof status === 'number' && expose === true ? status : undefined;
}
