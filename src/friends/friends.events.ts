import type { FriendRequestView } from './friends.dto';

/** A friend request was made, or answered in the way that its `status` says. */
export class FriendRequestChanged {
  constructor(readonly friendRequest: FriendRequestView) {}
}

/** Two people are friends no more. */
export class FriendRemoved {
  constructor(readonly userIds: readonly [string, string]) {}
}

/** A block stands between two people from now on. */
export class UserBlocked {
  constructor(
    readonly userIds: readonly [string, string],
    /** Their direct conversation, if they have one: it takes no more messages. */
    readonly conversationId: string | undefined,
  ) {}
}
