import { IsNull, type EntityManager } from 'typeorm';
import type { ProblemKind } from '../../platform/problems/problem-kind';
import { SESSION_REVOKED } from '../../platform/problems/general-problems';
import { Problem } from '../../platform/problems/problem';
import { User } from '../users/user.entity';
import { Session } from './session.entity';

interface Expectation {
  readonly userId: string;
  /** The session that asks, when it has to be alive still. */
  readonly sessionId?: string;
  /** The code when the account may not be used. */
  readonly refusal?: ProblemKind;
  /** The caller looks at `disabledAt` itself. */
  readonly mayBeDisabled?: boolean;
}

/**
 * Locks a person's account until the transaction ends and checks again whatever was checked before: the account is neither
 * erased nor disabled, and the session that asks has not ended. Every change of credentials or sessions goes through here, since
 * hashing a password takes long enough for any of it to change. The caller compares `passwordHash` with the hash that
 * it has verified.
 *
 * Lock order: conversations, then the person, then their sessions. The lock lets others store rows that name the person.
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

/** Read by a statement that begins after the wait for the account. @throws Problem `session-revoked` */
async function holdSession(manager: EntityManager, userId: string, sessionId: string): Promise<void> {
  const session = await manager.findOne(Session, {
    where: { id: sessionId, userId, endedAt: IsNull() },
    lock: { mode: 'pessimistic_read' },
  });
  if (!session) throw new Problem(SESSION_REVOKED);
}
