import { Injectable } from '@nestjs/common';
import { RateLimits } from '../../platform/rate-limits/rate-limits';
import type { Allowance } from '../../platform/rate-limits/token-buckets';
import { isAtLeast, type Access } from '../membership/conversation-access';
import { namesAll } from './mention-names';
import type { MessageRow } from './message-view';
import type { StoredMessage } from './pending-message';

/** Messages of one person that mention everybody in a group: each one may notify a thousand people. */
const MENTION_ALL: Allowance = { burst: 10, perSecond: 1 / 60 };

/** Limits how often an owner or admin mentions everybody. `@all` of other people is plain text and costs them nothing. */
@Injectable()
export class AllMentions {
  constructor(private readonly rateLimits: RateLimits) {}

  /**
   * Charges the sender before the message is stored, and returns the charge unless the message mentions everybody and is
   * new. Nothing is awaited before `store`, so the messages of one sender keep their order.
   * @throws Problem `rate-limited`
   */
  async charge(senderId: string, body: string, store: () => Promise<StoredMessage>): Promise<StoredMessage> {
    if (!namesAll(body)) return store();
    this.rateLimits.take(MENTION_ALL, senderId);
    let isDue = false;
    try {
      const stored = await store();
      isDue = stored.isNew && stored.message.mentionsAll;
      return stored;
    } finally {
      if (!isDue) this.rateLimits.giveBack(MENTION_ALL, senderId);
    }
  }

  /** Charges an edit that adds the mention of everybody. @throws Problem `rate-limited` */
  chargeEdit({ conversation, participant }: Access, row: MessageRow, body: string): void {
    if (conversation.type === 'direct' || !isAtLeast(participant.role, 'admin')) return;
    if (namesAll(body) && !row.mentions?.includes(null))
      this.rateLimits.take(MENTION_ALL, participant.userId);
  }
}
