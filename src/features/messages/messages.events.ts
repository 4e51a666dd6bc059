import type { MessageView } from './message-view';

/** A message was stored. */
export class MessageCreated {
  constructor(readonly message: MessageView) {}
}

/** A stored message was changed: edited, or anything else that took a `rev` except its deletion. */
export class MessageUpdated {
  constructor(readonly message: MessageView) {}
}

/** A message became a tombstone. */
export class MessageDeleted {
  constructor(
    readonly message: MessageView,
    /** Only this person is told: a block hides it from the other one. */
    readonly onlyUserId?: string,
  ) {}
}
