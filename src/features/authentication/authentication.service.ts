import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager, type FindOptionsWhere } from 'typeorm';
import { uuidv7 } from 'uuidv7';
import { Configuration } from '../../platform/configuration/configuration';
import type { CallerIdentity } from '../../platform/http/caller';
import { violatedConstraint } from '../../platform/database/database-problem';
import { inTransaction, type Announce } from '../../platform/database/transaction';
import type { ProblemKind } from '../../platform/problems/problem-kind';
import { Metrics } from '../../platform/metrics/metrics';
import { ACCOUNT_DISABLED, EMAIL_TAKEN, INVALID_CREDENTIALS } from './authentication.problems';
import { USERNAME_TAKEN } from '../users/users.problems';
import { Problem } from '../../platform/problems/problem';
import type { Allowance } from '../../platform/rate-limits/token-buckets';
import { RateLimits } from '../../platform/rate-limits/rate-limits';
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
import { FamiliarNetworks } from './familiar-networks';
import { lockAccount } from './lock-account';
import { PasswordBudgets } from './password-budgets';
import { refuseWeakPassword } from './password-rules';
import { PasswordReset } from './password-reset.entity';
import { Passwords } from './passwords';
import { RegistrationPolicy } from './registration-policy';
import { SessionsService } from './sessions.service';
import { Turns } from './turns';

const TAKEN: Record<string, ProblemKind> = {
  users_username_key: USERNAME_TAKEN,
  users_email_key: EMAIL_TAKEN,
};

/** More sign-ins at once would only wait for the processors and hold connections meanwhile. */
const SIGN_INS_AT_ONCE = 4;
/** If a password is rehashed while it is being verified, it is verified again, at most this often in all. */
const MAX_VERIFICATIONS = 3;

/** Registrations, by network. */
const REGISTRATION: Allowance = { burst: 300, perSecond: 1, sharedAs: 'registration' };

