import { Shared } from '../../platform/events/shared';
import type { MessageView } from './message-view';

/** A message was stored. */
@Shared({ kind: 'messages-created' })
export class MessageCreated {
  constructor(readonly message: MessageView) {}
}

/** A stored message changed: it was edited, or another change took a `rev`. Deletions have an event of their own. */
@Shared({ kind: 'message-updated' })
export class MessageUpdated {
  constructor(readonly message: MessageView) {}
}

/** A message became a tombstone. */
@Shared({ kind: 'message-deleted' })
export class MessageDeleted {
  constructor(
    readonly message: MessageView,
    /** Only this user's devices get the event: a block hides it from the other participant. */
    readonly onlyUserId?: string,
  ) {}
}
