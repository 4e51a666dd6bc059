import { AsyncLocalStorage } from 'node:async_hooks';

/** Whose connections a request uses: see `PoolBudget`. */
export type PoolShare = 'sign-in' | 'messages' | 'other';

/** What one HTTP request or socket command carries through every call that it makes. */
export interface RequestContext {
  readonly requestId: string;
  /** When the answer is due, on the clock of `performance.now()`, in milliseconds. */
  readonly deadline: number;
  /** What is being done, for operators: the route or the command. Never what a client has typed. */
  readonly operation?: string;
  share?: PoolShare;
  /** True while a statement that writes is on its way and its answer has not come. */
  writePending?: boolean;
  userId?: string;
}

const storage = new AsyncLocalStorage<RequestContext>();

export function runInContext<T>(context: RequestContext, work: () => T): T {
  return storage.run(context, work);
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