/** Creates accounts, signs people in and changes passwords. */
@Injectable()
export class AuthenticationService {
  private readonly turns: Turns;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly passwords: Passwords,
    private readonly sessions: SessionsService,
    private readonly rateLimits: RateLimits,
    private readonly budgets: PasswordBudgets,
    private readonly networks: FamiliarNetworks,
    private readonly policy: RegistrationPolicy,
    private readonly log: AuthenticationLog,
    configuration: Configuration,
    metrics: Metrics,
  ) {
    this.turns = new Turns(SIGN_INS_AT_ONCE, configuration);
    metrics.gauge('xfchat_sign_ins_waiting', 'Sign-ins that wait for hashing', () => this.turns.waiting);
  }

  /**
   * Checks the registration policy first, so that a rejected caller learns nothing about names.
   * @throws Problem `registration-closed`, `invitation-required`, `invitation-invalid`, `username-taken`,
   * `email-taken`, `validation-failed` or `rate-limited`
   */
  async register(input: RegisterDto, network: string): Promise<SignedIn> {
    this.rateLimits.take(REGISTRATION, network);
    await this.policy.check(input.invitation);
    refuseWeakPassword(input.password, '/password', input);
    // Hashing is slow on purpose, so it comes before the transaction.
    const passwordHash = await this.passwords.hash(input.password, network);
    try {
      return await inTransaction(this.dataSource, async (manager, announce, afterCommit) => {
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
        const device = { name: null, openedFrom: this.networks.digest(user.id, network) };
        const { session, tokens } = await this.sessions.open(manager, user.id, device, announce);
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

  /**
   * Rejects in the same way and after the same time whether the account exists or not.
   * @param network the client's network, which the budgets count (`ClientAddresses`)
   * @throws Problem `invalid-credentials`, `account-disabled` or `rate-limited`
   */
  async login(input: LoginDto, network: string): Promise<SignedIn> {
    // Waits for its turn before it reads anything: a look-up uses the connections that authenticate everybody's
    // requests.
    return this.turns.run(network, () => this.loginInTurn(input, network));
  }

  private async loginInTurn(input: LoginDto, network: string): Promise<SignedIn> {
    // A username never contains "@", so a login names at most one account.
    const login = input.login.includes('@') ? { email: input.login } : { username: input.login };
    const known = await this.accountOf(login);
    const attempt = {
      account: known?.id ?? `unknown ${input.login}`,
      from: network,
      isFamiliar: await this.networks.areFamiliar(known?.id, network),
    };
    return this.budgets.charge(attempt, () => this.verifyAndOpen(login, input, network));
  }

  private async verifyAndOpen(
    login: FindOptionsWhere<User>,
    input: LoginDto,
    network: string,
  ): Promise<SignedIn> {
    for (let attempt = 1; attempt <= MAX_VERIFICATIONS; attempt++) {
      const account = await this.accountOf(login);
      if (!(await this.passwords.matches(account?.passwordHash, input.password, network)) || !account) break;
      const signedIn = await this.openSession(account, input, network);
      if (signedIn) return signedIn;
    }
    throw new Problem(INVALID_CREDENTIALS);
  }

  /** @returns undefined when the password was changed or rehashed since it was verified */
  private async openSession(account: User, input: LoginDto, network: string): Promise<SignedIn | undefined> {
    const passwordHash = await this.passwords.replacement(account.passwordHash, input.password, network);
    const open = async (manager: EntityManager, announce: Announce): Promise<SignedIn | undefined> => {
      const user = await lockAccount(manager, {
        userId: account.id,
        refusal: INVALID_CREDENTIALS,
        mayBeDisabled: true,
      });
      if (user.passwordHash !== account.passwordHash) return undefined;
      // Only a caller who knows the current password learns this.
      if (user.disabledAt) throw new Problem(ACCOUNT_DISABLED);
      if (passwordHash) await manager.update(User, user.id, { passwordHash });
      const device = { name: input.deviceName ?? null, openedFrom: this.networks.digest(user.id, network) };
      const { session, tokens } = await this.sessions.open(manager, user.id, device, announce);
      return { user: ownUserView(user), session: sessionView(session, session.id), ...tokens };
    };
    return inTransaction(this.dataSource, open, { duringMaintenance: true });
  }

  /** Ends the user's other sessions. @throws Problem `invalid-credentials`, `validation-failed` or `rate-limited` */
  async changePassword(userId: string, sessionId: string, input: ChangePasswordDto): Promise<void> {
    const account = await this.requirePassword({ userId, sessionId }, input.currentPassword);
    refuseWeakPassword(input.newPassword, '/newPassword', account);
    const passwordHash = await this.passwords.hash(input.newPassword, userId);
    const checkedHash = account.passwordHash;
    await inTransaction(this.dataSource, async (manager, announce) => {
      // Of two changes at once, one wins and the other is rejected.
      await this.requireUnchanged(manager, { userId, sessionId, checkedHash });
      await manager.update(User, userId, { passwordHash, updatedAt: () => 'now()' });
      // The owner of an older reset link must not set another password.
      await manager.delete(PasswordReset, userId);
      await this.sessions.endOthers(manager, userId, sessionId, 'password-changed', announce);
    });
  }

  /**
   * Locks the account and repeats the checks that `requirePassword` did before the transaction.
   * @throws Problem `session-revoked` when the caller's session has ended meanwhile, `invalid-credentials` when the
   * password was changed meanwhile
   */
  async requireUnchanged(
    manager: EntityManager,
    { userId, sessionId, checkedHash }: { userId: string; sessionId: string; checkedHash: string },
  ): Promise<void> {
    const user = await lockAccount(manager, { userId, sessionId });
    if (user.passwordHash !== checkedHash) throw new Problem(INVALID_CREDENTIALS);
  }

  /**
   * Checks that a signed-in caller knows the password. Guesses are limited by session, so a stolen session does not
   * keep the owner from changing the password in another.
   * @returns the account with the hash that the password matches, for `requireUnchanged`
   * @throws Problem `invalid-credentials` or `rate-limited`
   */
  async requirePassword({ userId, sessionId }: CallerIdentity, password: string): Promise<User> {
    const attempt = { account: userId, from: `session ${sessionId}`, isFamiliar: true };
    return this.budgets.charge(attempt, async () => {
      const account = await this.accountOf({ id: userId });
      if (account && (await this.passwords.matches(account.passwordHash, password, userId))) return account;
      throw new Problem(INVALID_CREDENTIALS);
    });
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
