import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { Block } from '../contacts/block.entity';
import { lockPair, pairOf } from '../contacts/contacts.queries';
import { Friendship } from '../contacts/friendship.entity';
import { inTransaction } from '../platform/database/transaction';
import { EventBus } from '../platform/events/event-bus';
import { readTimeCursor, writeTimeCursor } from '../platform/pagination/time-cursor';
import { invalidField, Problem } from '../platform/problems/problem';
import { DEFAULT_PAGE_SIZE } from '../platform/validation/field-rules';
import { holdPeople } from '../users/people.queries';
import { IS_PERSON, User } from '../users/user.entity';
import { userView, type UserView } from '../users/users.dto';
import { FriendRequestsService } from './friend-requests.service';
import type { BlockList, FriendList, PeopleListDto } from './friends.dto';
import { FriendRemoved, UserBlocked } from './friends.events';

/** Friends, and people one does not want to hear from. */
@Injectable()
export class FriendsService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly requests: FriendRequestsService,
    private readonly events: EventBus,
  ) {}

  /** Newest friendship first. Served by `friendships_pkey` and `friendships_user_high_idx`. */
  async list(userId: string, query: PeopleListDto): Promise<FriendList> {
    const page = await this.people(
      `select f.user_high_id as id, f.created_at from friendships f where f.user_low_id = $1
       union all
       select f.user_low_id, f.created_at from friendships f where f.user_high_id = $1`,
      userId,
      query,
    );
    return { ...page, items: page.items.map(({ user, since }) => ({ ...user, friendsSince: since })) };
  }

  /** Ending a friendship that is none changes nothing. */
  async remove(userId: string, otherId: string): Promise<void> {
    await inTransaction(this.dataSource, async (manager, afterCommit) => {
      await lockPair(manager, userId, otherId);
      const { affected } = await manager.delete(Friendship, pairOf(userId, otherId));
      if (affected) afterCommit(() => this.events.publish(new FriendRemoved([userId, otherId])));
    });
  }

  /** Newest block first. Served by `blocks_pkey`. */
  async listBlocks(userId: string, query: PeopleListDto): Promise<BlockList> {
    const page = await this.people(
      `select b.blocked_id as id, b.created_at from blocks b where b.blocker_id = $1`,
      userId,
      query,
    );
    return { ...page, items: page.items.map(({ user, since }) => ({ ...user, blockedAt: since })) };
  }

  /**
   * Ends the friendship and open requests. Also waits for messages of the direct conversation that are being stored:
   * none is stored after this was acknowledged. @throws Problem `user-not-found` or `validation-failed`
   */
  async block(userId: string, otherId: string): Promise<void> {
    if (userId === otherId) throw invalidField('/path/userId', 'must be somebody else');
    await inTransaction(this.dataSource, async (manager, afterCommit) => {
      if (!(await manager.existsBy(User, { id: otherId, ...IS_PERSON }))) throw new Problem('user-not-found');
      await lockPair(manager, userId, otherId);
      const { userLowId, userHighId } = pairOf(userId, otherId);
      const [conversation] = await manager.query<{ id: string }[]>(
        `select id from conversations where direct_key = $1 for no key update`,
        [`${userLowId}:${userHighId}`],
      );
      await holdPeople(manager, [userId, otherId]);
      await manager.upsert(Block, { blockerId: userId, blockedId: otherId }, ['blockerId', 'blockedId']);
      afterCommit(() => this.events.publish(new UserBlocked([userId, otherId], conversation?.id)));
      await this.requests.endAllBetween(manager, userId, otherId, afterCommit);
      const { affected } = await manager.delete(Friendship, { userLowId, userHighId });
      if (affected) afterCommit(() => this.events.publish(new FriendRemoved([userId, otherId])));
    });
  }

  /** Lifting a block that is none changes nothing. Nothing else comes back. */
  async unblock(userId: string, otherId: string): Promise<void> {
    await inTransaction(this.dataSource, async (manager) => {
      await lockPair(manager, userId, otherId);
      await manager.delete(Block, { blockerId: userId, blockedId: otherId });
    });
  }

  private async people(
    relation: string,
    userId: string,
    query: PeopleListDto,
  ): Promise<{ items: { user: UserView; since: string }[]; nextCursor: string | null }> {
    const limit = query.limit ?? DEFAULT_PAGE_SIZE;
    const after = query.cursor === undefined ? undefined : readTimeCursor(query.cursor);
    const rows: PersonRow[] = await this.dataSource.query(
      `select u.id, u.username, u.display_name, u.avatar_url, u.status, u.created_at, related.created_at as since
       from (${relation}) related join users u on u.id = related.id
       where $2::timestamptz is null or (related.created_at, related.id) < ($2, $3::uuid)
       order by related.created_at desc, related.id desc limit $4`,
      [userId, after?.at ?? null, after?.id ?? null, limit + 1],
    );
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      items: page.map((row) => ({ user: personView(row), since: row.since.toISOString() })),
      nextCursor: rows.length > limit && last ? writeTimeCursor({ at: last.since, id: last.id }) : null,
    };
  }
}

interface PersonRow {
  id: string;
  username: string;
  display_name: string;
  avatar_url: string | null;
  status: string | null;
  created_at: Date;
  since: Date;
}

function personView(row: PersonRow): UserView {
  return userView({
    id: row.id,
    username: row.username,
    displayName: row.display_name,
    avatarUrl: row.avatar_url,
    status: row.status,
    createdAt: row.created_at,
  });
}
