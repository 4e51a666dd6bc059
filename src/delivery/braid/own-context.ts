import { randomUUID } from 'node:crypto';
import { runInContext } from '../../platform/request-context';

/**
 * What a stream reads later is part of no request: not of the one that opened it, whose deadline is over, and not of
 * the one whose event made it read.
 */
export function inOwnContext<T>(userId: string, timeoutMs: number, work: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  return runInContext({ requestId: randomUUID(), operation: 'stream', deadline, userId }, work);
}
