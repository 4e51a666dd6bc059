import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, IsNull, type EntityManager } from 'typeorm';
import { Block } from '../relationships/block.entity';
import { isBlocked, lockAllowance, pairOf } from '../relationships/contacts.queries';
import { lockTwoPeople } from '../relationships/lock-two-people';
import { Friendship } from '../relationships/friendship.entity';
import { ReadPositionChanged } from '../conversations/conversations.events';
import { messageView } from '../messages/message-view';
import { MessageDeleted, MessageUpdated } from '../messages/messages.events';
import { findMessages } from '../messages/messages.queries';
import { hideFromEachOther, showToEachOther } from '../messages/direct-block.queries';
import { Participant } from '../membership/participant.entity';
import { inTransaction } from '../../platform/database/transaction';
import {
  listPositionOf,
  NEXT_LIST_POSITION,
  readListCursor,
  writeListCursor,
  type ListPosition,
} from '../../platform/pagination/list-position';
import { pageOf, type ListQueryDto, type Page } from '../../platform/pagination/page';
import { FORBIDDEN } from '../../platform/problems/general-problems';
import { USER_NOT_FOUND } from '../users/users.problems';
import { invalidField, Problem } from '../../platform/problems/problem';
import { DEFAULT_PAGE_SIZE } from '../../platform/validation/field-rules';
import { IS_PERSON, User } from '../users/user.entity';
import { personColumns, personView, type PersonRow } from '../users/person-row';
import type { UserView } from '../users/users.dto';
import { FriendRequestsService } from './friend-requests.service';
import type { BlockList, FriendList } from './friends.dto';
import { FriendRemoved, UserBlocked, UserUnblocked } from './friends.events';

/** People whom one person may block. */
const MAX_BLOCKS = 10_000;

interface ListedPersonRow extends PersonRow, ListPosition {
  since: Date;
}

