import { PROBLEMS, type ProblemCode } from './catalogue';

/** One wrong field: `pointer` is an RFC 6901 JSON pointer into the body, or `/query/<name>`, `/path/<name>`. */
export interface FieldError {
  readonly pointer: string;
  readonly detail: string;
}

/** What a problem carries beside its code, as fields of the problem object. */
export interface ProblemFields {
  readonly detail?: string;
  readonly errors?: readonly FieldError[];
  /** Seconds until another try makes sense; becomes `Retry-After` on HTTP. */
  readonly retryAfter?: number;
  /** The limit that was reached, for `rate-limited`; becomes `RateLimit-Policy` on HTTP. */
  readonly policy?: { readonly quota: number; readonly windowSeconds: number };
  /** The thing as it is, for conflicts. */
  readonly current?: object;
  /** The friend request that exists already, for `friend-request-exists`. */
  readonly friendRequest?: object;
  /** The methods that the address takes, for `method-not-allowed`. */
  readonly allow?: readonly string[];
}

/** The problem as it travels (RFC 9457), the same on HTTP, in acks and in `connect_error.data`. */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ProblemCode;
  readonly instance: string;
  readonly requestId: string;
  readonly errors?: readonly FieldError[];
  readonly retryAfter?: number;
  readonly current?: object;
  readonly friendRequest?: object;
}

const DEFAULT_RETRY_AFTER_SECONDS: Partial<Record<ProblemCode, number>> = {
  'temporarily-unavailable': 2,
  'database-busy': 1,
  'storage-full': 30,
  'database-read-only': 5,
  'schema-mismatch': 10,
  maintenance: 30,
  draining: 2,
  'rate-limited': 1,
};

/** A refusal with a code of the contract; thrown anywhere, rendered at the edge. */
export class Problem extends Error {
  readonly retryAfter: number | undefined;

  constructor(
    readonly code: ProblemCode,
    readonly fields: ProblemFields = {},
    options?: ErrorOptions,
  ) {
    super(fields.detail ?? PROBLEMS[code].title, options);
    this.name = 'Problem';
    this.retryAfter = fields.retryAfter ?? DEFAULT_RETRY_AFTER_SECONDS[code];
  }

  get status(): number {
    return PROBLEMS[this.code].status;
  }

  /** @param instance the address or command that was refused, without its query */
  toDocument(instance: string, requestId: string): ProblemDocument {
    const { title, status } = PROBLEMS[this.code];
    return {
      type: `/problems/${this.code}`,
      title,
      status,
      detail: this.fields.detail ?? title,
      code: this.code,
      instance,
      requestId,
      ...(this.fields.errors && { errors: this.fields.errors }),
      ...(this.retryAfter !== undefined && { retryAfter: this.retryAfter }),
      ...(this.fields.current && { current: this.fields.current }),
      ...(this.fields.friendRequest && { friendRequest: this.fields.friendRequest }),
    };
  }
}

/** The one way to refuse a single wrong field. */
export function invalidField(pointer: string, detail: string): Problem {
  return new Problem('validation-failed', { detail: `${pointer} ${detail}`, errors: [{ pointer, detail }] });
}
