/**
 * How far one conversation is known:
 *   unknown     no position is held: it is read from the server
 *   incomplete  a position is held, and something may be missing: it is asked for
 *   gap         an event left a number out a moment ago; the missing one may still arrive
 *   current     everything up to the position is held, and nothing newer is known
 */
export type ConversationState = 'unknown' | 'incomplete' | 'gap' | 'current';

/** An event of the state machine of one conversation. */
export type ConversationTrigger =
  /** Something may be missing: after `ready`, at a check, or because an event says so. */
  | 'noticed'
  /** A live event, or the stored form of an own message. */
  | 'received'
  /** The list has taken something, and a number is left out. */
  | 'gap-seen'
  /** The list has taken something, and no number is left out. */
  | 'gap-closed'
  | 'gap-lasted'
  /** The new socket is of another epoch than what is held. */
  | 'other-epoch'
  /** Two messages have one number: one of them is of another history. */
  | 'inconsistent'
  | 'opened'
  | 'removed'
  /** The list of the server lacks it, no event has named it since `ready`, and the application did not open it. */
  | 'unlisted'
  | 'view-not-found'
  /** The view is rejected for good, for another reason. */
  | 'view-rejected'
  | 'view-failed'
  /** The list begins with the view: nothing was held, or too much is missing. */
  | 'begun'
  | 'sync-whole'
  | 'sync-part'
  | 'sync-hidden'
  | 'sync-gone'
  | 'sync-reset'
  | 'sync-rejected'
  /** The socket is lost: events are missed from now on. */
  | 'lost';

/**
 * The effect of a trigger:
 *   a state   the conversation goes there
 *   stay      nothing
 *   never     cannot happen, and nothing follows from it
 *   read      it is noticed, and read from the server
 *   apply     the list takes the event
 *   open      it is read, and kept also if the user has hidden it
 *   drop      it is forgotten
 *   restart   what is held is dropped, and read anew
 *   renew     the same, and the socket is renewed, to be told the epoch again
 */
export type ConversationEffect =
  ConversationState | 'stay' | 'never' | 'read' | 'apply' | 'open' | 'drop' | 'restart' | 'renew';

/** Each effect of each trigger in each state. `docs/states.md` shows the same. */
export const CONVERSATION = {
  unknown: {
    noticed: 'stay',
    received: 'read', // a list that has not begun takes no events
    'gap-seen': 'never',
    'gap-closed': 'never',
    'gap-lasted': 'never',
    'other-epoch': 'never',
    inconsistent: 'never',
    opened: 'open',
    removed: 'drop',
    unlisted: 'drop',
    'view-not-found': 'drop',
    'view-rejected': 'drop', // nothing is held that would be lost
    'view-failed': 'stay',
    begun: 'incomplete',
    'sync-whole': 'never', // it has begun before
    'sync-part': 'never',
    'sync-hidden': 'never',
    'sync-gone': 'drop',
    'sync-reset': 'renew',
    'sync-rejected': 'drop', // the position was that of its view
    lost: 'stay',
  },
  incomplete: {
    noticed: 'stay',
    received: 'apply',
    'gap-seen': 'stay', // what is missing is asked for already
    'gap-closed': 'stay',
    'gap-lasted': 'never',
    'other-epoch': 'restart',
    inconsistent: 'renew',
    opened: 'stay',
    removed: 'drop',
    unlisted: 'drop',
    'view-not-found': 'drop',
    'view-rejected': 'stay', // what is held stays
    'view-failed': 'stay',
    begun: 'incomplete',
    'sync-whole': 'current',
    'sync-part': 'stay',
    'sync-hidden': 'drop',
    'sync-gone': 'drop',
    'sync-reset': 'renew',
    'sync-rejected': 'restart',
    lost: 'stay',
  },
  gap: {
    noticed: 'incomplete',
    received: 'apply',
    'gap-seen': 'stay',
    'gap-closed': 'current',
    'gap-lasted': 'read',
    'other-epoch': 'restart',
    inconsistent: 'renew',
    opened: 'stay',
    removed: 'drop',
    unlisted: 'drop',
    'view-not-found': 'drop',
    'view-rejected': 'stay',
    'view-failed': 'stay',
    begun: 'never', // a view makes it incomplete
    'sync-whole': 'current', // asked for by `read`
    'sync-part': 'read',
    'sync-hidden': 'drop',
    'sync-gone': 'drop',
    'sync-reset': 'renew',
    'sync-rejected': 'restart',
    lost: 'incomplete',
  },
  current: {
    noticed: 'incomplete',
    received: 'apply',
    'gap-seen': 'gap',
    'gap-closed': 'stay',
    'gap-lasted': 'never',
    'other-epoch': 'restart',
    inconsistent: 'renew',
    opened: 'stay',
    removed: 'drop',
    unlisted: 'drop',
    'view-not-found': 'drop',
    'view-rejected': 'stay',
    'view-failed': 'stay',
    begun: 'never',
    'sync-whole': 'stay', // asked for by `read`
    'sync-part': 'read',
    'sync-hidden': 'drop',
    'sync-gone': 'drop',
    'sync-reset': 'renew',
    'sync-rejected': 'restart',
    lost: 'incomplete',
  },
} as const satisfies Record<ConversationState, Record<ConversationTrigger, ConversationEffect>>;
