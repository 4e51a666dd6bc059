/**
 * The completeness of one conversation:
 *   unknown     the client holds no position, and reads the conversation from the server
 *   incomplete  the client holds a position, and asks for changes that it may lack
 *   gap         a number was skipped a moment ago; its event may still arrive
 *   current     everything up to the position is held, and nothing newer is known
 */
export type ConversationState = 'unknown' | 'incomplete' | 'gap' | 'current';

/** An event of the state machine of one conversation. */
export type ConversationTrigger =
  /** Something may be missing: after `ready`, at a check, or because an event says so. */
  | 'noticed'
  /** A live event, or the stored form of an own message. */
  | 'received'
  /** The list has taken something, and a number is missing before it. */
  | 'gap-seen'
  /** The list has taken something, and no number is missing. */
  | 'gap-closed'
  | 'gap-lasted'
  /** The new socket belongs to another epoch than the held messages. */
  | 'other-epoch'
  /** Two messages have the same number: one of them belongs to another history. */
  | 'inconsistent'
  | 'opened'
  | 'removed'
  /** The list of the server lacks it, no event has named it since `ready`, and the application did not open it. */
  | 'unlisted'
  | 'view-not-found'
  /** The server rejects the view for another reason, and would reject it again. */
  | 'view-rejected'
  | 'view-failed'
  /** The list begins with the view, because it was empty or lacked too much. */
  | 'begun'
  | 'sync-whole'
  | 'sync-part'
  | 'sync-hidden'
  | 'sync-gone'
  | 'sync-reset'
  | 'sync-rejected'
  /** The socket is lost, and the client misses events from now on. */
  | 'lost';

/**
 * The effect of a trigger:
 *   a state   moves the conversation to that state
 *   stay      does nothing
 *   never     cannot happen; does nothing
 *   read      records that something may be missing, and reads it from the server
 *   apply     applies the event to the list
 *   open      reads the conversation, and keeps it even if the user has hidden it
 *   drop      drops the conversation
 *   restart   drops the held messages, and reads the conversation anew
 *   renew     restarts, and replaces the socket so that the server sends the epoch again
 */
export type ConversationEffect =
  ConversationState | 'stay' | 'never' | 'read' | 'apply' | 'open' | 'drop' | 'restart' | 'renew';

/** The effect of each trigger in each state. `docs/states.md` shows the same table. */
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
    'view-rejected': 'drop', // the client holds nothing that would be lost
    'view-failed': 'stay',
    begun: 'incomplete',
    'sync-whole': 'never', // `begun` comes first
    'sync-part': 'never',
    'sync-hidden': 'never',
    'sync-gone': 'drop',
    'sync-reset': 'renew',
    'sync-rejected': 'drop', // the server rejects the position of its own view
    lost: 'stay',
  },
  incomplete: {
    noticed: 'stay',
    received: 'apply',
    'gap-seen': 'stay', // the client asks for the missing numbers already
    'gap-closed': 'stay',
    'gap-lasted': 'never',
    'other-epoch': 'restart',
    inconsistent: 'renew',
    opened: 'stay',
    removed: 'drop',
    unlisted: 'drop',
    'view-not-found': 'drop',
    'view-rejected': 'stay', // keep the held messages
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
    begun: 'never', // a view makes the conversation incomplete first
    'sync-whole': 'current', // the answer to a request of `CatchUp.read`
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
    'sync-whole': 'stay', // the answer to a request of `CatchUp.read`
    'sync-part': 'read',
    'sync-hidden': 'drop',
    'sync-gone': 'drop',
    'sync-reset': 'renew',
    'sync-rejected': 'restart',
    lost: 'incomplete',
  },
} as const satisfies Record<ConversationState, Record<ConversationTrigger, ConversationEffect>>;
