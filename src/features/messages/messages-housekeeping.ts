import { Injectable } from '@nestjs/common';
import { Housekeeping, type HousekeepingStep } from '../../platform/housekeeping/housekeeping';
import { deleteMessagesOf, deletedConversations } from './deleted-conversations.queries';

/** Messages that one batch deletes, with their versions, reactions and search entries. */
const BATCH = 500;

/**
 * Registers the messages of deleted conversations to be deleted. The row of the conversation stays (ADR 8). The files of
 * its attachments are then without a message, and the collector of attachments removes them.
 */
@Injectable()
export class MessagesHousekeeping {
  constructor(housekeeping: Housekeeping) {
    housekeeping.add({ name: 'messages-of-deleted-conversations', begin: emptyDeleted });
  }
}

function emptyDeleted(days: number): HousekeepingStep {
  let left: string[] | undefined;
  return async (manager) => {
    left ??= await deletedConversations(manager, days);
    const [id] = left;
    if (id === undefined) return { deleted: 0, isDone: true };
    const deleted = await deleteMessagesOf(manager, id, BATCH);
    if (deleted < BATCH) left.shift();
    return { deleted, isDone: left.length === 0 };
  };
}
