import type { ManagerOptions } from 'socket.io-client';
import type { Fetch } from './api.ts';
import type { BackoffOptions } from './backoff.ts';
import type { CompletenessStatus, Conversation } from './conversation.ts';
import type { OutgoingMessage } from './outbox.ts';
import type { ClientStorage } from './storage.ts';
import type { Presence } from './types.ts';

/** How a client is set up. */
export interface ClientOptions {
  /** The whole address of the server, for instance `https://chat.example.org`. */
  readonly url: string;
  /** Where to keep what has to survive a restart of the application; in memory by default. */
  readonly storage?: ClientStorage;
  /** How long to wait for an answer, in milliseconds; 15,000 by default. */
  readonly timeoutMs?: number;
  /** Pauses between attempts, to connect, to send and to catch up. */
  readonly backoff?: BackoffOptions;
  /** How many messages of each conversation are kept in the storage; 200 by default. */
  readonly keepMessages?: number;
  /** Whoever lacks more messages of a conversation than this begins it anew with the newest one; 1,000 by default. */
  readonly maxCatchUp?: number;
  /** How often to ask whether anything was missed of which no event tells, in milliseconds; 5 minutes by default. */
  readonly checkEveryMs?: number;
  /** WebSocket, and long polling where there is none, by default. */
  readonly transports?: ManagerOptions['transports'];
  /** The platform's by default. */
  readonly fetch?: Fetch;
}

/** What the client tells the application. */
export interface ClientEvents {
  connection: 'online' | 'offline';
  /** Of all conversations together. */
  status: CompletenessStatus;
  /** Something of this conversation has changed, or it is new. */
  conversation: Conversation;
  /** The user does not participate any more, has hidden it on some device, or it was deleted. */
  removed: { readonly conversationId: string };
  /** A message of one's own has another status. */
  outgoing: OutgoingMessage;
  /** Something else is known of somebody whom `presence` watches; undefined: nothing is. */
  presence: { readonly userId: string; readonly presence: Presence | undefined };
  /** Others type in this conversation, the first first. */
  typing: { readonly conversationId: string; readonly userIds: readonly string[] };
  /** The session is over: by `signOut`, or by word of the server (`reason` is the code of its problem, or `account-erased`). */
  'signed-out': { readonly reason: string };
  /** Whatever the server says, as it says it: friend requests, `server:status` … */
  event: { readonly name: string; readonly payload: unknown };
  /**
   * Whether everything is kept in the storage. `in-memory`: something is kept in memory only, because the storage is
   * full, was closed or was emptied; what was not sent is lost with the application.
   */
  storage: 'kept' | 'in-memory';
  /** Another tab or process has stored a session while nobody is signed in here: `resume` continues with it. */
  'session-available': undefined;
  /** The storage has failed in the background. */
  error: Error;
}
