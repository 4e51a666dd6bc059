import type { EntityManager } from 'typeorm';
import type { ProblemKind } from '../../platform/problems/problem-kind';
import { USER_NOT_FOUND } from './users.problems';
import { Problem } from '../../platform/problems/problem';

/**
 * Keeps people from being erased until the transaction ends, for a transaction that stores something with their names.
 * A foreign key does not do that, since the row of an erased person stays. Taken after the locks of conversations.
 * Served by `users_pkey`.
 * @param refusal the problem to throw when one of them was erased or never existed
 * @throws Problem
 */
export async function holdPeople(
  manager: EntityManager,
  ids: readonly string[],
  refusal: ProblemKind = USER_NOT_FOUND,
): Promise<void> {
  const held: unknown[] = await manager.query(
    `select id from users where id = any ($1) and erased_at is null for key share`,
    [ids],
  );
  if (held.length < new Set(ids).size) throw new Problem(refusal);
}
