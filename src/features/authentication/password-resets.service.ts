import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { inTransaction } from '../../platform/database/transaction';
import { PASSWORD_RESET_INVALID } from './authentication.problems';
import { Problem } from '../../platform/problems/problem';
import { currentContext } from '../../platform/request-context';
import { User } from '../users/user.entity';
import { AuthenticationLog } from './authentication-log';
import { recordEvents } from './authentication-log.queries';
import { lockAccount } from './lock-account';
import type { ResetPasswordDto } from './password-resets.dto';
import { refuseWeakPassword, type PasswordOwner } from './password-rules';
import { Passwords } from './passwords';
import { digestOf } from './secret-codes';
import { SessionsService } from './sessions.service';

/** Sets a new password with a code from an operator (`xfchat user reset-password`). */
@Injectable()
export class PasswordResetsService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly passwords: Passwords,
    private readonly sessions: SessionsService,
    private readonly log: AuthenticationLog,
  ) {}

  /**
   * Uses the code up, and ends all sessions of the account.
   * @throws Problem `password-reset-invalid` for a code that is unknown, used, expired or replaced, or that another
   * request used first; `validation-failed`
   */
  async reset({ code, newPassword }: ResetPasswordDto): Promise<void> {
    const digest = digestOf(code);
    const { userId, ...owner } = await this.find(digest);
    refuseWeakPassword(newPassword, '/newPassword', owner);
    // Hashing is slow on purpose, so it comes before the transaction.
    const passwordHash = await this.passwords.hash(newPassword, userId);
    await inTransaction(this.dataSource, async (manager, announce) => {
      await this.use(manager, digest, userId);
      await manager.update(User, { id: userId }, { passwordHash, updatedAt: () => 'now()' });
      await this.sessions.endOthers(manager, userId, null, 'password-changed', announce);
      const { address, requestId } = currentContext() ?? {};
      await recordEvents(manager, [{ kind: 'password-reset', outcome: 'ok', userId, address, requestId }]);
    });
  }

  /** Served by `password_resets_code_digest_key`. */
  private async find(codeDigest: string): Promise<PasswordOwner & { userId: string }> {
    const [found] = await this.dataSource.query<(PasswordOwner & { userId: string })[]>(
      `select u.id as "userId", u.username, u.email from password_resets r join users u on u.id = r.user_id
       where r.code_digest = $1 and r.expires_at > now() and u.disabled_at is null and u.erased_at is null`,
      [codeDigest],
    );
    if (found) return found;
    this.log.note({ kind: 'password-reset', outcome: 'password-reset-invalid' });
    throw new Problem(PASSWORD_RESET_INVALID);
  }

  /** Locks the account first, as everything that ends its sessions does, and then checks the code again. */
  private async use(manager: EntityManager, codeDigest: string, userId: string): Promise<void> {
    await lockAccount(manager, { userId, refusal: PASSWORD_RESET_INVALID });
    const [, used] = await manager.query<[unknown, number]>(
      `delete from password_resets where user_id = $1 and code_digest = $2 and expires_at > now()`,
      [userId, codeDigest],
    );
    if (used === 0) throw new Problem(PASSWORD_RESET_INVALID);
  }
}
