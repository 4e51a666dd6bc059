import { once } from 'node:events';
import type { Request } from 'express';

/** Long enough for what is on its way already, and for a client that stops when it reads the answer. */
const PATIENCE_MS = 1_000;

/**
 * Reads on for a moment and throws away what comes. With unread bytes the operating system would reset the connection, and the
 * client would not read why it was refused.
 */
export async function discardRest(request: Request): Promise<void> {
  if (request.complete || request.destroyed) return;
  request.resume();
  await once(request, 'close', { signal: AbortSignal.timeout(PATIENCE_MS) }).catch(() => undefined);
}
