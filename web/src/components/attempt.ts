import { useState } from 'preact/hooks';
import { fieldOf, inWords } from '../words.ts';

export interface Attempt {
  readonly isBusy: boolean;
  /** The error text of the last attempt. */
  readonly failure: string | undefined;
  /** The name of the field that it is about, if it is about one. */
  readonly field: string | undefined;
  /** Does it, once at a time. @returns whether it was done */
  run(work: () => Promise<unknown>): Promise<boolean>;
  /** Shows what went wrong elsewhere. */
  fail(error: unknown): void;
  forget(): void;
}

/** Something that the server is asked to do: going on, done, or failed for a reason that is shown. */
export function useAttempt(): Attempt {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const run = async (work: () => Promise<unknown>): Promise<boolean> => {
    if (isBusy) return false;
    setBusy(true);
    setError(undefined);
    try {
      await work();
      return true;
    } catch (failed) {
      setError(failed);
      return false;
    } finally {
      setBusy(false);
    }
  };
  return {
    isBusy,
    failure: error === undefined ? undefined : inWords(error),
    field: fieldOf(error),
    run,
    fail: setError,
    forget: () => setError(undefined),
  };
}
