import { randomUUID } from 'node:crypto';
import { runInContext } from '../../platform/request-context';

/**
 * Runs a stream's later reads in a context of their own. The request that opened the stream has an expired deadline,
 * and the request whose event caused the read is not related.
 */
export function inOwnContext<T>(userId: string, timeoutMs: number, work: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  return runInContext({ requestId: randomUUID(), operation: 'stream', deadline, userId }, work);
}
