import type { EntityManager } from 'typeorm';
import { lockName } from '../../platform/database/advisory-lock';
import { FORBIDDEN } from '../../platform/problems/general-problems';
import { Problem } from '../../platform/problems/problem';

/** Participants of a group, its owner included. */
export const MAX_PARTICIPANTS = 1_000;
/** Groups that one person may own. */
export const MAX_OWNED_GROUPS = 1_000;

/**
 * Rejects another participant in a full group. The caller holds the conversation's lock. Served by
 * `conversation_participants_pkey`.
 * @throws Problem `forbidden`
 */
export async function requireRoomInGroup(manager: EntityManager, conversationId: string): Promise<void> {
  const present = await countUpTo(
    manager,
    `conversation_participants where conversation_id = $1 and left_at is null`,
    conversationId,
    MAX_PARTICIPANTS,
  );
  if (present >= MAX_PARTICIPANTS)
    throw new Problem(FORBIDDEN, { detail: `A group has at most ${MAX_PARTICIPANTS} participants.` });
}

/**
 * Rejects another group for a person who owns the most allowed. Concurrent creations by one person wait for each other.
 * Served by `conversation_participants_user_idx`.
 * @throws Problem `forbidden`
 */
export async function requireRoomForGroup(manager: EntityManager, userId: string): Promise<void> {
  await lockName(manager, `groups ${userId}`);
  const owned = await countUpTo(
    manager,
    `conversation_participants p join conversations c on c.id = p.conversation_id
     where p.user_id = $1 and p.left_at is null and p.role = 'owner' and c.deleted_at is null`,
    userId,
    MAX_OWNED_GROUPS,
  );
  if (owned >= MAX_OWNED_GROUPS)
    throw new Problem(FORBIDDEN, { detail: `One person owns at most ${MAX_OWNED_GROUPS} groups.` });
}

async function countUpTo(manager: EntityManager, rows: string, id: string, limit: number): Promise<number> {
  const [found] = await manager.query<[{ count: number }]>(
    `select count(*) from (select from ${rows} limit $2) counted`,
    [id, limit],
  );
  return found.count;
}
