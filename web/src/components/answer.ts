import { useEffect, useState } from 'preact/hooks';
import { inWords } from '../words.ts';

/** Pause after the last keystroke before a request is sent, in milliseconds. */
const PATIENCE_MS = 250;

/**
 * The answer to a question that the user is typing. The previous answer stays until the next one arrives. An empty question
 * has no answer.
 * @param ask must depend on the question alone
 */
export function useAnswer<T>(
  question: string,
  ask: (question: string) => Promise<T>,
): { answer: T | undefined; failure: string | undefined; isWaiting: boolean } {
  const [answer, setAnswer] = useState<{ readonly to: string; readonly value: T }>();
  const [failure, setFailure] = useState<string>();
  useEffect(() => {
    setFailure(undefined);
    if (question === '') return setAnswer(undefined);
    let isWanted = true;
    const begin = async (): Promise<void> => {
      try {
        const value = await ask(question);
        if (isWanted) setAnswer({ to: question, value });
      } catch (error) {
        if (isWanted) setFailure(inWords(error));
      }
    };
    const timer = setTimeout(() => void begin(), PATIENCE_MS);
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [question]);
  const isWaiting = question !== '' && answer?.to !== question && failure === undefined;
  return { answer: question === '' ? undefined : answer?.value, failure, isWaiting };
}
