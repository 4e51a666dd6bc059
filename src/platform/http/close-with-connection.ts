import type { NextFunction, Request, Response } from 'express';

/**
 * Lets an answer that waits behind another one on its connection (pipelining) hear that the connection has closed. Node
 * tells the foremost only, and whatever waits for `close` would be held for ever: work in flight, log lines, streams.
 */
export function closeWithConnection(request: Request, response: Response, next: NextFunction): void {
  request.once('close', () => {
    if (!response.closed) response.emit('close');
  });
  next();
}
