import { Shared } from '../../platform/events/shared';
import type { FriendRequestView } from './friends.dto';

/** A friend request was made or answered; its `status` says which. */
@Shared({ kind: 'friend-request-changed' })
export class FriendRequestChanged {
  constructor(readonly friendRequest: FriendRequestView) {}
}

/** A friendship ended. */
@Shared({ kind: 'friend-removed' })
export class FriendRemoved {
  constructor(readonly userIds: readonly [string, string]) {}
}

/** The first of two people blocked the second. */
@Shared({ kind: 'user-blocked', rights: 'taken' })
export class UserBlocked {
  constructor(
    readonly userIds: readonly [string, string],
    /** Their direct conversation, if any: it takes no more messages, and hides from each what the other does. */
    readonly conversationId: string | undefined,
  ) {}
}

/** The first of two people lifted a block. */
@Shared({ kind: 'user-unblocked', rights: 'given' })
export class UserUnblocked {
  constructor(
    readonly userIds: readonly [string, string],
    /** Their direct conversation, if no block stands in it any more. */
    readonly conversationId: string | undefined,
  ) {}
}
