import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager, type FindOptionsWhere } from 'typeorm';
import { uuidv7 } from 'uuidv7';
import { violatedConstraint } from '../platform/database/database-problem';
import { inTransaction, type AfterCommit } from '../platform/database/transaction';
import type { ProblemCode } from '../platform/problems/catalogue';
import { invalidField, Problem } from '../platform/problems/problem';
import { RateLimits } from '../platform/rate-limits/rate-limits';
import { claimUsername } from '../users/similar-usernames';
import { User } from '../users/user.entity';
import { ownUserView } from '../users/users.dto';
import {
  sessionView,
  type ChangePasswordDto,
  type LoginDto,
  type RegisterDto,
  type SignedIn,
} from './authentication.dto';
import { AuthenticationLog } from './authentication-log';
import { lockAccount } from './lock-account';
import { PasswordReset } from './password-reset.entity';
import { Passwords } from './passwords';
import { RegistrationPolicy } from './registration-policy';
import { SessionsService } from './sessions.service';

const TAKEN: Record<string, ProblemCode> = {
  users_username_key: 'username-taken',
  users_email_key: 'email-taken',
};

/** A password that was hashed anew while it was verified is verified again, so many times in all. */
const MAX_VERIFICATIONS = 3;

/** Who someone is: making accounts, signing in, changing passwords. */
@Injectable()
export class AuthenticationService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly passwords: Passwords,
    private readonly sessions: SessionsService,
    private readonly rateLimits: RateLimits,
    private readonly policy: RegistrationPolicy,
    private readonly log: AuthenticationLog,
  ) {}

  /**
   * The policy is asked first: whom it refuses learns nothing about names.
   * @throws Problem `registration-closed`, `invitation-required`, `invitation-invalid`, `username-taken`,
   *   `email-taken`, `validation-failed` or `rate-limited`
   */
  async register(input: RegisterDto, address: string): Promise<SignedIn> {
    this.rateLimits.take('registration', address);
    await this.policy.check(input.invitation);
    this.passwords.refuseCommon(input.password, '/password');
    if (input.password.toLowerCase() === input.username)
      throw invalidField('/password', 'must not be the username');
    // Slow on purpose, and therefore before the transaction.
    const passwordHash = await this.passwords.hash(input.password);
    try {
      return await inTransaction(this.dataSource, async (manager, afterCommit) => {
        const invitationId = await this.policy.take(manager, input.invitation);
        const user = manager.create(User, {
          id: uuidv7(),
          username: input.username,
          email: input.email ?? null,
          passwordHash,
          displayName: input.displayName ?? input.username,
          avatarUrl: null,
          status: null,
        });
        await claimUsername(manager, user.username);
        await manager.insert(User, user);
        if (invitationId !== undefined) afterCommit(() => this.noteInvitation(user.id, invitationId));
        const { session, tokens } = await this.sessions.open(manager, user.id, null, afterCommit);
        return { user: ownUserView(user), session: sessionView(session, session.id), ...tokens };
      });
    } catch (error) {
      const code = TAKEN[violatedConstraint(error) ?? ''];
      throw code ? new Problem(code) : error;
    }
  }

  private noteInvitation(userId: string, detail: string): void {
    this.log.note({ kind: 'invitation-used', outcome: 'ok', userId, detail });
  }

  /** The same refusal, after the same time, whether the account exists or not. @throws Problem `invalid-credentials`, `account-disabled` */
  async login(input: LoginDto, address: string): Promise<SignedIn> {
    const guess = `${address} ${input.login}`;
    this.rateLimits.check('wrongPassword', guess);
    // A username never contains "@", so a login names one account at most.
    const login = input.login.includes('@') ? { email: input.login } : { username: input.login };
    for (let attempt = 1; ; attempt++) {
      const account = await this.accountOf(login);
      if (!(await this.passwords.matches(account?.passwordHash, input.password)) || !account) {
        this.rateLimits.take('wrongPassword', guess);
        throw new Problem('invalid-credentials');
      }
      const signedIn = await this.openSession(account, input);
      if (signedIn) return signedIn;
      if (attempt === MAX_VERIFICATIONS) throw new Problem('invalid-credentials');
    }
  }

  /** @returns undefined when the password was changed, or hashed anew, since it was verified */
  private async openSession(account: User, input: LoginDto): Promise<SignedIn | undefined> {
    const passwordHash = await this.passwords.replacement(account.passwordHash, input.password);
    const open = async (manager: EntityManager, afterCommit: AfterCommit): Promise<SignedIn | undefined> => {
      const user = await lockAccount(manager, {
        userId: account.id,
        refusal: 'invalid-credentials',
        mayBeDisabled: true,
      });
      if (user.passwordHash !== account.passwordHash) return undefined;
      // Only told to whoever knows the password that is valid now.
      if (user.disabledAt) throw new Problem('account-disabled');
      if (passwordHash) await manager.update(User, user.id, { passwordHash });
      const deviceName = input.deviceName ?? null;
      const { session, tokens } = await this.sessions.open(manager, user.id, deviceName, afterCommit);
      return { user: ownUserView(user), session: sessionView(session, session.id), ...tokens };
    };
    return inTransaction(this.dataSource, open, { duringMaintenance: true });
  }

  /** Ends the user's other sessions. @throws Problem `invalid-credentials`, `validation-failed` or `rate-limited` */
  async changePassword(userId: string, sessionId: string, input: ChangePasswordDto): Promise<void> {
    this.passwords.refuseCommon(input.newPassword, '/newPassword');
    const checkedHash = await this.requirePassword(userId, input.currentPassword);
    const passwordHash = await this.passwords.hash(input.newPassword);
    await inTransaction(this.dataSource, async (manager, afterCommit) => {
      // Of two changes at once, one wins and the other is refused.
      await this.requireUnchanged(manager, { userId, sessionId, checkedHash });
      await manager.update(User, userId, { passwordHash, updatedAt: () => 'now()' });
      // Whoever has a link from before does not get to set another one.
      await manager.delete(PasswordReset, userId);
      await this.sessions.endOthers(manager, userId, sessionId, 'password-changed', afterCommit);
    });
  }

  /**
   * Locks the account and checks again what `requirePassword` has checked before the transaction.
   * @throws Problem `session-revoked` when the session that asks has ended meanwhile, `invalid-credentials` when the
   *   password was changed meanwhile
   */
  async requireUnchanged(
    manager: EntityManager,
    { userId, sessionId, checkedHash }: { userId: string; sessionId: string; checkedHash: string },
  ): Promise<void> {
    const user = await lockAccount(manager, { userId, sessionId });
    if (user.passwordHash !== checkedHash) throw new Problem('invalid-credentials');
  }

  /**
   * That somebody who is signed in knows the password; guesses are limited as at a sign-in.
   * @returns the hash that it matched, for `requireUnchanged`
   * @throws Problem `invalid-credentials` or `rate-limited`
   */
  async requirePassword(userId: string, password: string): Promise<string> {
    this.rateLimits.check('wrongPassword', userId);
    const user = await this.accountOf({ id: userId });
    if (user && (await this.passwords.matches(user.passwordHash, password))) return user.passwordHash;
    this.rateLimits.take('wrongPassword', userId);
    throw new Problem('invalid-credentials');
  }

  private async accountOf(where: FindOptionsWhere<User>): Promise<User | undefined> {
    const account = await this.dataSource.manager
      .createQueryBuilder(User, 'account')
      .addSelect('account.passwordHash')
      .where(where)
      .getOne();
    return account ?? undefined;
  }
}
