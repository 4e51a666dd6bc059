import type { ProblemKind } from '../problems/problem-kind';
import {
  DATABASE_BUSY,
  DATABASE_READ_ONLY,
  DRAINING,
  INTERNAL,
  MAINTENANCE,
  MALFORMED_REQUEST,
  NOT_FOUND,
  OUTCOME_UNKNOWN,
  PAYLOAD_TOO_LARGE,
  RATE_LIMITED,
  REQUEST_TIMEOUT,
  SCHEMA_MISMATCH,
  SESSION_REVOKED,
  STORAGE_FULL,
  TEMPORARILY_UNAVAILABLE,
  TOKEN_EXPIRED,
  UNAUTHENTICATED,
  UNSUPPORTED_MEDIA_TYPE,
  VALIDATION_FAILED,
} from '../problems/general-problems';

/** The properties that decide which problems a route or command shares with others. */
export interface Circumstances {
  readonly kind: 'service' | 'page' | 'probe';
  readonly isPublic: boolean;
  readonly isWrite: boolean;
  readonly hasBody: boolean;
  /** Whether it has path or query parameters, a body or a payload that may be invalid. */
  readonly hasInput: boolean;
}

const READ_UNAVAILABLE: ProblemKind[] = [TEMPORARILY_UNAVAILABLE, DATABASE_BUSY, SCHEMA_MISMATCH, DRAINING];
const WRITE_UNAVAILABLE: ProblemKind[] = [...READ_UNAVAILABLE, STORAGE_FULL, DATABASE_READ_ONLY, MAINTENANCE];

/** The problems that come from the middleware, guard, pipe, limits and database around every handler. */
export function commonProblems(about: Circumstances): ProblemKind[] {
  const { kind, isPublic, isWrite, hasBody, hasInput } = about;
  if (kind === 'probe') return [INTERNAL];
  const codes: ProblemKind[] = hasInput ? [VALIDATION_FAILED, MALFORMED_REQUEST] : [];
  if (!isPublic) codes.push(UNAUTHENTICATED, TOKEN_EXPIRED, SESSION_REVOKED);
  if (hasBody) codes.push(REQUEST_TIMEOUT, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE);
  if (kind === 'page') return [...codes, INTERNAL, DRAINING];
  if (isWrite) codes.push(NOT_FOUND); // a referenced row was deleted at the same moment
  codes.push(RATE_LIMITED, INTERNAL, ...(isWrite ? WRITE_UNAVAILABLE : READ_UNAVAILABLE));
  return isWrite ? [...codes, OUTCOME_UNKNOWN] : codes;
}

/** The same for a command: its socket is authenticated, and its payload arrives complete. */
export function commonCommandProblems(isWrite: boolean): ProblemKind[] {
  return commonProblems({ kind: 'service', isPublic: true, isWrite, hasBody: false, hasInput: true });
}
