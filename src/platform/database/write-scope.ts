import { AsyncLocalStorage } from 'node:async_hooks';

const scope = new AsyncLocalStorage<true>();

/**
 * Runs `work`, whose statements may write. When one of them gets no answer, its outcome is unknown (504); outside
 * of such a scope, nothing was done (503). `inTransaction` opens a scope; a statement that writes without a
 * transaction needs its own.
 */
export const asWrite = <T>(work: () => T): T => scope.run(true, work);

export const isInWriteScope = (): boolean => scope.getStore() === true;
