import { once } from 'node:events';
import type { Request } from 'express';

/** Long enough for bytes in flight, and for a client that stops once it reads the answer. */
const PATIENCE_MS = 1_000;

/**
 * Reads and discards the rest of the request for a moment. If bytes stayed unread, the operating system would reset the
 * connection, and the client could not read why it was rejected.
 */
export async function discardRest(request: Request): Promise<void> {
  if (request.complete || request.destroyed) return;
  request.resume();
  await once(request, 'close', { signal: AbortSignal.timeout(PATIENCE_MS) }).catch(() => undefined);
}
