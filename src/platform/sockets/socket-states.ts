/**
 * One socket:
 *   connecting  it asks for a handshake; nobody is known
 *   verifying   the signature of its token is good; its session and entitlements are being read
 *   admitted    the handshake has succeeded; the socket enters its rooms next
 *   ended       its session has ended before it entered
 *   open        in its rooms, `ready` was emitted; commands are taken
 *   closing     ended as by a broken network; what was emitted before is still on its way
 *   closed      nothing reaches it any more
 */
export type SocketState = 'connecting' | 'verifying' | 'admitted' | 'ended' | 'open' | 'closing' | 'closed';

export type SocketTrigger =
  | 'token-checked'
  | 'rejected'
  | 'read'
  | 'entered'
  | 'room-granted'
  | 'room-revoked'
  | 'session-ended'
  | 'refreshed'
  | 'token-expired'
  | 'evicted'
  | 'suspended'
  | 'outdated'
  | 'draining'
  | 'drained'
  | 'entry-failed'
  | 'gone';

/**
 * The effect of a trigger:
 *   a state     the socket goes there
 *   verify      → verifying: from now on, changes of its rights are held for it
 *   hold        the change of a room is held until the socket enters
 *   forget      → closed: what is held is forgotten
 *   enter       → open: it enters its rooms, with what was held, and gets `ready`
 *   join        it enters the room
 *   leave       it leaves the room
 *   revoke      → closed, after `session:revoked`
 *   expire      → closed, after `session:expired`
 *   extend      its token expires later
 *   announce    it gets `server:draining`
 *   break       → closing, as by a broken network: its client connects again by itself
 *   disconnect  → closed
 *   stay        nothing
 *   never       cannot happen, and nothing follows from it
 */
export type SocketEffect =
  | 'admitted'
  | 'ended'
  | 'closed'
  | 'verify'
  | 'hold'
  | 'forget'
  | 'enter'
  | 'join'
  | 'leave'
  | 'revoke'
  | 'expire'
  | 'extend'
  | 'announce'
  | 'break'
  | 'disconnect'
  | 'stay'
  | 'never';

/** `docs/states.md` shows the same. */
export const SOCKET = {
  connecting: {
    'token-checked': 'verify',
    rejected: 'closed',
    read: 'never',
    entered: 'disconnect', // nobody has admitted it
    'room-granted': 'never', // nobody is known
    'room-revoked': 'never',
    'session-ended': 'never',
    refreshed: 'never',
    'token-expired': 'never',
    evicted: 'never',
    suspended: 'never',
    outdated: 'never',
    draining: 'never',
    drained: 'never',
    'entry-failed': 'disconnect',
    gone: 'never', // its handshake is rejected, or its token is checked, before anything else can happen
  },
  verifying: {
    'token-checked': 'never',
    rejected: 'forget',
    read: 'admitted',
    entered: 'disconnect',
    'room-granted': 'hold', // no room has it yet
    'room-revoked': 'hold',
    'session-ended': 'ended',
    refreshed: 'never', // it takes no commands
    'token-expired': 'never', // the sweep looks at open sockets
    evicted: 'never',
    suspended: 'never',
    outdated: 'never', // its epoch is read now
    draining: 'never',
    drained: 'never',
    'entry-failed': 'disconnect',
    gone: 'forget',
  },
  admitted: {
    'token-checked': 'never',
    rejected: 'never',
    read: 'never',
    entered: 'enter',
    'room-granted': 'hold',
    'room-revoked': 'hold',
    'session-ended': 'ended',
    refreshed: 'never',
    'token-expired': 'never',
    evicted: 'never',
    suspended: 'never',
    outdated: 'never',
    draining: 'never',
    drained: 'never',
    'entry-failed': 'disconnect',
    gone: 'forget',
  },
  ended: {
    'token-checked': 'never',
    rejected: 'forget',
    read: 'stay', // it was read before the end
    entered: 'revoke',
    'room-granted': 'stay',
    'room-revoked': 'stay',
    'session-ended': 'stay',
    refreshed: 'never',
    'token-expired': 'never',
    evicted: 'never',
    suspended: 'never',
    outdated: 'never',
    draining: 'never',
    drained: 'never',
    'entry-failed': 'disconnect',
    gone: 'forget',
  },
  open: {
    'token-checked': 'never',
    rejected: 'never',
    read: 'never',
    entered: 'never',
    'room-granted': 'join',
    'room-revoked': 'leave',
    'session-ended': 'revoke',
    refreshed: 'extend',
    'token-expired': 'expire',
    evicted: 'disconnect',
    suspended: 'break',
    outdated: 'break',
    draining: 'announce',
    drained: 'break',
    'entry-failed': 'disconnect',
    gone: 'closed',
  },
  closing: {
    'token-checked': 'never',
    rejected: 'never',
    read: 'never',
    entered: 'never',
    'room-granted': 'stay', // it gets nothing more
    'room-revoked': 'leave',
    'session-ended': 'revoke', // nothing is still on its way after this
    refreshed: 'stay',
    'token-expired': 'expire',
    evicted: 'disconnect',
    suspended: 'stay',
    outdated: 'stay',
    draining: 'stay',
    drained: 'stay',
    'entry-failed': 'disconnect',
    gone: 'closed',
  },
  closed: {
    'token-checked': 'never',
    rejected: 'stay', // its client has gone before
    read: 'stay',
    entered: 'disconnect',
    'room-granted': 'stay',
    'room-revoked': 'stay',
    'session-ended': 'stay',
    refreshed: 'stay', // it was closed while the new token was checked
    'token-expired': 'stay',
    evicted: 'stay',
    suspended: 'stay',
    outdated: 'stay',
    draining: 'stay',
    drained: 'stay',
    'entry-failed': 'stay',
    gone: 'stay',
  },
} as const satisfies Record<SocketState, Record<SocketTrigger, SocketEffect>>;
