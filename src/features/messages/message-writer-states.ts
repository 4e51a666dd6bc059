/**
 * One new message:
 *   waiting    in the queue; nothing was sent to the database
 *   sent       in a batch whose statement is on its way, or will be sent once more
 *   committed  the statement has answered with a stored row; the broadcast is on its way
 *   settled    acknowledged or rejected: no trigger reaches it any more
 */
export type MessageState = 'waiting' | 'sent' | 'committed' | 'settled';

export type MessageTrigger =
  | 'taken'
  | 'late'
  | 'circuit-opened'
  | 'maintenance-began'
  | 'stored'
  | 'row-rejected'
  | 'failed'
  | 'broadcast';

/** `never`: cannot happen, and nothing follows from it. `stay`: nothing. */
export type MessageEffect =
  Exclude<MessageState, 'waiting' | 'settled'> | 'acknowledge' | 'reject' | 'stay' | 'never';

/** `docs/states.md` shows each of these tables. */
export const MESSAGE = {
  waiting: {
    taken: 'sent',
    late: 'reject',
    'circuit-opened': 'reject',
    'maintenance-began': 'reject',
    stored: 'never',
    'row-rejected': 'never',
    failed: 'never',
    broadcast: 'never',
  },
  sent: {
    taken: 'never', // it has left the queue
    late: 'reject', // a part of a divided batch is not sent any more
    'circuit-opened': 'stay', // the statement fails by itself
    'maintenance-began': 'stay', // the statement was sent before
    stored: 'committed',
    'row-rejected': 'reject',
    failed: 'reject',
    broadcast: 'never',
  },
  committed: {
    taken: 'never',
    late: 'never',
    'circuit-opened': 'stay',
    'maintenance-began': 'stay',
    stored: 'never',
    'row-rejected': 'never',
    failed: 'never', // what is committed is never rejected
    broadcast: 'acknowledge',
  },
  settled: {
    taken: 'never',
    late: 'never',
    'circuit-opened': 'stay',
    'maintenance-began': 'stay',
    stored: 'never',
    'row-rejected': 'never',
    failed: 'never',
    broadcast: 'stay', // it was rejected, and others of its batch were stored
  },
} as const satisfies Record<MessageState, Record<MessageTrigger, MessageEffect>>;

/**
 * One conversation in the writer:
 *   free                 the next batch may take its messages
 *   under-way            in a batch, or its broadcast was answered less than one turn ago
 *   contended            its lock timed out in a batch of its own
 *   contended-under-way  both
 */
export type QueueState = 'free' | 'under-way' | 'contended' | 'contended-under-way';

export type QueueTrigger =
  'offered' | 'taken' | 'committed' | 'lock-timed-out' | 'turn-ended' | 'all-settled';

/** `join`: its message may join a batch. `alone`: only a batch of its own. `wait`: no batch. */
export type QueueEffect = QueueState | 'join' | 'alone' | 'wait' | 'stay' | 'never';

export const QUEUE = {
  free: {
    offered: 'join',
    taken: 'under-way',
    committed: 'never',
    'lock-timed-out': 'never',
    'turn-ended': 'never',
    'all-settled': 'stay',
  },
  'under-way': {
    offered: 'wait',
    taken: 'never', // it is in one batch at a time, which keeps the order
    committed: 'stay',
    'lock-timed-out': 'contended-under-way',
    'turn-ended': 'free',
    'all-settled': 'stay',
  },
  contended: {
    offered: 'alone',
    taken: 'contended-under-way',
    committed: 'never',
    'lock-timed-out': 'never',
    'turn-ended': 'never',
    'all-settled': 'free',
  },
  'contended-under-way': {
    offered: 'wait',
    taken: 'never',
    committed: 'under-way',
    'lock-timed-out': 'stay',
    'turn-ended': 'contended',
    'all-settled': 'under-way',
  },
} as const satisfies Record<QueueState, Record<QueueTrigger, QueueEffect>>;

/** The batches at the database. A batch is slow once it has taken `QUICK_MS`, and quick before. */
export type BatchesState = 'none' | 'quick' | 'slow' | 'slow-and-quick' | 'two-slow';

export type BatchesTrigger = 'wanted' | 'begun' | 'slowed' | 'quick-settled' | 'slow-settled';

export type BatchesEffect = BatchesState | 'begin' | 'stay' | 'never';

export const BATCHES = {
  none: {
    wanted: 'begin',
    begun: 'quick',
    slowed: 'never',
    'quick-settled': 'never',
    'slow-settled': 'never',
  },
  quick: { wanted: 'stay', begun: 'never', slowed: 'slow', 'quick-settled': 'none', 'slow-settled': 'never' },
  slow: {
    wanted: 'begin',
    begun: 'slow-and-quick',
    slowed: 'never',
    'quick-settled': 'never',
    'slow-settled': 'none',
  },
  'slow-and-quick': {
    wanted: 'stay',
    begun: 'never',
    slowed: 'two-slow',
    'quick-settled': 'slow',
    'slow-settled': 'quick',
  },
  'two-slow': {
    wanted: 'stay',
    begun: 'never',
    slowed: 'never',
    'quick-settled': 'never',
    'slow-settled': 'slow',
  },
} as const satisfies Record<BatchesState, Record<BatchesTrigger, BatchesEffect>>;

/** The content of a batch whose statement has failed. */
export type BatchShape = 'several-conversations' | 'one-conversation' | 'one-message';

/** Why the statement failed: see `failureOf`. */
export type BatchFailure = 'conflict' | 'lock-timeout' | 'constraint' | 'connection-lost' | 'other';

/**
 *   again            the same batch is sent once more
 *   by-conversation  each conversation is sent by itself
 *   one-by-one       each message is sent by itself
 *   reject           each message is rejected
 *   contend          the same, and the conversation becomes contended
 */
export type FailureEffect = 'again' | 'by-conversation' | 'one-by-one' | 'reject' | 'contend';

export const FAILED_BATCH = {
  'several-conversations': {
    conflict: 'again',
    'lock-timeout': 'by-conversation', // somebody has locked one of them; the others need not suffer from it
    constraint: 'one-by-one', // a row that violates a constraint must not take the others along
    'connection-lost': 'reject', // the outcome may be unknown: the client repeats it with the same id
    other: 'reject',
  },
  'one-conversation': {
    conflict: 'again',
    'lock-timeout': 'contend',
    constraint: 'one-by-one',
    'connection-lost': 'reject',
    other: 'reject',
  },
  'one-message': {
    conflict: 'again',
    'lock-timeout': 'contend',
    constraint: 'reject',
    'connection-lost': 'reject',
    other: 'reject',
  },
} as const satisfies Record<BatchShape, Record<BatchFailure, FailureEffect>>;
