import { once } from 'node:events';
import type { Request, Response } from 'express';

/** Long enough for bytes in flight, and for a client that stops once it reads the answer. */
const LINGER_MS = 5_000;

/**
 * Whether an announced body has not arrived completely. A request without a body is not "complete" until it is
 * read.
 */
export function isStillArriving(request: Request): boolean {
  const announced =
    request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length']) > 0;
  return announced && !request.complete;
}

/** The client may close the connection as soon as it has read the answer, before the response ends here. */
export const wasAnsweredEarly = (response: Response): boolean => response.locals.wasAnsweredEarly === true;

/**
 * Answers a request whose body is still arriving, and closes the connection afterwards instead of reading a large body to its
 * end. Until the client has gone, and for five seconds at most, the server discards the rest. If it closed with bytes unread, the
 * operating system would reset the connection, and the client could lose the answer (RFC 9112, section 9.6).
 */
export async function answerEarly(request: Request, response: Response, text: string): Promise<void> {
  response.setHeader('Connection', 'close').setHeader('Content-Length', Buffer.byteLength(text));
  response.locals.wasAnsweredEarly = true;
  response.write(text);
  request.unpipe();
  request.resume();
  const signal = AbortSignal.timeout(LINGER_MS);
  const over = [
    once(request, 'end', { signal }),
    once(request, 'close', { signal }),
    once(response, 'close', { signal }),
  ];
  await Promise.race(over).catch(() => undefined); // the time is up, or the client has reset the connection
  response.end();
}
