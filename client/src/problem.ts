import type * as wire from './wire.generated.ts';

/**
 * What to do about a refusal:
 *   again     the same again later, with the same id: nothing was done, or perhaps it was
 *   a-few     the same: but it may be a mistake that waiting does not mend, so not for ever
 *   refresh   a new access token first, then the same again
 *   sign-in   the session is over
 *   never     it never will be
 */
export type Handling = 'again' | 'a-few' | 'refresh' | 'sign-in' | 'never';

/** How often is `a-few`. */
export const A_FEW = 5;

/**
 * The problem document (RFC 9457) of the server, as far as programs need it. Also that of a newer server, of a proxy in
 * between or of this client: so only `code` and `status` are certain.
 */
export interface Problem extends Partial<
  Pick<wire.Problem, 'title' | 'detail' | 'requestId' | 'retryAfter' | 'errors' | 'current'>
> {
  /** What programs go by; texts may change. See `docs/errors.md` of the server. */
  readonly code: string;
  /** The HTTP status; 0 when there was no answer. */
  readonly status: number;
}

/** Codes whose handling does not follow from their status. */
const HANDLING: Readonly<Record<string, Handling>> = {
  'token-expired': 'refresh',
  // The access token is not one of this server (any more); whether the session is over, the refresh token tells.
  unauthenticated: 'refresh',
  'session-revoked': 'sign-in',
  'signed-out': 'sign-in',
};

/**
 * A refusal of the server, or the lack of an answer: `not-connected` (nothing was sent) or `unreachable` (whether
 * anything was done is not known). `code` is for programs, the message for people.
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

  /** Input that no server would take: refused before anything is sent. */
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

  /** What to do about it. Codes of a newer server are judged by their status. */
  get handling(): Handling {
    const { code, status } = this;
    if (HANDLING[code]) return HANDLING[code];
    // No problem document: a proxy in between, whose word about a message is not the server's.
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

  /** Milliseconds that the server asks to wait; 0 when it does not. */
  get retryAfterMs(): number {
    return (this.problem.retryAfter ?? 0) * 1_000;
  }
}

/** Reads a problem from a body, and makes one for an answer that has none, like that of a proxy in between. */
export function toProblem(status: number, body: unknown, retryAfter?: number): Problem {
  const given = retryAfter !== undefined && retryAfter > 0 ? { retryAfter } : {};
  if (typeof body === 'object' && body !== null && 'code' in body && typeof body.code === 'string')
    return { ...given, ...(body as Problem), status };
  return { ...given, code: `http-${status}`, status, title: `The server answered ${status}` };
}

/** Any error as one of ours: what is none of the server's answers is the lack of one. */
export function toError(error: unknown): XFChatError {
  return error instanceof XFChatError ? error : XFChatError.unreachable(error);
}
