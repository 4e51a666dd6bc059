import { allOf, PAGE_SIZE, type Call } from './routes.ts';
import type { AcceptedFriendRequest, BlockedUser, Friend, FriendRequest, User } from './types.ts';

/** The friends, friend requests and blocks of one user. */
export class Friends {
  /** @internal It comes from the client. */
  constructor(private readonly call: Call) {}

  /** All friends. @throws XFChatError */
  list(): Promise<Friend[]> {
    return allOf((cursor) => this.call('GET /friends', { query: { limit: PAGE_SIZE, cursor } }));
  }

  /** All pending friend requests that the user has received (`incoming`) or sent (`outgoing`). @throws XFChatError */
  requests(direction: 'incoming' | 'outgoing'): Promise<FriendRequest[]> {
    const query = { direction, status: 'pending', limit: PAGE_SIZE } as const;
    return allOf((cursor) => this.call('GET /friend-requests', { query: { ...query, cursor } }));
  }

  /** Sends a friend request. @throws XFChatError such as `friend-request-exists` */
  ask(username: string, message?: string): Promise<FriendRequest> {
    return this.call('POST /friend-requests', { body: { recipientUsername: username, message } });
  }

  /** Accepts a friend request. The answer contains the direct conversation of the two. @throws XFChatError */
  accept(friendRequestId: string): Promise<AcceptedFriendRequest> {
    return this.call('POST /friend-requests/{friendRequestId}/accept', { params: { friendRequestId } });
  }

  /** Declines a friend request. @throws XFChatError */
  async decline(friendRequestId: string): Promise<void> {
    await this.call('POST /friend-requests/{friendRequestId}/decline', { params: { friendRequestId } });
  }

  /** Cancels a friend request of the user. @throws XFChatError */
  async cancel(friendRequestId: string): Promise<void> {
    await this.call('DELETE /friend-requests/{friendRequestId}', { params: { friendRequestId } });
  }

  /** Ends a friendship. @throws XFChatError */
  async remove(userId: string): Promise<void> {
    await this.call('DELETE /friends/{userId}', { params: { userId } });
  }

  /** All users whom this user has blocked. @throws XFChatError */
  blocked(): Promise<BlockedUser[]> {
    return allOf((cursor) => this.call('GET /users/me/blocks', { query: { limit: PAGE_SIZE, cursor } }));
  }

  /** Blocks a user, and ends the friendship with them. @throws XFChatError */
  async block(userId: string): Promise<void> {
    await this.call('PUT /users/me/blocks/{userId}', { params: { userId } });
  }

  /** Removes a block. @throws XFChatError */
  async unblock(userId: string): Promise<void> {
    await this.call('DELETE /users/me/blocks/{userId}', { params: { userId } });
  }
}

/** Finds other users. */
export class Users {
  /** @internal It comes from the client. */
  constructor(private readonly call: Call) {}

  /** The public profile of a user. @throws XFChatError such as `user-not-found` */
  get(userId: string): Promise<User> {
    return this.call('GET /users/{userId}', { params: { userId } });
  }

  /** Finds users whose username begins with `query`; at most `limit`, 1 to 200. @throws XFChatError */
  async search(query: string, limit = 20): Promise<readonly User[]> {
    const { items } = await this.call('GET /users', { query: { query, limit } });
    return items;
  }
}
