import type { Socket } from 'node:net';
import type { NextFunction, Request, Response } from 'express';

/** The unfinished answers of each connection. */
const owed = new WeakMap<Socket, Set<Response>>();

/**
 * Closes answers that wait behind another one on their connection (pipelining) when the connection closes. Node
 * notifies only the first one, which has the socket. Without this, all code that waits for `close` would wait for
 * ever: work in flight, log lines, streams.
 */
export function closeWithConnection(request: Request, response: Response, next: NextFunction): void {
  const answers = answersOf(request.socket);
  answers.add(response);
  response.once('close', () => answers.delete(response));
  next();
}

function answersOf(socket: Socket): Set<Response> {
  const known = owed.get(socket);
  if (known) return known;
  const answers = new Set<Response>();
  owed.set(socket, answers);
  socket.once('close', () => {
    for (const answer of answers) if (!answer.socket && !answer.closed) answer.emit('close');
  });
  return answers;
}
