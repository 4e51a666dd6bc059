import type { EntityManager } from 'typeorm';
import type { ProblemKind } from '../../platform/problems/problem-kind';
import { USER_NOT_FOUND } from './users.problems';
import { Problem } from '../../platform/problems/problem';

/**
 * Keeps people from being erased until the transaction ends: for whoever is going to store something that names them.
 * A foreign key does not do that, since the row of who is erased stays. Taken after the locks of conversations. Served
 * by `users_pkey`.
 * @param refusal the code, when one of them is no more, or has never been
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
