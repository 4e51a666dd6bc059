import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, IsNull } from 'typeorm';
import { inTransaction } from '../../platform/database/transaction';
import { USER_NOT_FOUND } from './users.problems';
import { SESSION_REVOKED } from '../../platform/problems/general-problems';
import { Problem } from '../../platform/problems/problem';
import { pageOf } from '../../platform/pagination/page';
import { DEFAULT_PAGE_SIZE } from '../../platform/validation/field-rules';
import { IS_PERSON, User } from './user.entity';
import { ProfileChanged } from './users.events';
import {
  ownUserView,
  userView,
  type OwnUserView,
  type UpdateProfileDto,
  type UserList,
  type UserSearchDto,
  type UserView,
} from './users.dto';

const FIELDS = ['displayName', 'avatarUrl', 'status'] as const;

/** Profiles, own and public. */
@Injectable()
export class UsersService {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** @throws Problem `user-not-found` */
  async own(userId: string): Promise<OwnUserView> {
    return ownUserView(await this.find(userId));
  }

  /**
   * Sends a change to all devices of the person; an update that changes nothing sends nothing.
   * @throws Problem `session-revoked` when the person was erased meanwhile
   */
  async updateProfile(userId: string, input: UpdateProfileDto): Promise<OwnUserView> {
    return inTransaction(this.dataSource, async (manager, announce) => {
      // Compares under the row's lock: of several equal updates at once, only the first one changes something.
      const before = await manager.findOne(User, {
        where: { id: userId, erasedAt: IsNull() },
        lock: { mode: 'for_no_key_update' },
      });
      if (!before) throw new Problem(SESSION_REVOKED);
      const { displayName, avatarUrl, status } = input;
      const after = {
        displayName: displayName ?? before.displayName,
        avatarUrl: avatarUrl === undefined ? before.avatarUrl : avatarUrl,
        status: status === undefined ? before.status : status,
      };
      const isChanged = FIELDS.some((field) => after[field] !== before[field]);
      const own = ownUserView({ ...before, ...after });
      if (isChanged) {
        await manager.update(User, userId, { ...after, updatedAt: () => 'now()' });
        announce(new ProfileChanged(own));
      }
      return own;
    });
  }

  /** @throws Problem `user-not-found` */
  async get(userId: string): Promise<UserView> {
    return userView(await this.find(userId));
  }

  /**
   * Finds people by the beginning of their username, in order of username. Leaves out people whom the caller has
   * blocked, and disabled accounts. People who blocked the caller are found like all others: their profile is readable
   * too, so leaving them out would reveal the block. Served by `users_username_key` (collation "C") and `blocks_pkey`.
   */
  async search(userId: string, query: UserSearchDto): Promise<UserList> {
    const limit = query.limit ?? DEFAULT_PAGE_SIZE;
    const users = await this.dataSource.manager
      .createQueryBuilder(User, 'person')
      .where('person.username like :pattern', { pattern: `${query.query.replace(/[\\%_]/g, '\\$&')}%` })
      .andWhere({ ...IS_PERSON, disabledAt: IsNull() })
      .andWhere('person.username > :cursor', { cursor: query.cursor ?? '' })
      .andWhere('not exists (select from blocks where blocker_id = :userId and blocked_id = person.id)', {
        userId,
      })
      .orderBy('person.username')
      .take(limit + 1)
      .getMany();
    const { items, nextCursor } = pageOf(users, limit, ({ username }) => username);
    return { items: items.map(userView), nextCursor };
  }

  private async find(id: string): Promise<User> {
    const user = await this.dataSource.manager.findOneBy(User, { id, ...IS_PERSON });
    if (!user) throw new Problem(USER_NOT_FOUND);
    return user;
  }
}
