import { allOf, PAGE_SIZE, type Call } from './routes.ts';
import type { AcceptedFriendRequest, BlockedUser, Friend, FriendRequest, User } from './types.ts';

/** Friends, requests for friendship and blocks of one user. */
export class Friends {
  /** @internal It comes from the client. */
  constructor(private readonly call: Call) {}

  list(): Promise<Friend[]> {
    return allOf((cursor) => this.call('GET /friends', { query: { limit: PAGE_SIZE, cursor } }));
  }

  /** Requests that wait for an answer: of the user, or of others to them. */
  requests(direction: 'incoming' | 'outgoing'): Promise<FriendRequest[]> {
    const query = { direction, status: 'pending', limit: PAGE_SIZE } as const;
    return allOf((cursor) => this.call('GET /friend-requests', { query: { ...query, cursor } }));
  }

  /** Asks somebody to be friends. @throws XFChatError such as `friend-request-exists` */
  ask(username: string, message?: string): Promise<FriendRequest> {
    return this.call('POST /friend-requests', { body: { recipientUsername: username, message } });
  }

  /** Friends have a direct conversation, which comes with the answer. */
  accept(friendRequestId: string): Promise<AcceptedFriendRequest> {
    return this.call('POST /friend-requests/{friendRequestId}/accept', { params: { friendRequestId } });
  }

  async decline(friendRequestId: string): Promise<void> {
    await this.call('POST /friend-requests/{friendRequestId}/decline', { params: { friendRequestId } });
  }

  /** Takes one's own request back. */
  async cancel(friendRequestId: string): Promise<void> {
    await this.call('DELETE /friend-requests/{friendRequestId}', { params: { friendRequestId } });
  }

  /** Ends a friendship. */
  async remove(userId: string): Promise<void> {
    await this.call('DELETE /friends/{userId}', { params: { userId } });
  }

  blocked(): Promise<BlockedUser[]> {
    return allOf((cursor) => this.call('GET /users/me/blocks', { query: { limit: PAGE_SIZE, cursor } }));
  }

  async block(userId: string): Promise<void> {
    await this.call('PUT /users/me/blocks/{userId}', { params: { userId } });
  }

  async unblock(userId: string): Promise<void> {
    await this.call('DELETE /users/me/blocks/{userId}', { params: { userId } });
  }
}

/** Other users. */
export class Users {
  /** @internal It comes from the client. */
  constructor(private readonly call: Call) {}

  /** @throws XFChatError such as `user-not-found` */
  get(userId: string): Promise<User> {
    return this.call('GET /users/{userId}', { params: { userId } });
  }

  /** Those whose username begins with the query, at most `limit` of them. */
  async search(query: string, limit = 20): Promise<readonly User[]> {
    const { items } = await this.call('GET /users', { query: { query, limit } });
    return items;
  }
}
