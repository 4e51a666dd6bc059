import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { uuidv7 } from 'uuidv7';
import { areFriends, isBlocked, lockAllowance, pairOf } from '../relationships/contacts.queries';
import { lockTwoPeople } from '../relationships/lock-two-people';
import { Friendship } from '../relationships/friendship.entity';
import type { ConversationView } from '../conversations/conversation-view';
import { ConversationsService } from '../conversations/conversations.service';
import { inTransaction, type Announce } from '../../platform/database/transaction';
import { NEXT_LIST_POSITION } from '../../platform/pagination/list-position';
import {
  ALREADY_FRIENDS,
  FRIEND_REQUEST_ALREADY_ANSWERED,
  FRIEND_REQUEST_EXISTS,
  FRIEND_REQUEST_NOT_FOUND,
} from './friends.problems';
import { FORBIDDEN } from '../../platform/problems/general-problems';
import { USER_NOT_FOUND } from '../users/users.problems';
import { invalidField, Problem } from '../../platform/problems/problem';
import { IS_PERSON, User } from '../users/user.entity';
import { FriendRequest } from './friend-request.entity';
import { friendRequestView } from './friend-view';
import {
  findPending,
  listRequests,
  loadRequest,
  requireRoomForFriends,
  requireRoomForRequest,
} from './friend-requests.queries';
import type {
  AcceptedFriendRequest,
  CreateFriendRequestDto,
  FriendRequestList,
  FriendRequestListDto,
  FriendRequestView,
} from './friends.dto';
import { FriendRequestChanged } from './friends.events';

