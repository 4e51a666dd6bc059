/**
 * The response of one stream:
 *   opening  the subscriber is registered; no header was sent, so a problem is an ordinary answer
 *   open     the headers were sent; the reader keeps up
 *   behind   open, and more than the limit is unread
 *   ended    nothing more is sent
 */
export type ResponseState = 'opening' | 'open' | 'behind' | 'ended';

export type ResponseTrigger = 'begun' | 'write' | 'drained' | 'beat' | 'stalled' | 'end' | 'gone';

/**
 *   begin    → open: the headers are sent
 *   write    the update is written; the stall timer starts if too much is unread then
 *   resume   the stall timer stops; who waits for room continues
 *   beat     a blank line
 *   close    → ended: nothing is written
 *   finish   → ended, after what was written
 *   destroy  → ended: what is unread is not for the reader any more
 *   give-up  → ended: destroyed, and counted as too slow
 */
export type ResponseEffect =
  'begin' | 'write' | 'resume' | 'beat' | 'close' | 'finish' | 'destroy' | 'give-up' | 'stay' | 'never';

/** `docs/states.md` shows each of these tables. */
export const RESPONSE = {
  opening: {
    begun: 'begin',
    write: 'stay', // nothing may be written yet
    drained: 'never',
    beat: 'never',
    stalled: 'never',
    end: 'close', // the caller answers with a problem, or with headers alone
    gone: 'close',
  },
  open: {
    begun: 'never',
    write: 'write',
    drained: 'resume',
    beat: 'beat',
    stalled: 'give-up', // it has read a little, and not all of it in time
    end: 'finish',
    gone: 'close',
  },
  behind: {
    begun: 'never',
    write: 'write', // who writes asks `isBehind` or waits for `room` first
    drained: 'resume',
    beat: 'stay',
    stalled: 'give-up',
    end: 'destroy',
    gone: 'close',
  },
  ended: {
    begun: 'stay', // revoked while the beginning was read
    write: 'stay',
    drained: 'stay',
    beat: 'never',
    stalled: 'never',
    end: 'stay',
    gone: 'stay',
  },
} as const satisfies Record<ResponseState, Record<ResponseTrigger, ResponseEffect>>;

/**
 * One conversation of a timeline. A stream reads for all conversations that need it at once. It first moves them to
 * `quiet` or `current`, and buffers hints while it reads.
 *   quiet    followed; nothing of it was sent, and nothing has to be
 *   unsent   nothing of it was sent; its newest page is read next
 *   current  everything up to the position was sent, or is being read
 *   behind   what follows the position is read next
 *   revoked  the reader may not receive it any more
 */
export type FeedState = 'quiet' | 'unsent' | 'current' | 'behind' | 'revoked';

export type FeedTrigger =
  | 'hint'
  | 'next'
  | 'next-unread'
  | 'known'
  | 'gap'
  | 'unbuffered'
  | 'added'
  | 'due'
  | 'read-begun'
  | 'snapshot'
  | 'page'
  | 'page-missing'
  | 'changes-whole'
  | 'changes-part'
  | 'changes-too-many'
  | 'changes-gone'
  | 'changes-reset'
  | 'removed';

/**
 *   a state   the conversation goes there
 *   compare   the hint is compared with the position: `next`, `next-unread`, `known` or `gap`
 *   send      the hint is sent, and the position moves
 *   read      the stream reads
 *   want      → unsent, and the stream reads
 *   miss      → behind, and the stream reads
 *   restart   → unsent: its position is dropped
 *   revoke    → revoked: `null` is sent, or the stream ends if it has no other conversation
 *   end       the stream ends; its reader finds out when it resumes
 */
export type FeedEffect =
  | Exclude<FeedState, 'revoked'>
  | 'compare'
  | 'send'
  | 'read'
  | 'want'
  | 'miss'
  | 'restart'
  | 'revoke'
  | 'end'
  | 'stay'
  | 'never';

export const FEED = {
  quiet: {
    hint: 'want',
    next: 'never', // it has no position
    'next-unread': 'never',
    known: 'never',
    gap: 'never',
    unbuffered: 'unsent',
    added: 'want',
    due: 'unsent',
    'read-begun': 'never',
    snapshot: 'current',
    page: 'current',
    'page-missing': 'revoke',
    'changes-whole': 'never',
    'changes-part': 'never',
    'changes-too-many': 'never',
    'changes-gone': 'never',
    'changes-reset': 'never',
    removed: 'revoke',
  },
  unsent: {
    hint: 'read',
    next: 'never',
    'next-unread': 'never',
    known: 'never',
    gap: 'never',
    unbuffered: 'stay',
    added: 'read',
    due: 'stay',
    'read-begun': 'quiet',
    snapshot: 'behind', // hints were dropped while it was read
    page: 'behind', // the same
    'page-missing': 'revoke',
    'changes-whole': 'never',
    'changes-part': 'never',
    'changes-too-many': 'never',
    'changes-gone': 'never',
    'changes-reset': 'never',
    removed: 'revoke',
  },
  current: {
    hint: 'compare',
    next: 'send',
    'next-unread': 'miss',
    known: 'stay',
    gap: 'miss',
    unbuffered: 'behind',
    added: 'miss',
    due: 'stay',
    'read-begun': 'never',
    snapshot: 'never', // a snapshot is for a reader who has nothing
    page: 'never',
    'page-missing': 'never',
    'changes-whole': 'stay',
    'changes-part': 'behind',
    'changes-too-many': 'restart',
    'changes-gone': 'revoke',
    'changes-reset': 'end',
    removed: 'revoke',
  },
  behind: {
    hint: 'read',
    next: 'never', // what is missing is read anyway
    'next-unread': 'never',
    known: 'never',
    gap: 'never',
    unbuffered: 'stay',
    added: 'read',
    due: 'stay',
    'read-begun': 'current',
    snapshot: 'never',
    page: 'never',
    'page-missing': 'never',
    'changes-whole': 'stay', // hints were dropped while it was read
    'changes-part': 'stay',
    'changes-too-many': 'restart',
    'changes-gone': 'revoke',
    'changes-reset': 'end',
    removed: 'revoke',
  },
  revoked: {
    hint: 'stay',
    next: 'never',
    'next-unread': 'never',
    known: 'never',
    gap: 'never',
    unbuffered: 'never', // nobody gives it hints any more
    added: 'never', // a user who is added again gets a new feed
    due: 'never',
    'read-begun': 'never',
    snapshot: 'never',
    page: 'stay',
    'page-missing': 'stay',
    'changes-whole': 'stay',
    'changes-part': 'stay',
    'changes-too-many': 'stay',
    'changes-gone': 'stay',
    'changes-reset': 'stay',
    removed: 'stay',
  },
} as const satisfies Record<FeedState, Record<FeedTrigger, FeedEffect>>;
