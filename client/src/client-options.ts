import type { ManagerOptions } from 'socket.io-client';
import type { Fetch } from './api.ts';
import type { BackoffOptions } from './backoff.ts';
import type { CompletenessStatus, Conversation } from './conversation.ts';
import type { OutgoingMessage } from './outbox.ts';
import type { ClientStorage } from './storage.ts';
import type { Presence } from './types.ts';

/** The options of a client. */
export interface ClientOptions {
  /** The full address of the server, such as `https://chat.example.org`. */
  readonly url: string;
  /** Keeps the session, unsent messages and conversations over a restart of the application; in memory by default. */
  readonly storage?: ClientStorage;
  /** Time limit for an answer of the server, in milliseconds; 15,000 by default. */
  readonly timeoutMs?: number;
  /** The pauses between attempts to connect, to send and to catch up. */
  readonly backoff?: BackoffOptions;
  /** The number of messages that the storage keeps of each conversation; 200 by default. */
  readonly keepMessages?: number;
  /** A conversation that lacks more messages than this restarts from its newest one; 1,000 by default. */
  readonly maxCatchUp?: number;
  /** Interval at which the client asks for missed messages and changes, in milliseconds; 5 minutes by default. */
  readonly checkEveryMs?: number;
  /** The transports of Socket.IO, in the order of attempts; WebSocket, then long polling by default. */
  readonly transports?: ManagerOptions['transports'];
  /** Replaces the `fetch` of the platform. */
  readonly fetch?: Fetch;
}

/** The events of a client. */
export interface ClientEvents {
  /** A socket has become ready, or was lost. */
  connection: 'online' | 'offline';
  /** The status of all conversations together has changed. */
  status: CompletenessStatus;
  /** The conversation is new, or something in it has changed. */
  conversation: Conversation;
  /** The conversation was deleted, or the user left it, was removed from it, or hid it on some device. */
  removed: { readonly conversationId: string };
  /** The status of an own message has changed. */
  outgoing: OutgoingMessage;
  /** The presence of a watched user has changed; undefined when it is unknown. */
  presence: { readonly userId: string; readonly presence: Presence | undefined };
  /** The list of other users who are typing in this conversation has changed. The user who has typed longest is first. */
  typing: { readonly conversationId: string; readonly userIds: readonly string[] };
  /**
   * The session has ended, by `signOut` or by the server. `reason` is `signed-out`, `account-erased`, or the code of the
   * server's problem.
   */
  'signed-out': { readonly reason: string };
  /** Any event of the server, unchanged: friend requests, `server:status` and all others. */
  event: { readonly name: string; readonly payload: unknown };
  /**
   * `kept`: everything is in the storage. `in-memory`: some data is in memory only, because the storage is full, closed or
   * was emptied. Unsent messages among it are lost when the application ends.
   */
  storage: 'kept' | 'in-memory';
  /** Another tab or process has stored a session while nobody is signed in here: `resume` continues with it. */
  'session-available': undefined;
  /** A read or write of the storage has failed in the background. */
  error: Error;
}
