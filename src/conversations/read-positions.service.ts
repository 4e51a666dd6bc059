import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { inTransaction } from '../platform/database/transaction';
import { EventBus } from '../platform/events/event-bus';
import { invalidField, Problem } from '../platform/problems/problem';
import { accessConversation } from '../participation/conversation-access';
import { countUnread } from './conversation-view';
import type { ReadPositionDto, ReadPositionView } from './conversations.dto';
import { ReadPositionChanged } from './conversations.events';

/** In groups with more people than this, a read position is told to the reader's own devices only. */
const MAX_SHARED_SIZE = 100;

/** How far people have read. Positions are personal and take no `rev`. */
@Injectable()
export class ReadPositionsService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly events: EventBus,
  ) {}

  /**
   * The highest position wins, unless `unread` says that it may move back.
   * @throws Problem `conversation-not-found`, or `validation-failed` for a position above the head
   */
  async set(userId: string, conversationId: string, input: ReadPositionDto): Promise<ReadPositionView> {
    return inTransaction(this.dataSource, async (manager, afterCommit) => {
      const { conversation, participant } = await accessConversation(manager, userId, conversationId);
      if (input.seq > conversation.lastSeq) throw invalidField('/seq', 'is above the newest message');
      const [rows] = await manager.query<[{ read_seq: number; size: number }[], number]>(
        `update conversation_participants
         set read_seq = case when $4 then $3 else greatest(read_seq, $3) end
         where conversation_id = $1 and user_id = $2 and left_at is null
         returning read_seq, (select count(*) from (
           select from conversation_participants p
           where p.conversation_id = $1 and p.left_at is null limit ${MAX_SHARED_SIZE + 1}) present) as size`,
        [conversationId, userId, input.seq, input.unread === true],
      );
      const updated = rows[0];
      if (!updated) throw new Problem('conversation-not-found');
      if (updated.read_seq !== participant.readSeq) {
        const isShared = updated.size <= MAX_SHARED_SIZE;
        const event = new ReadPositionChanged(conversationId, userId, updated.read_seq, isShared);
        afterCommit(() => this.events.publish(event));
      }
      return { seq: updated.read_seq, unreadCount: await countUnread(manager, userId, conversationId) };
    });
  }
}
