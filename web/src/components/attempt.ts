import { useRef, useState } from 'preact/hooks';
import { fieldOf, inWords } from '../words.ts';

export interface Attempt {
  readonly isBusy: boolean;
  /** The error text of the last attempt. */
  readonly failure: string | undefined;
  /** The name of the field that caused the error, if a field did. */
  readonly field: string | undefined;
  /** Runs the work unless another one is running, so that a double click submits once. @returns whether it succeeded */
  run(work: () => Promise<unknown>): Promise<boolean>;
  /** Runs the work after the one that is running. It is never dropped. @returns whether it succeeded */
  queue(work: () => Promise<unknown>): Promise<boolean>;
  /** Shows an error that happened elsewhere. */
  fail(error: unknown): void;
  forget(): void;
}

/** The state of an action on the server: running, done, or failed with a text to show. */
export function useAttempt(): Attempt {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const last = useRef<Promise<boolean> | undefined>(undefined);
  const perform = async (
    work: () => Promise<unknown>,
    before: Promise<boolean> | undefined,
  ): Promise<boolean> => {
    setBusy(true);
    // Keep the error of the previous action, so that the user can read it.
    if ((await before) !== false) setError(undefined);
    try {
      await work();
      return true;
    } catch (failed) {
      setError(failed);
      return false;
    }
  };
  const queue = async (work: () => Promise<unknown>): Promise<boolean> => {
    const mine = perform(work, last.current);
    last.current = mine;
    const isDone = await mine;
    if (last.current === mine) {
      last.current = undefined;
      setBusy(false);
    }
    return isDone;
  };
  const run = async (work: () => Promise<unknown>): Promise<boolean> =>
    last.current === undefined && queue(work);
  return {
    isBusy,
    failure: error === undefined ? undefined : inWords(error),
    field: fieldOf(error),
    run,
    queue,
    fail: setError,
    forget: () => setError(undefined),
  };
}
