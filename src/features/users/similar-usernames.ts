import type { EntityManager } from 'typeorm';
import { lockName } from '../../platform/database/advisory-lock';
import { USERNAME_TAKEN } from './users.problems';
import { Problem } from '../../platform/problems/problem';

/**
 * Usernames with the same skeleton look alike: `rn` and `m`, `1` and `l`, `0` and `o`. For the characters that
 * usernames allow, this is the skeleton of Unicode TS 39, without case.
 */
export const skeletonOf = (username: string): string =>
  username.replaceAll('0', 'o').replaceAll('1', 'l').replaceAll('m', 'rn');

/**
 * Rejects a username that looks like an existing one, and keeps others from taking a similar one until the transaction
 * ends. Served by `users_skeleton_idx`.
 * @throws Problem `username-taken`
 */
export async function claimUsername(manager: EntityManager, username: string): Promise<void> {
  const skeleton = skeletonOf(username);
  await lockName(manager, `username ${skeleton}`);
  const taken: unknown[] = await manager.query(
    `select from users where replace(translate(username, '01', 'ol'), 'm', 'rn') = $1 limit 1`,
    [skeleton],
  );
  if (taken.length > 0) throw new Problem(USERNAME_TAKEN);
}
