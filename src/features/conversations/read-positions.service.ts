import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { inTransaction } from '../../platform/database/transaction';
import { CONVERSATION_NOT_FOUND } from '../membership/membership.problems';
import { invalidField, Problem } from '../../platform/problems/problem';
import { accessConversation } from '../membership/conversation-access';
import { countUnread } from './conversation-view';
import type { ReadPositionDto, ReadPositionView } from './conversations.dto';
import { ReadPositionChanged } from './conversations.events';

/** In larger groups, only the reader's own devices learn of a read position. */
const MAX_SHARED_SIZE = 100;

/** How far each participant has read. Positions are per user and take no `rev`. */
@Injectable()
export class ReadPositionsService {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /**
   * Sets the read position. It moves back only with `unread`.
   * @throws Problem `conversation-not-found`, or `validation-failed` for a position above the head
   */
  async set(userId: string, conversationId: string, input: ReadPositionDto): Promise<ReadPositionView> {
    return inTransaction(this.dataSource, async (manager, announce) => {
      const { conversation } = await accessConversation(manager, userId, conversationId);
      if (input.seq > conversation.lastSeq) throw invalidField('/seq', 'is above the newest message');
      const moved = await move(manager, userId, conversationId, input);
      if (!moved) throw new Problem(CONVERSATION_NOT_FOUND);
      const { read_seq: readSeq } = moved;
      if (readSeq !== moved.read_before) {
        const isShared = !moved.is_blocked && moved.size <= MAX_SHARED_SIZE;
        const event = new ReadPositionChanged(conversationId, userId, readSeq, isShared);
        announce(event);
      }
      return { seq: readSeq, unreadCount: await countUnread(manager, userId, conversationId) };
    });
  }
}

interface Moved {
  read_seq: number;
  read_before: number;
  /** Whether a block stands between the two people of this direct conversation. */
  is_blocked: boolean;
  /** The number of participants, counted up to `MAX_SHARED_SIZE` + 1. */
  size: number;
}

/**
 * Locks the row before it compares: of several equal moves at once, only the first one changes something. Served by
 * `conversation_participants_pkey`.
 */
async function move(
  manager: EntityManager,
  userId: string,
  conversationId: string,
  { seq, unread = false }: ReadPositionDto,
): Promise<Moved | undefined> {
  const [rows] = await manager.query<[Moved[], number]>(
    `with before as materialized (
       select read_seq, shown_read_seq is not null as is_blocked from conversation_participants
       where conversation_id = $1 and user_id = $2 and left_at is null for update)
     update conversation_participants p
     set read_seq = case when $4 then $3 else greatest(before.read_seq, $3) end
     from before where p.conversation_id = $1 and p.user_id = $2
     returning p.read_seq, before.read_seq as read_before, before.is_blocked, (select count(*) from (
       select from conversation_participants o
       where o.conversation_id = $1 and o.left_at is null limit ${MAX_SHARED_SIZE + 1}) present) as size`,
    [conversationId, userId, seq, unread],
  );
  return rows[0];
}
