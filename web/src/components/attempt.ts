import { useRef, useState } from 'preact/hooks';
import { fieldOf, inWords } from '../words.ts';

export interface Attempt {
  readonly isBusy: boolean;
  /** The error text of the last attempt. */
  readonly failure: string | undefined;
  /** The name of the field that it is about, if it is about one. */
  readonly field: string | undefined;
  /** Does it, unless something is under way: who submits a form twice means it once. @returns whether it was done */
  run(work: () => Promise<unknown>): Promise<boolean>;
  /** Does it after what is under way: an action of its own is never dropped. @returns whether it was done */
  queue(work: () => Promise<unknown>): Promise<boolean>;
  /** Shows what went wrong elsewhere. */
  fail(error: unknown): void;
  forget(): void;
}

/** Something that the server is asked to do: going on, done, or failed for a reason that is shown. */
export function useAttempt(): Attempt {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const last = useRef<Promise<boolean> | undefined>(undefined);
  const perform = async (
    work: () => Promise<unknown>,
    before: Promise<boolean> | undefined,
  ): Promise<boolean> => {
    setBusy(true);
    // The error of the action before it stays, so that it can be read.
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
