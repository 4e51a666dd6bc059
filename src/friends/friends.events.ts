import type { FriendRequestView } from './friends.dto';

/** A friend request was made, or answered in the way that its `status` says. */
export class FriendRequestChanged {
  constructor(readonly friendRequest: FriendRequestView) {}
}

/** Two people are friends no more. */
export class FriendRemoved {
  constructor(readonly userIds: readonly [string, string]) {}
}
