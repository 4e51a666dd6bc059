import { NoAnswerError } from './connection-failure';

/**
 * The answer of the database to one question. The limit is for each question, since a database that goes on answering
 * on a busy machine is slow and not silent. It has two halves: a busy process reads an answer that has arrived already
 * between them.
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
