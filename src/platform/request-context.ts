import { AsyncLocalStorage } from 'node:async_hooks';

/** What one HTTP request or socket command carries through every call that it makes. */
export interface RequestContext {
  readonly requestId: string;
  /** When the answer is due, on the clock of `performance.now()`, in milliseconds. */
  readonly deadline: number;
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

/** Milliseconds until the answer of the current request is due; undefined in background work. */
export function remainingMs(): number | undefined {
  const context = storage.getStore();
  return context && context.deadline - performance.now();
}
