import type * as wire from './wire.generated.ts';

/**
 * The reaction to a problem:
 *   again     try again later with the same id; the earlier attempt may have succeeded
 *   a-few     try again a few times only, because the fault may not go away
 *   refresh   renew the access token, then try again
 *   sign-in   the session is over
 *   never     give up; no further attempt would succeed
 */
export type Handling = 'again' | 'a-few' | 'refresh' | 'sign-in' | 'never';

/** The number of attempts for `a-few`. */
export const A_FEW = 5;

/**
 * A problem document (RFC 9457) of the server, with the fields that programs need. A newer server, a proxy or this client may
 * have written it, so only `code` and `status` are certain.
 */
export interface Problem extends Partial<
  Pick<wire.Problem, 'title' | 'detail' | 'requestId' | 'retryAfter' | 'errors' | 'current'>
> {
  /** The code for programs; texts may change. `docs/errors.md` of the server lists the codes. */
  readonly code: string;
  /** The HTTP status; 0 without an answer. */
  readonly status: number;
}

/** Codes whose handling does not follow from their status. */
const HANDLING: Readonly<Record<string, Handling>> = {
  'token-expired': 'refresh',
  // The server does not know the access token. Only the refresh token shows whether the session is over.
  unauthenticated: 'refresh',
  'session-revoked': 'sign-in',
  'signed-out': 'sign-in',
};

/**
 * A problem of the server, or a missing answer: `not-connected` (nothing was sent) or `unreachable` (the server may or may
 * not have acted). `code` is for programs, `message` for people.
 */
export class XFChatError extends Error {
  constructor(
    readonly problem: Problem,
    options?: { cause?: unknown },
  ) {
    super(problem.detail ?? problem.title ?? problem.code);
    this.name = 'XFChatError';
    if (options) this.cause = options.cause;
  }

  static unreachable(cause: unknown): XFChatError {
    return new XFChatError({ code: 'unreachable', status: 0, title: 'The server gave no answer' }, { cause });
  }

  /** Invalid input, rejected before anything is sent. */
  static invalid(detail: string): XFChatError {
    return new XFChatError({ code: 'validation-failed', status: 400, title: 'Invalid input', detail });
  }

  static notConnected(): XFChatError {
    return new XFChatError({ code: 'not-connected', status: 0, title: 'There is no connection' });
  }

  static signedOut(): XFChatError {
    return new XFChatError({ code: 'signed-out', status: 401, title: 'Nobody is signed in' });
  }

  static conversationNotFound(): XFChatError {
    const title = 'There is no such conversation, or you do not participate in it';
    return new XFChatError({ code: 'conversation-not-found', status: 404, title });
  }

  get code(): string {
    return this.problem.code;
  }

  get status(): number {
    return this.problem.status;
  }

  /** The reaction to this problem. An unknown code of a newer server is judged by its status. */
  get handling(): Handling {
    const { code, status } = this;
    if (HANDLING[code]) return HANDLING[code];
    // Without a problem document the answer came from a proxy, which does not know whether the server would reject it.
    if (code.startsWith('http-') && ![429, 502, 503, 504].includes(status)) return 'a-few';
    if ([0, 408, 429, 502, 503, 504].includes(status)) return 'again';
    return status >= 500 ? 'a-few' : 'never';
  }

  /** The indexes that a `validation-failed` names in a list of the input, such as 3 of `/cursors/3/seq`. */
  refusedEntries(list: string): number[] {
    if (this.code !== 'validation-failed') return [];
    const places = (this.problem.errors ?? []).map(({ pointer }) => pointer.split('/'));
    return places.flatMap(([, name, index]) => (name === list && index !== undefined ? [Number(index)] : []));
  }

  /** The pause that the server asks for, in milliseconds; 0 when it asks for none. */
  get retryAfterMs(): number {
    return (this.problem.retryAfter ?? 0) * 1_000;
  }
}

/** Reads the problem from a body, or creates one for an answer without it, such as that of a proxy. */
export function toProblem(status: number, body: unknown, retryAfter?: number): Problem {
  const given = retryAfter !== undefined && retryAfter > 0 ? { retryAfter } : {};
  if (typeof body === 'object' && body !== null && 'code' in body && typeof body.code === 'string')
    return { ...given, ...(body as Problem), status };
  return { ...given, code: `http-${status}`, status, title: `The server answered ${status}` };
}

/** Converts any error. An error that is no answer of the server counts as a missing answer. */
export function toError(error: unknown): XFChatError {
  return error instanceof XFChatError ? error : XFChatError.unreachable(error);
}
