import { NoAnswerError } from './connection-failure';

/**
 * Waits for the database's answer to one query. The limit is for each query, since a database that keeps answering
 * on a busy machine is slow, not silent. It is two timers of half the time: between them, a busy process reads
 * answers that have already arrived.
 * @throws NoAnswerError when there is no answer within `limitMs`
 */
export async function inTime<T>(limitMs: number, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      timer = setTimeout(() => reject(new NoAnswerError()), limitMs / 2);
    }, limitMs / 2);
  });
  try {
    return await Promise.race([answer, limit]);
  } finally {
    clearTimeout(timer);
  }
}
