import { In, type EntityManager } from 'typeorm';
import { databaseNow } from '../../platform/database/database-clock';
import { SessionEnded } from '../authentication/session-ended.event';
import {
  ConversationDeleted,
  ParticipantChanged,
  ParticipantLeft,
} from '../conversations/conversations.events';
import type { ErasureOutcome } from './erase-person.queries';
import { FriendRemoved, FriendRequestChanged, UserUnblocked } from '../friends/friends.events';
import { findParticipants, type PlacedParticipant } from '../membership/participant-view';
import { User } from '../users/user.entity';
import { userView } from '../users/users.dto';

/**
 * The events for other users when a person is erased, in `rev` order for each conversation. The person's sockets end
 * first, so none of these reaches them.
 */
export async function erasureEvents(
  manager: EntityManager,
  userId: string,
  { sessionIds, left, heirs, endedGroupIds, friendIds, requests, liftedBlocks }: ErasureOutcome,
): Promise<object[]> {
  const participants = await findParticipants(manager, [...left, ...heirs]);
  const leave = ({ conversationId, rev, view }: PlacedParticipant): object =>
    new ParticipantLeft(conversationId, rev, view);
  const inherit = ({ conversationId, rev, view }: PlacedParticipant): object =>
    new ParticipantChanged('updated', conversationId, rev, view);
  return [
    ...sessionIds.map((id) => new SessionEnded(id, 'account-erased')),
    ...liftedBlocks.map(
      ({ blockerId, blockedId, conversationId }) =>
        new UserUnblocked([blockerId, blockedId], conversationId ?? undefined),
    ),
    ...participants.filter(({ view }) => view.userId === userId).map(leave),
    ...participants.filter(({ view }) => view.userId !== userId).map(inherit),
    ...endedGroupIds.map((id) => new ConversationDeleted(id)),
    ...friendIds.map((id) => new FriendRemoved([userId, id])),
    ...(await requestEvents(manager, userId, requests)),
  ];
}

/** Cancels the person's own requests and declines those of others. */
async function requestEvents(
  manager: EntityManager,
  userId: string,
  requests: ErasureOutcome['requests'],
): Promise<object[]> {
  if (requests.length === 0) return [];
  const ids = requests.flatMap(({ senderId, recipientId }) => [senderId, recipientId]);
  const people = new Map(
    (await manager.findBy(User, { id: In(ids) })).map((user) => [user.id, userView(user)]),
  );
  const respondedAt = (await databaseNow(manager)).toISOString();
  return requests.map(
    ({ id, senderId, recipientId, createdAt }) =>
      new FriendRequestChanged({
        id,
        sender: people.get(senderId)!,
        recipient: people.get(recipientId)!,
        status: senderId === userId ? 'cancelled' : 'declined',
        message: null,
        createdAt: createdAt.toISOString(),
        respondedAt,
      }),
  );
}
