import { IsNull, type EntityManager } from 'typeorm';
import type { ProblemKind } from '../../platform/problems/problem-kind';
import { SESSION_REVOKED } from '../../platform/problems/general-problems';
import { Problem } from '../../platform/problems/problem';
import { User } from '../users/user.entity';
import { Session } from './session.entity';

interface Expectation {
  readonly userId: string;
  /** The caller's session, when it must still be alive. */
  readonly sessionId?: string;
  /** The problem to throw when the account may not be used. */
  readonly refusal?: ProblemKind;
  /** The caller checks `disabledAt` itself. */
  readonly mayBeDisabled?: boolean;
}

/**
 * Locks a person's account until the transaction ends, and repeats earlier checks. The account is neither erased nor
 * disabled, and the caller's session has not ended. Every change of credentials or sessions calls this, because hashing
 * takes long enough for any of that to change. The caller compares `passwordHash` with the hash that it verified.
 *
 * Lock order: conversations, then the person, then their sessions. The lock lets others store rows that name the
 * person.
 * @throws Problem `refusal`, by default `session-revoked`
 */
export async function lockAccount(
  manager: EntityManager,
  { userId, sessionId, refusal = SESSION_REVOKED, mayBeDisabled = false }: Expectation,
): Promise<User> {
  const user = await manager
    .createQueryBuilder(User, 'account')
    .addSelect('account.passwordHash')
    .setLock('for_no_key_update')
    .where({ id: userId, erasedAt: IsNull() })
    .getOne();
  if (!user || (user.disabledAt && !mayBeDisabled)) throw new Problem(refusal);
  if (sessionId !== undefined) await holdSession(manager, userId, sessionId);
  return user;
}

/** A statement of its own, which begins after the wait for the account's lock. @throws Problem `session-revoked` */
async function holdSession(manager: EntityManager, userId: string, sessionId: string): Promise<void> {
  const session = await manager.findOne(Session, {
    where: { id: sessionId, userId, endedAt: IsNull() },
    lock: { mode: 'pessimistic_read' },
  });
  if (!session) throw new Problem(SESSION_REVOKED);
}
