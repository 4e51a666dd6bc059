import type { EntityManager } from 'typeorm';
import { CONVERSATION_NOT_FOUND } from './membership.problems';
import { FORBIDDEN } from '../../platform/problems/general-problems';
import { Problem } from '../../platform/problems/problem';
import type { Conversation } from './conversation.entity';
import { Participant, type Role } from './participant.entity';

/** A conversation and the caller's membership in it. Only participants get one. */
export interface Access {
  readonly conversation: Conversation;
  readonly participant: Participant;
}

const RANK: Record<Role, number> = { member: 0, admin: 1, owner: 2 };

export const isAtLeast = (role: Role, needed: Role): boolean => RANK[role] >= RANK[needed];
export const isAbove = (role: Role, other: Role): boolean => RANK[role] > RANK[other];

/**
 * Loads a conversation for a participant. To outsiders it does not exist (G6). Served by
 * `conversation_participants_pkey`.
 * @throws Problem `conversation-not-found`
 */
export async function accessConversation(
  manager: EntityManager,
  userId: string,
  conversationId: string,
): Promise<Access> {
  const participant = await manager
    .createQueryBuilder(Participant, 'participant')
    .innerJoinAndSelect('participant.conversation', 'conversation')
    .where({ conversationId, userId })
    .andWhere('participant.left_at is null and conversation.deleted_at is null')
    .getOne();
  if (!participant?.conversation) throw new Problem(CONVERSATION_NOT_FOUND);
  return { participant, conversation: participant.conversation };
}

/**
 * As `accessConversation`, for a caller that is going to change something: holds the conversation's row lock until the
 * transaction ends.
 *
 * A statement of its own takes the lock. In a single statement, the membership would come from a snapshot older than
 * the wait for the lock, and a removed participant would pass.
 * @throws Problem `conversation-not-found`
 */
export async function lockConversation(
  manager: EntityManager,
  userId: string,
  conversationId: string,
): Promise<Access> {
  await manager.query(
    `select from conversations c
     where c.id = $1 and exists (
       select from conversation_participants p
       where p.conversation_id = c.id and p.user_id = $2 and p.left_at is null)
     for no key update`,
    [conversationId, userId],
  );
  return accessConversation(manager, userId, conversationId);
}

/** Takes the next `count` revs of a locked conversation. @returns the last of them */
export async function takeRevs(manager: EntityManager, conversationId: string, count = 1): Promise<number> {
  const [rows] = await manager.query<[{ last_rev: number }[], number]>(
    `update conversations set last_rev = last_rev + $2 where id = $1 returning last_rev`,
    [conversationId, count],
  );
  return rows[0]!.last_rev;
}

/** Rejects an action that needs a higher role. @throws Problem `forbidden` */
export function requireRole(access: Access, needed: Role): void {
  if (access.conversation.type === 'direct' || !isAtLeast(access.participant.role, needed)) {
    throw new Problem(FORBIDDEN);
  }
}
