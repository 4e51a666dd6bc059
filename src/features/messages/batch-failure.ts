import {
  isConnectionLost,
  isLockTimeout,
  isRetryable,
  violatedConstraint,
} from '../../platform/database/database-problem';
import type { BatchFailure, BatchShape } from './message-writer-states';
import { conversationOf, type Pending } from './pending-message';

/** @param mayRepeat whether the same batch may be sent once more */
export function failureOf(error: unknown, mayRepeat: boolean): BatchFailure {
  const constraint = violatedConstraint(error);
  // Another transaction stored the same id in another conversation. The next attempt sees that row.
  const isIdRace = constraint === 'chat_messages_pkey';
  if (mayRepeat && (isRetryable(error) || isIdRace)) return 'conflict';
  if (isLockTimeout(error)) return 'lock-timeout';
  if (constraint) return 'constraint';
  return isConnectionLost(error) ? 'connection-lost' : 'other';
}

export function shapeOf(batch: readonly [Pending, ...Pending[]]): BatchShape {
  if (batch.length === 1) return 'one-message';
  const first = conversationOf(batch[0]);
  return batch.every((pending) => conversationOf(pending) === first)
    ? 'one-conversation'
    : 'several-conversations';
}
