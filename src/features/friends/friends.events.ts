import { Shared } from '../../platform/events/shared';
import type { FriendRequestView } from './friends.dto';

/** A friend request was made, or answered in the way that its `status` says. */
@Shared({ kind: 'friend-request-changed' })
export class FriendRequestChanged {
  constructor(readonly friendRequest: FriendRequestView) {}
}

/** Two people are friends no more. */
@Shared({ kind: 'friend-removed' })
export class FriendRemoved {
  constructor(readonly userIds: readonly [string, string]) {}
}

/** The first of two people has blocked the second. */
@Shared({ kind: 'user-blocked', rights: 'taken' })
export class UserBlocked {
  constructor(
    readonly userIds: readonly [string, string],
    /** Their direct conversation, if they have one: it takes no more messages, and neither hears of the other in it. */
    readonly conversationId: string | undefined,
  ) {}
}

/** A block was lifted by the first of two people. */
@Shared({ kind: 'user-unblocked', rights: 'given' })
export class UserUnblocked {
  constructor(
    readonly userIds: readonly [string, string],
    /** Their direct conversation, if it is open between them again. */
    readonly conversationId: string | undefined,
  ) {}
}
