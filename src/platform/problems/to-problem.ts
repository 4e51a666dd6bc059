import { HttpException } from '@nestjs/common';
import { databaseProblem } from '../database/database-problem';
import type { ProblemCode } from './catalogue';
import { Problem } from './problem';

/** Statuses that frameworks answer by themselves, before or around the handlers. */
const CODE_BY_STATUS: Record<number, ProblemCode> = {
  400: 'malformed-request',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not-found',
  405: 'method-not-allowed',
  408: 'request-timeout',
  413: 'payload-too-large',
  415: 'unsupported-media-type',
  429: 'rate-limited',
};

/** Any error as the problem that the client is told; what nobody foresaw is `internal`. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const fromDatabase = databaseProblem(error);
  if (fromDatabase) return fromDatabase;
  const status = error instanceof HttpException ? error.getStatus() : statusOfParserError(error);
  const code = status === undefined ? undefined : CODE_BY_STATUS[status];
  return new Problem(code ?? 'internal', {}, { cause: error });
}

/** body-parser and the router put the status on a plain error; `expose` says that it is the client's fault. */
function statusOfParserError(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { status, expose } = error as { status?: unknown; expose?: unknown };
  if (error instanceof URIError) return 400;
  return typeof status === 'number' && expose === true ? status : undefined;
}
