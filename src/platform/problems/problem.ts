import type { ProblemKind } from './problem-kind';
import { VALIDATION_FAILED } from './general-problems';

/** One wrong field: `pointer` is an RFC 6901 JSON pointer into the body, or `/query/<name>`, `/path/<name>`. */
export interface FieldError {
  readonly pointer: string;
  readonly detail: string;
}

/** Further fields of the problem object, beside its code. */
export interface ProblemFields {
  readonly detail?: string;
  readonly errors?: readonly FieldError[];
  /** Seconds to wait before a retry; becomes `Retry-After` on HTTP. */
  readonly retryAfter?: number;
  /** The limit that was reached, for `rate-limited`; becomes `RateLimit-Policy` on HTTP. */
  readonly policy?: { readonly quota: number; readonly windowSeconds: number };
  /** The extra members of this kind of problem, by name. */
  readonly carried?: Readonly<Record<string, object>>;
  /** The allowed methods of the address, for `method-not-allowed`. */
  readonly allow?: readonly string[];
}

/** The problem as it travels (RFC 9457), the same on HTTP, in acks and in `connect_error.data`. */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly instance: string;
  readonly requestId: string;
  readonly errors?: readonly FieldError[];
  readonly retryAfter?: number;
}

/** A rejection of a declared kind. Any code may throw it; a filter renders it. */
export class Problem extends Error {
  readonly retryAfter: number | undefined;

  constructor(
    readonly kind: ProblemKind,
    readonly fields: ProblemFields = {},
    options?: ErrorOptions,
  ) {
    super(fields.detail ?? kind.title, options);
    this.name = 'Problem';
    this.retryAfter = fields.retryAfter ?? kind.retryAfter;
  }

  get code(): string {
    return this.kind.code;
  }

  get status(): number {
    return this.kind.status;
  }

  /** @param instance the address or command that was refused, without its query */
  toDocument(instance: string, requestId: string): ProblemDocument {
    const { code, title, status } = this.kind;
    return {
      type: `/problems/${code}`,
      title,
      status,
      detail: this.fields.detail ?? title,
      code,
      instance,
      requestId,
      ...(this.fields.errors && { errors: this.fields.errors }),
      ...(this.retryAfter !== undefined && { retryAfter: this.retryAfter }),
      ...this.fields.carried,
    };
  }
}

/** A problem about a single wrong field. */
export function invalidField(pointer: string, detail: string): Problem {
  return new Problem(VALIDATION_FAILED, { detail: `${pointer} ${detail}`, errors: [{ pointer, detail }] });
}
