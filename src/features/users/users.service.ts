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

/** People as they see themselves and each other. */
@Injectable()
export class UsersService {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** @throws Problem `user-not-found` */
  async own(userId: string): Promise<OwnUserView> {
    return ownUserView(await this.find(userId));
  }

  /**
   * What changes nothing is told to nobody; a change, to all devices of the person.
   * @throws Problem `session-revoked` when the person was erased meanwhile
   */
  async updateProfile(userId: string, input: UpdateProfileDto): Promise<OwnUserView> {
    return inTransaction(this.dataSource, async (manager, announce) => {
      // Compared under the row's lock: of several equal changes at once the first one changes something.
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
   * People whose username begins with `query`, by username; without those whom the caller has blocked and
   * without disabled accounts. Whoever has
   * blocked the caller is found as by anybody else: their profile can be read too, and the difference between the two
   * would tell of the block. Served by `users_username_key` (collation "C") and `blocks_pkey`.
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
