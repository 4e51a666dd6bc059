import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { currentContext } from '../request-context';
import type { ClientAddresses } from './client-address';

/** About ten of the largest pages of a history. */
const MAX_UNREAD_BYTES = 32 * 1024 * 1024;

/**
 * Bounds the answers in this process that clients requested but do not read. Above the bound, it closes the
 * connection that has waited longest; a slow reader can retry. Signed-in people are counted individually, others by
 * address.
 */
export function boundUnreadAnswers(addresses: Pick<ClientAddresses, 'budgetKeyOf'>): RequestHandler {
  const waiting = new Map<string, Set<Response>>();

  const wait = (key: string, response: Response): void => {
    const answers = waiting.get(key) ?? new Set();
    waiting.set(key, answers.add(response));
    response.once('close', () => {
      answers.delete(response);
      if (answers.size === 0 && waiting.get(key) === answers) waiting.delete(key);
    });
    let unread = [...answers].reduce((sum, { writableLength }) => sum + writableLength, 0);
    for (const oldest of answers) {
      if (unread <= MAX_UNREAD_BYTES) return;
      unread -= oldest.writableLength;
      oldest.req.socket.destroy();
    }
  };

  return (request: Request, response: Response, next: NextFunction) => {
    const context = currentContext();
    const end = response.end.bind(response) as (...parameters: unknown[]) => Response;
    response.end = (...parameters: unknown[]) => {
      end(...parameters);
      if (response.writableLength > 0) wait(context?.userId ?? addresses.budgetKeyOf(request), response);
      return response;
    };
    next();
  };
}
