import type { Socket } from 'node:net';
import type { NextFunction, Request, Response } from 'express';

/** The answers that each connection is still owed. */
const owed = new WeakMap<Socket, Set<Response>>();

/**
 * Tells answers that wait behind another one on their connection (pipelining) that the connection has closed. Node tells only
 * the foremost, the one that has the socket. Otherwise everything that waits for `close` would be held for ever: work in
 * flight, log lines, streams.
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
