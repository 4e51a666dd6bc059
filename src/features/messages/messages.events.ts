import { Shared } from '../../platform/events/shared';
import type { MessageView } from './message-view';

/** A message was stored. */
@Shared({ kind: 'messages-created' })
export class MessageCreated {
  constructor(readonly message: MessageView) {}
}

/** A stored message was changed: edited, or anything else that took a `rev` except its deletion. */
@Shared({ kind: 'message-updated' })
export class MessageUpdated {
  constructor(readonly message: MessageView) {}
}

/** A message became a tombstone. */
@Shared({ kind: 'message-deleted' })
export class MessageDeleted {
  constructor(
    readonly message: MessageView,
    /** Only this person is told: a block hides it from the other one. */
    readonly onlyUserId?: string,
  ) {}
}
