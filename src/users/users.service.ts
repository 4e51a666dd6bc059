import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, IsNull } from 'typeorm';
import { inTransaction } from '../platform/database/transaction';
import { Problem } from '../platform/problems/problem';
import { DEFAULT_PAGE_SIZE } from '../platform/validation/field-rules';
import { IS_PERSON, User } from './user.entity';
import {
  ownUserView,
  userView,
  type OwnUserView,
  type UpdateProfileDto,
  type UserList,
  type UserSearchDto,
  type UserView,
} from './users.dto';

@Injectable()
export class UsersService {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** @throws Problem `user-not-found` */
  async own(userId: string): Promise<OwnUserView> {
    return ownUserView(await this.find(userId));
  }

  /** @throws Problem `session-revoked` when the person was erased meanwhile */
  async updateProfile(userId: string, input: UpdateProfileDto): Promise<OwnUserView> {
    return inTransaction(this.dataSource, async (manager) => {
      const { displayName, avatarUrl, status } = input;
      await manager.update(
        User,
        { id: userId, erasedAt: IsNull() },
        { displayName, avatarUrl, status, updatedAt: new Date() },
      );
      const user = await manager.findOneBy(User, { id: userId, erasedAt: IsNull() });
      if (!user) throw new Problem('session-revoked');
      return ownUserView(user);
    });
  }

  /** @throws Problem `user-not-found` */
  async get(userId: string): Promise<UserView> {
    return userView(await this.find(userId));
  }

  /**
   * People whose username begins with `query`, by username; without those who have blocked the caller or whom the
   * caller has blocked, and without disabled accounts. Served by `users_username_key` (collation "C") and `blocks_pkey`.
   */
  async search(userId: string, query: UserSearchDto): Promise<UserList> {
    const limit = query.limit ?? DEFAULT_PAGE_SIZE;
    const users = await this.dataSource.manager
      .createQueryBuilder(User, 'person')
      .where('person.username like :pattern', { pattern: `${query.query.replace(/[\\%_]/g, '\\$&')}%` })
      .andWhere({ ...IS_PERSON, disabledAt: IsNull() })
      .andWhere('person.username > :cursor', { cursor: query.cursor ?? '' })
      .andWhere('not exists (select from blocks where blocker_id = person.id and blocked_id = :userId)')
      .andWhere('not exists (select from blocks where blocker_id = :userId and blocked_id = person.id)', {
        userId,
      })
      .orderBy('person.username')
      .take(limit + 1)
      .getMany();
    const page = users.slice(0, limit);
    return { items: page.map(userView), nextCursor: users.length > limit ? page.at(-1)!.username : null };
  }

  private async find(id: string): Promise<User> {
    const user = await this.dataSource.manager.findOneBy(User, { id, ...IS_PERSON });
    if (!user) throw new Problem('user-not-found');
    return user;
  }
}
