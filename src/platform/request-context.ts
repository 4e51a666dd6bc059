import { AsyncLocalStorage } from 'node:async_hooks';
import type { Span } from './tracing/span';

/** The share of the pool that a request uses: see `PoolBudget`. */
export type PoolShare = 'sign-in' | 'messages' | 'other';

/** The context that one HTTP request or socket command carries through all its calls. */
export interface RequestContext {
  readonly requestId: string;
  /** When the answer is due, on the clock of `performance.now()`, in milliseconds. */
  readonly deadline: number;
  /** The route or the command, for operators. Never what a client has typed. */
  readonly operation?: string;
  share?: PoolShare;
  /** True while a writing statement is in flight. */
  writePending?: boolean;
  userId?: string;
  /** Where the request came from; absent in background work. */
  readonly address?: string | undefined;
  /** While tracing is on. */
  readonly span?: Span;
  /** Of the trace that the caller has named, also while tracing is off; that of `span` otherwise. */
  readonly traceId?: string;
}

/** The fields of the context in every log line. */
export type Identifiers = Pick<RequestContext, 'requestId' | 'traceId'> & { readonly spanId?: string };

const storage = new AsyncLocalStorage<RequestContext>();

export function runInContext<T>(context: RequestContext, work: () => T): T {
  return storage.run(context, work);
}

/**
 * Starts background work. Background work outlives the request that started it: with its context, timers would keep its
 * deadline, and every later statement would time out.
 */
export function inBackground<T>(work: () => T): T {
  return storage.exit(work);
}

/** The object always has the same shape, which is faster to log; the log omits undefined fields. */
export function identifiersOf({ requestId, traceId, span }: RequestContext): Identifiers {
  return { requestId, traceId: span ? span.traceId : traceId, spanId: span?.spanId };
}

export function currentContext(): RequestContext | undefined {
  return storage.getStore();
}

/** Takes connections for `work` from this share of the pool; outside a request it changes nothing. */
export async function inShare<T>(share: PoolShare, work: () => Promise<T>): Promise<T> {
  const context = storage.getStore();
  if (!context) return work();
  const before = context.share;
  context.share = share;
  try {
    return await work();
  } finally {
    context.share = before;
  }
}

/** Milliseconds until the answer of the current request is due; undefined in background work. */
export function remainingMs(): number | undefined {
  const context = storage.getStore();
  return context && context.deadline - performance.now();
}
