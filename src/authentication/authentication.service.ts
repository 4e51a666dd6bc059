import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { uuidv7 } from 'uuidv7';
import { violatedConstraint } from '../platform/database/database-problem';
import { inTransaction } from '../platform/database/transaction';
import type { ProblemCode } from '../platform/problems/catalogue';
import { invalidField, Problem } from '../platform/problems/problem';
import { RateLimits } from '../platform/rate-limits/rate-limits';
import { holdPeople } from '../users/people.queries';
import { User } from '../users/user.entity';
import { ownUserView } from '../users/users.dto';
import {
  sessionView,
  type ChangePasswordDto,
  type LoginDto,
  type RegisterDto,
  type SignedIn,
} from './authentication.dto';
import { Passwords } from './passwords';
import { SessionsService } from './sessions.service';

const TAKEN: Record<string, ProblemCode> = {
  users_username_key: 'username-taken',
  users_email_key: 'email-taken',
};

/** Who someone is: making accounts, signing in, changing passwords. */
@Injectable()
export class AuthenticationService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly passwords: Passwords,
    private readonly sessions: SessionsService,
    private readonly rateLimits: RateLimits,
  ) {}

  /** @throws Problem `username-taken`, `email-taken`, `validation-failed` or `rate-limited` */
  async register(input: RegisterDto, address: string): Promise<SignedIn> {
    this.rateLimits.take('registration', address);
    this.passwords.refuseCommon(input.password, '/password');
    if (input.password.toLowerCase() === input.username)
      throw invalidField('/password', 'must not be the username');
    // Slow on purpose, and therefore before the transaction.
    const passwordHash = await this.passwords.hash(input.password);
    try {
      return await inTransaction(this.dataSource, async (manager) => {
        const user = manager.create(User, {
          id: uuidv7(),
          username: input.username,
          email: input.email ?? null,
          passwordHash,
          displayName: input.displayName ?? input.username,
          avatarUrl: null,
          status: null,
        });
        await manager.insert(User, user);
        const { session, tokens } = await this.sessions.open(manager, user.id, null);
        return { user: ownUserView(user), session: sessionView(session, session.id), ...tokens };
      });
    } catch (error) {
      const code = TAKEN[violatedConstraint(error) ?? ''];
      throw code ? new Problem(code) : error;
    }
  }

  /** The same refusal, after the same time, whether the account exists or not. @throws Problem `invalid-credentials` */
  async login(input: LoginDto, address: string): Promise<SignedIn> {
    const guess = `${address} ${input.login}`;
    this.rateLimits.check('wrongPassword', guess);
    const user = await this.dataSource.manager
      .createQueryBuilder(User, 'account')
      .addSelect('account.passwordHash')
      // A username never contains "@", so a login names one account at most.
      .where(input.login.includes('@') ? { email: input.login } : { username: input.login })
      .getOne();
    if (!(await this.passwords.matches(user?.passwordHash, input.password)) || !user) {
      this.rateLimits.take('wrongPassword', guess);
      throw new Problem('invalid-credentials');
    }
    const passwordHash = await this.passwords.replacement(user.passwordHash, input.password);
    const signIn = async (manager: EntityManager): Promise<SignedIn> => {
      await holdPeople(manager, [user.id], 'invalid-credentials');
      // Never over a password that was changed meanwhile.
      if (passwordHash)
        await manager.update(User, { id: user.id, passwordHash: user.passwordHash }, { passwordHash });
      const { session, tokens } = await this.sessions.open(manager, user.id, input.deviceName ?? null);
      return { user: ownUserView(user), session: sessionView(session, session.id), ...tokens };
    };
    return inTransaction(this.dataSource, signIn, { duringMaintenance: true });
  }

  /** Ends the user's other sessions. @throws Problem `invalid-credentials`, `validation-failed` or `rate-limited` */
  async changePassword(userId: string, sessionId: string, input: ChangePasswordDto): Promise<void> {
    this.passwords.refuseCommon(input.newPassword, '/newPassword');
    const checkedHash = await this.requirePassword(userId, input.currentPassword);
    const passwordHash = await this.passwords.hash(input.newPassword);
    await inTransaction(this.dataSource, async (manager, afterCommit) => {
      // Only over the password that was checked: of two changes at once, one wins and the other is refused.
      const changed = await manager.update(
        User,
        { id: userId, passwordHash: checkedHash },
        { passwordHash, updatedAt: new Date() },
      );
      if (changed.affected === 0) throw new Problem('invalid-credentials');
      await this.sessions.endOthers(manager, userId, sessionId, afterCommit);
    });
  }

  /**
   * That somebody who is signed in knows the password; guesses are limited as at a sign-in.
   * @returns the hash that it matched: what depends on it has to see that it is still that one
   * @throws Problem `invalid-credentials` or `rate-limited`
   */
  async requirePassword(userId: string, password: string): Promise<string> {
    this.rateLimits.check('wrongPassword', userId);
    const user = await this.dataSource.manager
      .createQueryBuilder(User, 'account')
      .addSelect('account.passwordHash')
      .where({ id: userId })
      .getOne();
    if (user && (await this.passwords.matches(user.passwordHash, password))) return user.passwordHash;
    this.rateLimits.take('wrongPassword', userId);
    throw new Problem('invalid-credentials');
  }
}