/** Sends and answers friend requests. Actions of two people towards each other run one after the other. */
@Injectable()
export class FriendRequestsService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly conversations: ConversationsService,
  ) {}

  /**
   * Creates a request. One that crosses a request of the other person makes the friendship at once.
   * @throws Problem `user-not-found`, `forbidden`, `already-friends`, `friend-request-exists` or `rate-limited`
   */
  async create(userId: string, input: CreateFriendRequestDto): Promise<FriendRequestView> {
    return inTransaction(this.dataSource, async (manager, announce) => {
      const recipientId = await findRecipient(manager, input);
      if (recipientId === userId) throw invalidField('/recipientId', 'must be somebody else');
      await lockTwoPeople(manager, userId, recipientId, { people: USER_NOT_FOUND });
      if (await isBlocked(manager, userId, recipientId)) throw new Problem(FORBIDDEN);
      if (await areFriends(manager, userId, recipientId)) throw new Problem(ALREADY_FRIENDS);
      const crossing = await findPending(manager, recipientId, userId);
      if (crossing) return (await this.makeFriends(manager, crossing, userId, announce)).friendRequest;
      const own = await findPending(manager, userId, recipientId);
      if (own)
        throw new Problem(FRIEND_REQUEST_EXISTS, { carried: { friendRequest: friendRequestView(own) } });
      await lockAllowance(manager, 'friend requests', userId);
      await requireRoomForRequest(manager, userId, recipientId);
      const id = uuidv7();
      await manager.insert(FriendRequest, {
        id,
        senderId: userId,
        recipientId,
        message: input.message ?? null,
        listPosition: NEXT_LIST_POSITION,
      });
      return this.announceRequest(await loadRequest(manager, id), announce);
    });
  }

  /** Newest first. @throws Problem `validation-failed` for an invalid cursor */
  async list(userId: string, query: FriendRequestListDto): Promise<FriendRequestList> {
    const { items, nextCursor } = await listRequests(this.dataSource.manager, userId, query);
    return { items: items.map(friendRequestView), nextCursor };
  }

  /**
   * Accepting again gives the same answer.
   * @throws Problem `friend-request-not-found`, `forbidden`, `friend-request-already-answered`
   */
  async accept(userId: string, requestId: string): Promise<AcceptedFriendRequest> {
    return inTransaction(this.dataSource, async (manager, announce) => {
      const request = await lockRequest(manager, userId, requestId, 'recipient');
      if (request.status === 'pending') return this.makeFriends(manager, request, userId, announce);
      if (request.status !== 'accepted') throw new Problem(FRIEND_REQUEST_ALREADY_ANSWERED);
      const conversation = await this.direct(manager, userId, request.senderId, announce);
      return { friendRequest: friendRequestView(request), conversation };
    });
  }

  /** @throws Problem `friend-request-not-found`, `forbidden` or `friend-request-already-answered` */
  async decline(userId: string, requestId: string): Promise<void> {
    await this.end(userId, requestId, 'recipient', 'declined');
  }

  /** @throws Problem `friend-request-not-found`, `forbidden` or `friend-request-already-answered` */
  async cancel(userId: string, requestId: string): Promise<void> {
    await this.end(userId, requestId, 'sender', 'cancelled');
  }

  /**
   * Ends the pending requests between two people whose pair is locked: cancels the blocker's own, and declines the
   * other's.
   */
  async endAllBetween(
    manager: EntityManager,
    blockerId: string,
    blockedId: string,
    announce: Announce,
  ): Promise<void> {
    const own = await findPending(manager, blockerId, blockedId);
    if (own) await this.answer(manager, own, 'cancelled', announce);
    const other = await findPending(manager, blockedId, blockerId);
    if (other) await this.answer(manager, other, 'declined', announce);
  }

  private async end(
    userId: string,
    requestId: string,
    by: 'sender' | 'recipient',
    status: 'declined' | 'cancelled',
  ): Promise<void> {
    await inTransaction(this.dataSource, async (manager, announce) => {
      const request = await lockRequest(manager, userId, requestId, by);
      if (request.status === status) return;
      if (request.status !== 'pending') throw new Problem(FRIEND_REQUEST_ALREADY_ANSWERED);
      await this.answer(manager, request, status, announce);
    });
  }

  private async makeFriends(
    manager: EntityManager,
    request: FriendRequest,
    userId: string,
    announce: Announce,
  ): Promise<AcceptedFriendRequest> {
    if (await isBlocked(manager, request.senderId, request.recipientId)) throw new Problem(FORBIDDEN);
    await requireRoomForFriends(manager, request.senderId, request.recipientId);
    await manager.insert(Friendship, {
      ...pairOf(request.senderId, request.recipientId),
      listPosition: NEXT_LIST_POSITION,
    });
    const friendRequest = await this.answer(manager, request, 'accepted', announce);
    const otherId = userId === request.senderId ? request.recipientId : request.senderId;
    const people = [userId, otherId];
    return { friendRequest, conversation: await this.direct(manager, userId, otherId, announce, people) };
  }

  private async direct(
    manager: EntityManager,
    userId: string,
    otherId: string,
    announce: Announce,
    openedFor = [userId],
  ): Promise<ConversationView> {
    return (await this.conversations.openDirect(manager, userId, otherId, announce, openedFor)).conversation;
  }

  private async answer(
    manager: EntityManager,
    request: FriendRequest,
    status: 'accepted' | 'declined' | 'cancelled',
    announce: Announce,
  ): Promise<FriendRequestView> {
    await manager.update(FriendRequest, request.id, { status, respondedAt: () => 'now()' });
    return this.announceRequest(await loadRequest(manager, request.id), announce);
  }

  private announceRequest(request: FriendRequest, announce: Announce): FriendRequestView {
    const view = friendRequestView(request);
    announce(new FriendRequestChanged(view));
    return view;
  }
}

/** @throws Problem `user-not-found` or `validation-failed` */
async function findRecipient(manager: EntityManager, input: CreateFriendRequestDto): Promise<string> {
  const { recipientId, recipientUsername } = input;
  if ((recipientId === undefined) === (recipientUsername === undefined)) {
    throw invalidField('/recipientId', 'or recipientUsername is required, and only one of them');
  }
  const user = await manager.findOneBy(User, {
    ...IS_PERSON,
    ...(recipientId ? { id: recipientId } : { username: recipientUsername! }),
  });
  if (!user) throw new Problem(USER_NOT_FOUND);
  return user.id;
}

/** Locks the request against other answers and reads it. To anybody but the two people it does not exist. */
async function lockRequest(
  manager: EntityManager,
  userId: string,
  requestId: string,
  by: 'sender' | 'recipient',
): Promise<FriendRequest> {
  const found = await manager.findOneBy(FriendRequest, [
    { id: requestId, senderId: userId },
    { id: requestId, recipientId: userId },
  ]);
  if (!found) throw new Problem(FRIEND_REQUEST_NOT_FOUND);
  if ((by === 'sender' ? found.senderId : found.recipientId) !== userId) throw new Problem(FORBIDDEN);
  await lockTwoPeople(manager, found.senderId, found.recipientId, { people: FRIEND_REQUEST_NOT_FOUND });
  return loadRequest(manager, requestId);
}
