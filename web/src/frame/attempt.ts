import { useState } from 'preact/hooks';
import { inWords } from '../words.ts';

export interface Attempt {
  readonly isBusy: boolean;
  /** What went wrong the last time, in words. */
  readonly failure: string | undefined;
  /** Does it, once at a time. @returns whether it was done */
  run(work: () => Promise<unknown>): Promise<boolean>;
  /** Shows what went wrong elsewhere. */
  fail(error: unknown): void;
  forget(): void;
}

/** Something that the server is asked to do: going on, done, or failed for a reason that is shown. */
export function useAttempt(): Attempt {
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  const run = async (work: () => Promise<unknown>): Promise<boolean> => {
    if (isBusy) return false;
    setBusy(true);
    setFailure(undefined);
    try {
      await work();
      return true;
    } catch (error) {
      setFailure(inWords(error));
      return false;
    } finally {
      setBusy(false);
    }
  };
  return {
    isBusy,
    failure,
    run,
    fail: (error) => setFailure(inWords(error)),
    forget: () => setFailure(undefined),
  };
}
