/** One kind of refusal: `code` names it for programs, the texts explain it to people. */
export interface ProblemKind {
  readonly status: number;
  readonly title: string;
  /** What happened and what the client should do, as served under `/problems/<code>`. */
  readonly explanation: string;
}

const kind = (status: number, title: string, explanation: string): ProblemKind => ({
  status,
  title,
  explanation,
});

/** Every problem that the server can answer. Codes are the contract; texts may change. */
export const PROBLEMS = {
  'validation-failed': kind(
    400,
    'The request is not valid',
    'One or more fields, query parameters or path parameters are missing, unknown or wrong. `errors` names each by JSON pointer. Correct them and send the request again.',
  ),
  'malformed-request': kind(
    400,
    'The request cannot be read',
    'The body is not valid UTF-8 JSON, is nested too deeply, or the command is unknown or not of the form that the contract describes.',
  ),
  unauthenticated: kind(
    401,
    'Authentication is required',
    'The access token is missing or is not one of this server. Sign in.',
  ),
  'invalid-credentials': kind(
    401,
    'The credentials are wrong',
    'No account matches this login and password. The answer is the same whether the account exists or not.',
  ),
  'token-expired': kind(
    401,
    'The token has expired',
    'Get a new access token from POST /api/v1/auth/refresh, or sign in again when the refresh token is what expired.',
  ),
  'session-revoked': kind(
    401,
    'The session has ended',
    'The session was signed out, ended from another device, or ended because an old refresh token was used again. Sign in.',
  ),
  forbidden: kind(
    403,
    'This is not allowed',
    'You may see this, but your role or the state of things does not allow the action.',
  ),
  'account-disabled': kind(
    403,
    'The account is disabled',
    'The password is right, but an operator of this server has disabled the account. Ask them.',
  ),
  'registration-closed': kind(
    403,
    'Nobody can make an account here',
    'The operator of this server does not let people make accounts.',
  ),
  'invitation-required': kind(
    403,
    'An invitation is needed',
    'This server lets people make an account only with an invitation. Send its code as `invitation`.',
  ),
  'invitation-invalid': kind(
    403,
    'The invitation cannot be used',
    'The code is wrong, has expired, was revoked, or was used as often as it may be. Ask for another invitation.',
  ),
  'password-reset-invalid': kind(
    403,
    'The link cannot be used',
    'The link that sets a new password is wrong, has expired, was used already, or was replaced by a newer one. Ask for another link.',
  ),
  'not-found': kind(
    404,
    'There is nothing here',
    'No route or resource has this address, or you may not see it.',
  ),
  'conversation-not-found': kind(
    404,
    'The conversation does not exist',
    'There is no such conversation, or you do not participate in it; the two look the same.',
  ),
  'message-not-found': kind(
    404,
    'The message does not exist',
    'There is no message with this id in the conversation.',
  ),
  'user-not-found': kind(404, 'The user does not exist', 'There is no user with this id or name.'),
  'friend-request-not-found': kind(
    404,
    'The friend request does not exist',
    'There is no such friend request, or it is not yours.',
  ),
  'method-not-allowed': kind(
    405,
    'The method is not allowed here',
    'The address exists, but not for this method. `Allow` lists the methods that it takes.',
  ),
  'request-timeout': kind(
    408,
    'The request took too long to arrive',
    'The client did not send the whole request in time.',
  ),
  'message-id-conflict': kind(
    409,
    'The message id is taken',
    'The id names another message: another sender, conversation or content. Nothing was changed. Choose a new id for a new message.',
  ),
  'version-conflict': kind(
    409,
    'The message has changed meanwhile',
    'The edit was based on a version that is not the current one, or its version id names another edit. `current` is the message as it is. Resolve and try again.',
  ),
  'cursor-reset': kind(
    409,
    'The cursor belongs to another history',
    'The cursor is of another epoch or ahead of the conversation. Drop what you hold of the conversation and start again from 0.',
  ),
  'conversation-id-conflict': kind(
    409,
    'The conversation id is taken',
    'A conversation with this id exists already. Choose another id.',
  ),
  'owner-must-transfer': kind(
    409,
    'The owner has to hand over first',
    'A group has exactly one owner. Make another participant the owner before leaving, or delete the conversation.',
  ),
  'username-taken': kind(
    409,
    'The username is taken',
    'Another account has this username. Choose another one.',
  ),
  'email-taken': kind(409, 'The e-mail address is taken', 'Another account has this e-mail address.'),
  'already-friends': kind(409, 'You are friends already', 'There is nothing to request.'),
  'friend-request-exists': kind(
    409,
    'The friend request exists already',
    'A request between the two of you is open. `friendRequest` is that request.',
  ),
  'friend-request-already-answered': kind(
    409,
    'The friend request was answered already',
    'The request was accepted, declined or cancelled before, and not in this way.',
  ),
  'precondition-failed': kind(
    412,
    'The message is not the one that If-Match names',
    'None of the entity tags in `If-Match` is the one of the message as it is. Nothing was changed. `current` is the message as it is. Resolve and try again.',
  ),
  'payload-too-large': kind(
    413,
    'The body is too large',
    'The request body is larger than the server takes.',
  ),
  'unsupported-media-type': kind(
    415,
    'The media type is not supported',
    'Send the body as application/json in UTF-8, without content encoding.',
  ),
  'range-not-satisfiable': kind(
    416,
    'The range is not one that can be patched',
    'Patches address the body of a message: unit json, range .body, or a part of it like .body[3:5], counted in characters (Unicode code points) and within the version that the patch is based on.',
  ),
  'message-too-long': kind(
    422,
    'The message is too long',
    'The body of a message has more characters (Unicode code points) than allowed.',
  ),
  'rate-limited': kind(
    429,
    'Too many requests',
    'Wait for the time that `Retry-After` (and `retryAfter`, in seconds) says, then try again.',
  ),
  'version-not-found': kind(
    432,
    'Version Not Found',
    'The history does not have the versions that the header of the same name lists, or does not keep the state that is asked for. Subscribe without Parents to begin anew.',
  ),
  internal: kind(
    500,
    'Something went wrong in the server',
    'This is a fault of the server. Report it with the `requestId`.',
  ),
  'temporarily-unavailable': kind(
    503,
    'The service is temporarily unavailable',
    'The database cannot be reached. Nothing was done. Try again after `Retry-After`.',
  ),
  'database-busy': kind(
    503,
    'The database is busy',
    'The request could not be served in time. Nothing was done. Try again after `Retry-After`.',
  ),
  'storage-full': kind(
    503,
    'The storage is full',
    'Nothing can be written at the moment; reading goes on. Nothing was done. Try again later.',
  ),
  'database-read-only': kind(
    503,
    'The database is read-only',
    'Nothing can be written at the moment; reading goes on. Nothing was done. Try again after `Retry-After`.',
  ),
  'schema-mismatch': kind(
    503,
    'The database schema does not fit',
    'The database is being upgraded or its schema is not the one that this server needs. Nothing was done.',
  ),
  maintenance: kind(
    503,
    'The service is under maintenance',
    'Nothing can be written at the moment; reading goes on. Nothing was done. Try again after `Retry-After`.',
  ),
  draining: kind(
    503,
    'The server is shutting down',
    'Nothing was done. Try again: another server, or this one after its restart, will answer.',
  ),
  'outcome-unknown': kind(
    504,
    'The outcome is unknown',
    'A write was sent to the database and its answer did not come in time. It may or may not have been done. Repeat the request with the same id to find out; that is safe.',
  ),
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof PROBLEMS;

export function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(PROBLEMS, code);
}
