import { AsyncLocalStorage } from 'node:async_hooks';

const scope = new AsyncLocalStorage<true>();

/**
 * Runs `work`, whose statements may change what is stored. When the answer to one of them does not come, its outcome is
 * unknown (504); outside of such a scope nothing was done (503). `inTransaction` opens one; a statement that writes
 * without a transaction needs its own.
 */
export const asWrite = <T>(work: () => T): T => scope.run(true, work);

export const isInWriteScope = (): boolean => scope.getStore() === true;
