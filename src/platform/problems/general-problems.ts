import { declareProblem } from './problem-kind';

/** Problems that any route or command may answer with. Features declare their own. */

export const VALIDATION_FAILED = declareProblem(
  'validation-failed',
  400,
  'The request is not valid',
  'One or more fields, query parameters or path parameters are missing, unknown or wrong. `errors` names each by JSON pointer. Correct them and send the request again.',
);

export const MALFORMED_REQUEST = declareProblem(
  'malformed-request',
  400,
  'The request cannot be read',
  'The body is not valid UTF-8 JSON, is nested too deeply, or the command is unknown or not of the form that the contract describes.',
);

export const UNAUTHENTICATED = declareProblem(
  'unauthenticated',
  401,
  'Authentication is required',
  'The access token is missing or is not one of this server. Sign in.',
);

export const TOKEN_EXPIRED = declareProblem(
  'token-expired',
  401,
  'The token has expired',
  'Get a new access token from POST /api/v1/auth/refresh, or sign in again when the refresh token is what expired.',
);

export const SESSION_REVOKED = declareProblem(
  'session-revoked',
  401,
  'The session has ended',
  'The session was signed out, ended from another device, or ended because an old refresh token was used again. Sign in.',
);

export const FORBIDDEN = declareProblem(
  'forbidden',
  403,
  'This is not allowed',
  'You may see this, but your role or the state of things does not allow the action.',
);

export const NOT_FOUND = declareProblem(
  'not-found',
  404,
  'There is nothing here',
  'No route or resource has this address, or you may not see it.',
);

export const METHOD_NOT_ALLOWED = declareProblem(
  'method-not-allowed',
  405,
  'The method is not allowed here',
  'The address exists, but not for this method. `Allow` lists the methods that it takes.',
);

export const REQUEST_TIMEOUT = declareProblem(
  'request-timeout',
  408,
  'The request took too long to arrive',
  'The client did not send the whole request in time.',
);

export const PAYLOAD_TOO_LARGE = declareProblem(
  'payload-too-large',
  413,
  'The body is too large',
  'The request body is larger than the server takes.',
);

export const UNSUPPORTED_MEDIA_TYPE = declareProblem(
  'unsupported-media-type',
  415,
  'The media type is not supported',
  'Send the body as application/json in UTF-8, without content encoding.',
);

export const RATE_LIMITED = declareProblem(
  'rate-limited',
  429,
  'Too many requests',
  'Wait for the time that `Retry-After` (and `retryAfter`, in seconds) says, then try again.',
  { retryAfter: 1 },
);

export const INTERNAL = declareProblem(
  'internal',
  500,
  'Something went wrong in the server',
  'This is a fault of the server. Report it with the `requestId`.',
);

export const TEMPORARILY_UNAVAILABLE = declareProblem(
  'temporarily-unavailable',
  503,
  'The service is temporarily unavailable',
  'The database cannot be reached. Nothing was done. Try again after `Retry-After`.',
  { retryAfter: 2 },
);

export const DATABASE_BUSY = declareProblem(
  'database-busy',
  503,
  'The database is busy',
  'The request could not be served in time. Nothing was done. Try again after `Retry-After`.',
  { retryAfter: 1 },
);

export const STORAGE_FULL = declareProblem(
  'storage-full',
  503,
  'The storage is full',
  'Nothing can be written at the moment; reading goes on. Nothing was done. Try again later.',
  { retryAfter: 30 },
);

export const DATABASE_READ_ONLY = declareProblem(
  'database-read-only',
  503,
  'The database is read-only',
  'Nothing can be written at the moment; reading goes on. Nothing was done. Try again after `Retry-After`.',
  { retryAfter: 5 },
);

export const SCHEMA_MISMATCH = declareProblem(
  'schema-mismatch',
  503,
  'The database schema does not fit',
  'The database is being upgraded or its schema is not the one that this server needs. Nothing was done.',
  { retryAfter: 10 },
);

export const MAINTENANCE = declareProblem(
  'maintenance',
  503,
  'The service is under maintenance',
  'Nothing can be written at the moment; reading goes on. Nothing was done. Try again after `Retry-After`.',
  { retryAfter: 30 },
);

export const DRAINING = declareProblem(
  'draining',
  503,
  'The server is shutting down',
  'Nothing was done. Try again: another server, or this one after its restart, will answer.',
  { retryAfter: 2 },
);

export const OUTCOME_UNKNOWN = declareProblem(
  'outcome-unknown',
  504,
  'The outcome is unknown',
  'A write was sent to the database and its answer did not come in time. It may or may not have been done. Repeat the request with the same id to find out; that is safe.',
);

/**
 * Problems that are the server's fault. Features declare none of these, because callers can correct the requests
 * that features reject.
 */
export const FAULTS = [
  INTERNAL,
  TEMPORARILY_UNAVAILABLE,
  DATABASE_BUSY,
  STORAGE_FULL,
  DATABASE_READ_ONLY,
  SCHEMA_MISMATCH,
  MAINTENANCE,
  DRAINING,
  OUTCOME_UNKNOWN,
];
