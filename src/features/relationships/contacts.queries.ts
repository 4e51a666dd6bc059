import type { EntityManager } from 'typeorm';
import { lockName } from '../../platform/database/advisory-lock';
import { FORBIDDEN } from '../../platform/problems/general-problems';
import { Problem } from '../../platform/problems/problem';
import { Block } from './block.entity';
import { Friendship } from './friendship.entity';

/** With whom users may start a conversation, and whom they may add to one. */
export type ContactPolicy = 'friends' | 'open';

/** A block also ends the friendship, so under this policy a blocked user gets the same answer as a stranger. */
export const FRIENDS_ONLY = 'Only friends can be brought into a conversation.';

/** Two people in the order in which a pair is stored. */
export function pairOf(a: string, b: string): { userLowId: string; userHighId: string } {
  return a < b ? { userLowId: a, userHighId: b } : { userLowId: b, userHighId: a };
}

/** The unique key of the direct conversation of two people. */
export function directKeyOf(a: string, b: string): string {
  const { userLowId, userHighId } = pairOf(a, b);
  return `${userLowId}:${userHighId}`;
}

/**
 * Serializes additions to a bounded number of things of one person, until the transaction ends: the caller counts them
 * under this lock. Taken after the pair's lock and the conversations' locks; for several people, in the order of ids.
 */
export async function lockAllowance(manager: EntityManager, what: string, userId: string): Promise<void> {
  await lockName(manager, `${what} ${userId}`);
}

export async function areFriends(manager: EntityManager, a: string, b: string): Promise<boolean> {
  return manager.existsBy(Friendship, pairOf(a, b));
}

/** Whether either of two people blocks the other. Served by `blocks_pkey`. */
export async function isBlocked(manager: EntityManager, a: string, b: string): Promise<boolean> {
  return manager.existsBy(Block, [
    { blockerId: a, blockedId: b },
    { blockerId: b, blockedId: a },
  ]);
}

/**
 * Whether either of the two people of a direct conversation blocks the other. Under the conversation's lock the answer
 * stays true: a new block waits for that lock. Served by `conversation_participants_pkey` and `blocks_pkey`.
 */
export async function isDirectBlocked(
  manager: EntityManager,
  userId: string,
  conversationId: string,
): Promise<boolean> {
  const rows: unknown[] = await manager.query(
    `select from conversation_participants other
     join blocks b on (b.blocker_id, b.blocked_id) in ((other.user_id, $1::uuid), ($1::uuid, other.user_id))
     where other.conversation_id = $2 and other.user_id <> $1`,
    [userId, conversationId],
  );
  return rows.length > 0;
}

/**
 * Counts the friends of a user among some people, and checks whether a block stands between the user and any of them.
 * Served by `friendships_pkey` and `blocks_pkey`.
 */
async function relationsTo(
  manager: EntityManager,
  userId: string,
  ids: readonly string[],
): Promise<{ friends: number; blocks: number }> {
  const rows: { friends: number; blocks: number }[] = await manager.query(
    `select
       count(*) filter (where exists (select from friendships f
         where f.user_low_id = least($1::uuid, other.id) and f.user_high_id = greatest($1::uuid, other.id))) as friends,
       count(*) filter (where exists (select from blocks b
         where (b.blocker_id, b.blocked_id) in (($1::uuid, other.id), (other.id, $1::uuid)))) as blocks
     from unnest($2::uuid[]) as other (id)`,
    [userId, ids],
  );
  return rows[0]!;
}

/**
 * Rejects people whom the caller may not bring into a conversation, because of a block or the policy.
 * @throws Problem `forbidden`
 */
export async function requireContacts(
  manager: EntityManager,
  policy: ContactPolicy,
  userId: string,
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return;
  const { friends, blocks } = await relationsTo(manager, userId, ids);
  if (policy === 'friends' && friends < ids.length) throw new Problem(FORBIDDEN, { detail: FRIENDS_ONLY });
  if (blocks > 0) throw new Problem(FORBIDDEN);
}
