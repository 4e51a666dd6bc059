/**
 * The events of a run as the clients saw them, in the style of Jepsen. A file has one entry per line:
 *   {"t": 812.4, "process": "ada/1", "op": "send", "key": "<conversation>", "type": "invoke", "value": {…}}
 *
 * `t` is in milliseconds of a monotonic clock that all clients share. A process does one thing at a time: an `invoke`
 * is followed by its `ok` (it was done), `fail` (it was not) or `info` (unknown; it may be done at any later
 * time). Observations (`hear`, `view`, `final`, `audit`) have no `invoke`.
 */
export interface Entry {
  readonly t: number;
  readonly process: string;
  readonly op: Operation | Observation;
  /** The conversation, or the object of an `audit`, `backup`, `restore` or `fault`. */
  readonly key: string;
  readonly type: 'invoke' | 'ok' | 'fail' | 'info';
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- see the types of values below
  readonly value: any;
}

/**
 *   create   {userId, memberIds}                         a conversation
 *   add      {userId}     remove {userId}                a participant
 *   send     {userId, id, body}                          → Message
 *   edit     {userId, messageId, version, parents, body} → Message
 *   delete   {userId, messageId}                         → Message
 *   sync     {userId, seq, rev}                          → one answer of conversation:sync
 *   backup   {}           restore {epoch}                the database, as a whole
 * A `fail` carries {code, status}.
 */
export type Operation =
  'create' | 'add' | 'remove' | 'send' | 'edit' | 'delete' | 'sync' | 'backup' | 'restore';

/** `hear` {@link Heard}, `view` {@link View}, `final` {@link Final}, `audit` {@link Audit}, `fault` anything. */
export type Observation = 'hear' | 'view' | 'final' | 'audit' | 'fault';

/** The fields of a received message that the checker reads. */
export interface Message {
  readonly id: string;
  readonly seq: number;
  readonly rev: number;
  readonly senderId: string | null;
  readonly body: string | null;
  readonly version: string;
  readonly parents: readonly string[];
  readonly deletedAt: string | null;
  readonly createdAt: string;
}

export interface Heard {
  readonly userId: string;
  readonly event: 'message:created' | 'message:updated' | 'message:deleted';
  readonly message: Message;
}

/** The final state of a client, built from its events and catch-ups. */
export interface View {
  readonly userId: string;
  readonly messages: readonly Message[];
}

/** A fresh read of everything at the end, by a participant. */
export interface Final {
  readonly userId: string;
  readonly head: { readonly seq: number; readonly rev: number };
  readonly lastSeq: number;
  readonly lastMessage: Message | null;
  readonly unreadCount: number;
  readonly readSeq: number;
  readonly messages: readonly Message[];
  /** The versions of edited messages, oldest first, by message id; null if this reader has not read them. */
  readonly versions: Readonly<Record<string, readonly MessageVersion[]>> | null;
}

export interface MessageVersion {
  readonly version: string;
  readonly parents: readonly string[];
  readonly body: string | null;
}

/** The result of queries to the database itself. */
export interface Audit {
  /** Foreign keys with dangling rows. */
  readonly orphans: readonly string[];
  readonly unvalidatedConstraints: readonly string[];
  readonly invalidIndexes: readonly string[];
  readonly counters: readonly Counters[];
}

export interface Counters {
  readonly conversationId: string;
  readonly lastSeq: number;
  readonly maxSeq: number;
  readonly lastRev: number;
  /** The revs of messages, participants and settings. Each change has its own. */
  readonly maxRev: number;
  readonly revs: number;
  readonly distinctRevs: number;
  readonly maxReadSeq: number;
}

export interface Refusal {
  readonly code: string;
  readonly status: number;
}

export const toLines = (history: readonly Entry[]): string =>
  history.map((entry) => `${JSON.stringify(entry)}\n`).join('');

export const fromLines = (text: string): Entry[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Entry);