/** Friendships and blocks. */
@Injectable()
export class FriendsService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly requests: FriendRequestsService,
  ) {}

  /** Newest friendship first. Served by `friendships_pkey` and `friendships_user_high_idx`. */
  async list(userId: string, query: ListQueryDto): Promise<FriendList> {
    const page = await this.people(
      `select f.user_high_id as id, f.created_at, ${listPositionOf('f', 'created_at')} as position
       from friendships f where f.user_low_id = $1
       union all
       select f.user_low_id, f.created_at, ${listPositionOf('f', 'created_at')} from friendships f where f.user_high_id = $1`,
      userId,
      query,
    );
    return { ...page, items: page.items.map(({ user, since }) => ({ ...user, friendsSince: since })) };
  }

  /** Ending a friendship that does not exist changes nothing. */
  async remove(userId: string, otherId: string): Promise<void> {
    await inTransaction(this.dataSource, async (manager, announce) => {
      await lockTwoPeople(manager, userId, otherId);
      const { affected } = await manager.delete(Friendship, pairOf(userId, otherId));
      if (affected) announce(new FriendRemoved([userId, otherId]));
    });
  }

  /** Newest block first. Served by `blocks_pkey`. */
  async listBlocks(userId: string, query: ListQueryDto): Promise<BlockList> {
    const page = await this.people(
      `select b.blocked_id as id, b.created_at, ${listPositionOf('b', 'created_at')} as position
       from blocks b where b.blocker_id = $1`,
      userId,
      query,
    );
    return { ...page, items: page.items.map(({ user, since }) => ({ ...user, blockedAt: since })) };
  }

  /**
   * Ends the friendship and pending requests, and hides from each what the other does in their direct conversation.
   * Waits for messages of it that are being stored: none is stored after the block was acknowledged.
   * @throws Problem `user-not-found`, `validation-failed` or `forbidden`
   */
  async block(userId: string, otherId: string): Promise<void> {
    if (userId === otherId) throw invalidField('/path/userId', 'must be somebody else');
    await inTransaction(this.dataSource, async (manager, announce) => {
      if (!(await manager.existsBy(User, { id: otherId, ...IS_PERSON }))) throw new Problem(USER_NOT_FOUND);
      const conversationId = await lockTwoPeople(manager, userId, otherId, {
        conversation: true,
        people: USER_NOT_FOUND,
      });
      const isNew = await addBlock(manager, userId, otherId);
      if (!isNew) return;
      if (conversationId !== undefined) await hideFromEachOther(manager, conversationId);
      announce(new UserBlocked([userId, otherId], conversationId));
      await this.requests.endAllBetween(manager, userId, otherId, announce);
      const { affected } = await manager.delete(Friendship, pairOf(userId, otherId));
      if (affected) announce(new FriendRemoved([userId, otherId]));
    });
  }

  /**
   * Lifting a block that does not exist changes nothing. The friendship and requests stay ended. Once neither of the
   * two blocks the other, both receive what was hidden: changed messages by new `rev`s, and the other's read position.
   */
  async unblock(userId: string, otherId: string): Promise<void> {
    await inTransaction(this.dataSource, async (manager, announce) => {
      const conversationId = await lockTwoPeople(manager, userId, otherId, { conversation: true });
      const { affected } = await manager.delete(Block, { blockerId: userId, blockedId: otherId });
      const isOpen = conversationId !== undefined && !(await isBlocked(manager, userId, otherId));
      const changedIds = isOpen ? await showToEachOther(manager, conversationId) : [];
      if (!affected) return;
      const lifted = new UserUnblocked([userId, otherId], isOpen ? conversationId : undefined);
      announce(lifted);
      if (!isOpen) return;
      for (const event of await hiddenEvents(manager, conversationId, changedIds)) announce(event);
    });
  }

  private async people(
    relation: string,
    userId: string,
    query: ListQueryDto,
  ): Promise<Page<{ user: UserView; since: string }>> {
    const limit = query.limit ?? DEFAULT_PAGE_SIZE;
    const after = readListCursor(query.cursor);
    const rows: ListedPersonRow[] = await this.dataSource.query(
      `select ${personColumns('u')}, related.created_at as since, related.id, related.position::text as position
       from (${relation}) related join users u on u.id = related.id
       where $2::bigint is null or (related.position, related.id) < ($2, $3::uuid)
       order by related.position desc, related.id desc limit $4`,
      [userId, after?.position ?? null, after?.id ?? null, limit + 1],
    );
    const { items, nextCursor } = pageOf(rows, limit, writeListCursor);
    return {
      items: items.map((row) => ({ user: personView(row), since: row.since.toISOString() })),
      nextCursor,
    };
  }
}

/** @returns false when the block exists already. @throws Problem `forbidden` when the person has too many blocks */
async function addBlock(manager: EntityManager, blockerId: string, blockedId: string): Promise<boolean> {
  if (await manager.existsBy(Block, { blockerId, blockedId })) return false;
  await lockAllowance(manager, 'blocks', blockerId);
  if ((await manager.countBy(Block, { blockerId })) >= MAX_BLOCKS)
    throw new Problem(FORBIDDEN, { detail: `One blocks at most ${MAX_BLOCKS} people.` });
  await manager.insert(Block, { blockerId, blockedId, listPosition: NEXT_LIST_POSITION });
  return true;
}

/** The most changes sent live. Clients notice the gap and catch up on the rest. */
const MAX_TOLD = 50;

/** Live events for the changes that a block had hidden. */
async function hiddenEvents(
  manager: EntityManager,
  conversationId: string,
  changedIds: readonly string[],
): Promise<object[]> {
  const told = changedIds.length > MAX_TOLD ? changedIds.slice(-1) : changedIds;
  const messages = (await findMessages(manager, told)).map(messageView).sort((a, b) => a.rev - b.rev);
  const participants = await manager.findBy(Participant, { conversationId, leftAt: IsNull() });
  return [
    ...messages.map((message) =>
      message.deletedAt === null ? new MessageUpdated(message) : new MessageDeleted(message),
    ),
    ...participants.map(
      ({ userId, readSeq }) => new ReadPositionChanged(conversationId, userId, readSeq, true),
    ),
  ];
}
