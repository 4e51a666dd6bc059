import type { EntityManager } from 'typeorm';
import { Friendship } from '../relationships/friendship.entity';
import { lockAllowance } from '../relationships/contacts.queries';
import { listPositionOf, readListCursor, writeListCursor } from '../../platform/pagination/list-position';
import { pageOf, type Page } from '../../platform/pagination/page';
import { FORBIDDEN, RATE_LIMITED } from '../../platform/problems/general-problems';
import { FRIEND_REQUEST_NOT_FOUND } from './friends.problems';
import { Problem } from '../../platform/problems/problem';
import { DEFAULT_PAGE_SIZE } from '../../platform/validation/field-rules';
import { FriendRequest } from './friend-request.entity';
import type { FriendRequestListDto } from './friends.dto';

/** Pending requests by one person. */
const MAX_OUTSTANDING = 100;
const OUTSTANDING_RETRY_SECONDS = 3_600;
/**
 * How many declined or cancelled requests one person may send to another within a time. After that the recipient is
 * left alone.
 */
const MAX_IN_VAIN = 3;
const IN_VAIN_DAYS = 30;
/** Friends of one person. */
const MAX_FRIENDS = 10_000;

const withPeople = (manager: EntityManager) =>
  manager
    .createQueryBuilder(FriendRequest, 'request')
    .innerJoinAndSelect('request.sender', 'sender')
    .innerJoinAndSelect('request.recipient', 'recipient');

/** @throws Problem `friend-request-not-found` when it was deleted because somebody was erased */
export async function loadRequest(manager: EntityManager, id: string): Promise<FriendRequest> {
  const request = await withPeople(manager).where('request.id = :id', { id }).getOne();
  if (!request) throw new Problem(FRIEND_REQUEST_NOT_FOUND);
  return request;
}

/** Served by `friend_requests_pending_pair_key`. */
export async function findPending(
  manager: EntityManager,
  senderId: string,
  recipientId: string,
): Promise<FriendRequest | null> {
  return withPeople(manager).where({ senderId, recipientId, status: 'pending' }).getOne();
}

/** A page of requests, newest first. Served by `friend_requests_sender_idx` and `friend_requests_recipient_idx`. */
export async function listRequests(
  manager: EntityManager,
  userId: string,
  { direction, status = 'pending', limit = DEFAULT_PAGE_SIZE, cursor }: FriendRequestListDto,
): Promise<Page<FriendRequest>> {
  const after = readListCursor(cursor);
  const mine = { incoming: 'r.recipient_id = $1', outgoing: 'r.sender_id = $1' };
  const whose = direction ? mine[direction] : `(${mine.incoming} or ${mine.outgoing})`;
  const position = listPositionOf('r', 'created_at');
  const rows: { id: string; position: string }[] = await manager.query(
    `select r.id, ${position}::text as position from friend_requests r
     where ${whose} and r.status = $2 and ($3::bigint is null or (${position}, r.id) < ($3, $4::uuid))
     order by ${position} desc, r.id desc limit $5`,
    [userId, status, after?.position ?? null, after?.id ?? null, limit + 1],
  );
  const { items: page, nextCursor } = pageOf(rows, limit, writeListCursor);
  const found = await withPeople(manager)
    .where('request.id = any (:ids)', { ids: page.map(({ id }) => id) })
    .getMany();
  const byId = new Map(found.map((request) => [request.id, request]));
  return { items: page.flatMap(({ id }) => byId.get(id) ?? []), nextCursor };
}

/**
 * Rejects a request above the limit of pending ones, and one to a recipient with too many declined or cancelled ones.
 * The caller holds the lock of the sender's allowance. Served by `friend_requests_sender_idx`.
 * @throws Problem `rate-limited`
 */
export async function requireRoomForRequest(
  manager: EntityManager,
  senderId: string,
  recipientId: string,
): Promise<void> {
  if ((await manager.countBy(FriendRequest, { senderId, status: 'pending' })) >= MAX_OUTSTANDING)
    throw new Problem(RATE_LIMITED, { retryAfter: OUTSTANDING_RETRY_SECONDS });
  const inVain: { seconds: number }[] = await manager.query(
    `select ceil(extract(epoch from least(responded_at, now()) + $3 * interval '1 day' - now()))::int as seconds
     from friend_requests
     where sender_id = $1 and recipient_id = $2 and status in ('declined', 'cancelled')
       and responded_at > now() - $3 * interval '1 day'
     order by responded_at desc limit $4`,
    [senderId, recipientId, IN_VAIN_DAYS, MAX_IN_VAIN],
  );
  if (inVain.length === MAX_IN_VAIN)
    throw new Problem(RATE_LIMITED, { retryAfter: Math.max(1, inVain.at(-1)!.seconds) });
}

/**
 * Rejects a friendship when either of the two has the most friends that a person may have. Served by `friendships_pkey`
 * and `friendships_user_high_idx`.
 * @throws Problem `forbidden`
 */
export async function requireRoomForFriends(manager: EntityManager, a: string, b: string): Promise<void> {
  for (const userId of [a, b].sort()) {
    await lockAllowance(manager, 'friends', userId);
    const friends = await manager.countBy(Friendship, [{ userLowId: userId }, { userHighId: userId }]);
    if (friends >= MAX_FRIENDS)
      throw new Problem(FORBIDDEN, { detail: `Nobody has more than ${MAX_FRIENDS} friends.` });
  }
}
