// Written by `npm run client-types` from docs/openapi.json and docs/asyncapi.json. Do not edit it by hand.

export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
  schemas: {
    readonly AcceptedFriendRequest: {
      readonly friendRequest: components['schemas']['FriendRequest'];
      readonly conversation: components['schemas']['Conversation'];
    };
    /** @description An uploaded file. `GET /api/v1/attachments/{attachmentId}` answers its bytes. */
    readonly Attachment: {
      readonly id: string;
      /** @description The file name, without a path. */
      readonly name: string;
      /** @description The media type, detected from the content. The type that the upload declared does not count. */
      readonly type: string;
      /** @description In bytes. */
      readonly size: number;
      readonly createdAt: string;
    };
    readonly BlockList: {
      readonly items: readonly components['schemas']['BlockedUser'][];
      /** @description `cursor` of the next page; null at the end. */
      readonly nextCursor: string | null;
    };
    readonly BlockedUser: {
      readonly id: string;
      readonly username: string;
      readonly displayName: string;
      readonly avatarUrl: string | null;
      readonly status: string | null;
      readonly createdAt: string;
      readonly blockedAt: string;
    };
    readonly ChangePassword: {
      readonly currentPassword: string;
      /** @description The rules are those of registration. */
      readonly newPassword: string;
    };
    /** @description The changes of a conversation that a client lacks. */
    readonly Changes: {
      /** @description New and changed messages in their current state, by `seq`. */
      readonly messages: readonly components['schemas']['Message'][];
      /** @description Changed participants; from nothing all of them. Those who left have `leftAt`. */
      readonly participants: readonly components['schemas']['Participant'][];
      /** @description The conversation, if its title or description changed, and from nothing; else null. */
      readonly conversation: components['schemas']['Conversation'] | null;
      readonly head: components['schemas']['Head'];
      /** @description The position to continue from; equals the head when `complete`. */
      readonly cursor: components['schemas']['Head'];
      readonly epoch: number;
      readonly complete: boolean;
      readonly own: components['schemas']['OwnState'];
    };
    readonly Commands: {
      /** @description Move your read position */
      readonly 'conversation:read': {
        readonly payload: components['schemas']['ReadPositionCommand'];
        readonly answer: components['schemas']['ReadResult'];
      };
      /** @description Send a message */
      readonly 'message:send': {
        readonly payload: components['schemas']['SendMessageCommand'];
        readonly answer: components['schemas']['Message'];
      };
      /** @description Edit a message */
      readonly 'message:edit': {
        readonly payload: components['schemas']['EditMessageCommand'];
        readonly answer: components['schemas']['Message'];
      };
      /** @description Delete a message */
      readonly 'message:delete': {
        readonly payload: components['schemas']['MessageReference'];
        readonly answer: components['schemas']['Message'];
      };
      /** @description React to a message */
      readonly 'message:react': {
        readonly payload: components['schemas']['ReactionCommand'];
        readonly answer: components['schemas']['Message'];
      };
      /** @description Take back a reaction */
      readonly 'message:unreact': {
        readonly payload: components['schemas']['ReactionCommand'];
        readonly answer: components['schemas']['Message'];
      };
      /** @description Pin a message */
      readonly 'message:pin': {
        readonly payload: components['schemas']['MessageReference'];
        readonly answer: components['schemas']['Message'];
      };
      /** @description Unpin a message */
      readonly 'message:unpin': {
        readonly payload: components['schemas']['MessageReference'];
        readonly answer: components['schemas']['Message'];
      };
      /** @description Catch up with many conversations at once */
      readonly 'conversation:sync': {
        readonly payload: components['schemas']['Sync'];
        readonly answer: components['schemas']['SyncResult'];
      };
      /** @description Report whether the user is at this device */
      readonly 'presence:set': {
        readonly payload: components['schemas']['SetPresenceCommand'];
        readonly answer: components['schemas']['OwnPresence'];
      };
      /** @description Watch the presence of users */
      readonly 'presence:watch': {
        readonly payload: components['schemas']['WatchPresenceCommand'];
        readonly answer: components['schemas']['Presences'];
      };
      /** @description Report that the user is typing */
      readonly 'typing:start': {
        readonly payload: components['schemas']['TypingCommand'];
        readonly answer: components['schemas']['Done'];
      };
      /** @description Report that the user stopped typing */
      readonly 'typing:stop': {
        readonly payload: components['schemas']['TypingCommand'];
        readonly answer: components['schemas']['Done'];
      };
      /** @description Give the socket a newer access token of the same session */
      readonly 'session:refresh': {
        readonly payload: components['schemas']['RefreshSessionCommand'];
        readonly answer: components['schemas']['Refreshed'];
      };
    };
    /** @description A conversation with the caller’s per-user fields. */
    readonly Conversation: {
      readonly id: string;
      /** @enum {string} */
      readonly type: 'direct' | 'group';
      /** @description Null for `direct`. */
      readonly title: string | null;
      readonly description: string | null;
      readonly createdBy: string | null;
      readonly lastSeq: number;
      readonly lastRev: number;
      readonly lastMessage: components['schemas']['Message'] | null;
      /** @description The first ones. */
      readonly participants: readonly components['schemas']['Participant'][];
      readonly createdAt: string;
      readonly updatedAt: string;
      /** @description Other people’s undeleted messages not read yet. */
      readonly unreadCount: number;
      /** @description Unread messages that mention the caller, by name or by `@all`. */
      readonly mentionCount: number;
      /** @enum {string} */
      readonly myRole: 'owner' | 'admin' | 'member';
      /** @description Whether it is hidden from the caller’s list until the next message, or until the caller opens it again. */
      readonly hidden: boolean;
    };
    readonly ConversationEvent: {
      readonly conversationId: string;
      /** @description The position; 0 when the conversation is new. */
      readonly rev: number;
      readonly conversation: components['schemas']['SharedConversation'];
    };
    readonly ConversationList: {
      readonly items: readonly components['schemas']['Conversation'][];
      /** @description `cursor` of the next page; null at the end. */
      readonly nextCursor: string | null;
    };
    readonly ConversationRemovedEvent: {
      readonly conversationId: string;
    };
    readonly CreateConversation: {
      /** @enum {string} */
      readonly type: 'direct' | 'group';
      /** @description Groups only. Chosen by the client. */
      readonly id?: string | null;
      /** @description Groups only, and required for them. */
      readonly title?: string | null;
      /** @description Groups only. */
      readonly description?: string | null;
      /** @description The others; for `direct` exactly one. */
      readonly participantIds: readonly string[];
    } & (
      | {
          /** @constant */
          readonly type: 'direct';
          readonly id?: null;
          readonly title?: null;
          readonly description?: null;
          readonly participantIds?: unknown;
        }
      | {
          /** @constant */
          readonly type: 'group';
          readonly title: string;
        }
    );
    readonly CreateFriendRequest: {
      /** @description Give this or `recipientUsername`. */
      readonly recipientId?: string | null;
      /** @description Give this or `recipientId`. */
      readonly recipientUsername?: string | null;
      readonly message?: string | null;
    } & (
      | {
          readonly recipientId: string;
          readonly recipientUsername?: null;
        }
      | {
          readonly recipientId?: null;
          readonly recipientUsername: string;
        }
    );
    readonly Done: Record<string, never>;
    readonly EditMessageCommand: {
      readonly conversationId: string;
      readonly messageId: string;
      /** @description Stored byte for byte. A body of only white space and invisible characters is refused. An empty body needs attachments. A body that is too long is refused with `message-too-long`. */
      readonly body: string;
      /** @description The versions that the author saw. When absent, the current version. */
      readonly parents?: readonly string[] | null;
      /** @description Names the new version, so that repeating the edit is safe. */
      readonly version?: string | null;
    };
    readonly EraseAccount: {
      readonly password: string;
      /**
       * @description `keep`: messages stay, without a sender. `remove`: they become tombstones.
       * @enum {string}
       */
      readonly messages: 'keep' | 'remove';
    };
    readonly Events: {
      readonly 'user:updated': components['schemas']['OwnUser'];
      readonly 'conversation:created': components['schemas']['ConversationEvent'];
      readonly 'conversation:updated': components['schemas']['ConversationEvent'];
      readonly 'conversation:removed': components['schemas']['ConversationRemovedEvent'];
      readonly 'participant:joined': components['schemas']['ParticipantEvent'];
      readonly 'participant:updated': components['schemas']['ParticipantEvent'];
      readonly 'participant:left': components['schemas']['ParticipantEvent'];
      readonly 'conversation:read': components['schemas']['ReadEvent'];
      readonly 'message:created': components['schemas']['Message'];
      readonly 'message:updated': components['schemas']['Message'];
      readonly 'message:deleted': components['schemas']['Message'];
      readonly 'friend-request:created': components['schemas']['FriendRequest'];
      readonly 'friend-request:accepted': components['schemas']['FriendRequest'];
      readonly 'friend-request:declined': components['schemas']['FriendRequest'];
      readonly 'friend-request:cancelled': components['schemas']['FriendRequest'];
      readonly 'friend:removed': components['schemas']['FriendRemovedEvent'];
      readonly presence: components['schemas']['Presence'];
      readonly 'presence-settings:updated': components['schemas']['PresenceSettings'];
      readonly typing: components['schemas']['TypingEvent'];
      readonly ready: components['schemas']['ReadyEvent'];
      readonly connect_error: components['schemas']['Problem'] & {
        /** @enum {unknown} */
        readonly code?:
          | 'malformed-request'
          | 'unauthenticated'
          | 'token-expired'
          | 'session-revoked'
          | 'rate-limited'
          | 'internal'
          | 'temporarily-unavailable'
          | 'database-busy'
          | 'schema-mismatch'
          | 'draining';
      } & unknown;
      readonly 'session:revoked': components['schemas']['SessionRevokedEvent'];
      readonly 'session:expired': components['schemas']['SessionExpiredEvent'];
      readonly 'server:draining': components['schemas']['ServerDrainingEvent'];
      readonly 'server:status': components['schemas']['ServerStatusEvent'];
    };
    readonly FieldError: {
      /** @description JSON pointer into the body, or `/query/<name>`, `/path/<name>`. */
      readonly pointer: string;
      readonly detail: string;
    };
    /** @description A message, and the places where it matches the query. */
    readonly FoundMessage: {
      readonly message: components['schemas']['Message'];
      /** @description In order of position; they do not overlap. */
      readonly highlights: readonly components['schemas']['Highlight'][];
    };
    readonly FoundMessages: {
      readonly items: readonly components['schemas']['FoundMessage'][];
      /** @description `cursor` of the next page; null at the end. */
      readonly nextCursor: string | null;
    };
    readonly Friend: {
      readonly id: string;
      readonly username: string;
      readonly displayName: string;
      readonly avatarUrl: string | null;
      readonly status: string | null;
      readonly createdAt: string;
      readonly friendsSince: string;
    };
    readonly FriendList: {
      readonly items: readonly components['schemas']['Friend'][];
      /** @description `cursor` of the next page; null at the end. */
      readonly nextCursor: string | null;
    };
    readonly FriendRemovedEvent: {
      readonly userId: string;
    };
    readonly FriendRequest: {
      readonly id: string;
      readonly sender: components['schemas']['User'];
      readonly recipient: components['schemas']['User'];
      /** @enum {string} */
      readonly status: 'pending' | 'accepted' | 'declined' | 'cancelled';
      readonly message: string | null;
      readonly createdAt: string;
      readonly respondedAt: string | null;
    };
    readonly FriendRequestList: {
      readonly items: readonly components['schemas']['FriendRequest'][];
      /** @description `cursor` of the next page; null at the end. */
      readonly nextCursor: string | null;
    };
    readonly Head: {
      /** @description The `seq` of the newest message. */
      readonly seq: number;
      /** @description The `rev` of the newest change. */
      readonly rev: number;
    };
    /** @description A place in the body that matches the query. */
    readonly Highlight: {
      /** @description The first character, in UTF-16 code units. */
      readonly start: number;
      /** @description After the last character. */
      readonly end: number;
    };
    readonly Login: {
      /** @description Username or e-mail address. */
      readonly login: string;
      readonly password: string;
      /** @description The name of the session in the list of devices. */
      readonly deviceName?: string | null;
    };
    /** @description A message as it is stored. */
    readonly Message: {
      readonly id: string;
      readonly conversationId: string;
      /** @description Its place in the conversation: 1, 2, 3 … without a hole. */
      readonly seq: number;
      /** @description The number of its last change; 0 until it is first changed. */
      readonly rev: number;
      readonly senderId: string | null;
      /** @enum {string} */
      readonly type: 'text' | 'image' | 'file' | 'system';
      /** @description Null when deleted. Empty only with attachments. */
      readonly body: string | null;
      readonly replyToId: string | null;
      /** @description In the order in which the sender named them. */
      readonly attachments: readonly components['schemas']['Attachment'][];
      /** @description The users whom the text names by `@username`, in the order of the text. The server resolves the names when it stores the text, in any case of letters, to those who participate then. Any other name is plain text. A name inside code, a word, an e-mail address or a link's address is plain text too. At most 50 different names of a text count. */
      readonly mentions: readonly string[];
      /** @description Whether it mentions everybody else in the group: its text has `@all`, and its sender was the owner or an admin. */
      readonly mentionsAll: boolean;
      /** @description Ordered by the time of the first reaction with each emoji. */
      readonly reactions: readonly components['schemas']['Reaction'][];
      /** @description The current version; the id of a message that was never edited. */
      readonly version: string;
      /** @description The versions that the current one is based on. */
      readonly parents: readonly string[];
      /** @description The time when it was pinned; null unless it is. */
      readonly pinnedAt: string | null;
      readonly editedAt: string | null;
      readonly deletedAt: string | null;
      readonly createdAt: string;
    };
    /** @description `items` ascend by `seq`. */
    readonly MessagePage: {
      readonly items: readonly components['schemas']['Message'][];
      readonly head: components['schemas']['Head'];
      readonly hasMoreBefore: boolean;
      readonly hasMoreAfter: boolean;
    };
    readonly MessageReference: {
      readonly conversationId: string;
      readonly messageId: string;
    };
    readonly OwnPresence: {
      /** @enum {string} */
      readonly status: 'online' | 'away';
    };
    /** @description The caller’s own fields of a conversation. They take no `rev`, so every answer has their current values. */
    readonly OwnState: {
      /** @description The caller’s read position. */
      readonly readSeq: number;
      /** @description Whether it is hidden from the caller’s list until the next message, or until the caller opens it again. */
      readonly hidden: boolean;
    };
    /** @description The caller’s own profile. */
    readonly OwnUser: {
      readonly id: string;
      readonly username: string;
      readonly displayName: string;
      readonly avatarUrl: string | null;
      readonly status: string | null;
      readonly createdAt: string;
      readonly email: string | null;
    };
    /** @description A user in a conversation. */
    readonly Participant: {
      readonly userId: string;
      readonly user: components['schemas']['User'];
      /** @enum {string} */
      readonly role: 'owner' | 'admin' | 'member';
      /** @description The participant has read up to this `seq`. */
      readonly readSeq: number;
      readonly joinedAt: string;
      /** @description When the participant left or was removed; null unless they did. */
      readonly leftAt: string | null;
    };
    readonly ParticipantEvent: {
      readonly conversationId: string;
      /** @description The position; 0 when the conversation is new. */
      readonly rev: number;
      readonly participant: components['schemas']['Participant'];
    };
    readonly ParticipantList: {
      readonly items: readonly components['schemas']['Participant'][];
    };
    readonly PinnedList: {
      readonly items: readonly components['schemas']['Message'][];
      /** @description `cursor` of the next page; null at the end. */
      readonly nextCursor: string | null;
    };
    /** @description The status of a user. Users whom the caller may not see are `offline` without `lastSeenAt`. */
    readonly Presence: {
      readonly userId: string;
      /** @enum {string} */
      readonly status: 'online' | 'away' | 'offline';
      /** @description When an offline user was last online. Null for a user who is not offline, was never online, or hides it. */
      readonly lastSeenAt: string | null;
    };
    /** @description How much of their presence a user lets others see. */
    readonly PresenceSettings: {
      /** @description The user looks offline to everybody, and nobody sees them typing. */
      readonly invisible: boolean;
      /**
       * @description The people who see when the user was last online.
       * @enum {string}
       */
      readonly lastSeen: 'contacts' | 'nobody';
    };
    readonly Presences: {
      readonly presences: readonly components['schemas']['Presence'][];
    };
    /** @description A refusal (RFC 9457). */
    readonly Problem: {
      readonly type: string;
      readonly title: string;
      readonly status: number;
      readonly detail: string;
      /**
       * @description Programs check this code. Texts may change.
       * @enum {string}
       */
      readonly code:
        | 'malformed-request'
        | 'validation-failed'
        | 'invalid-credentials'
        | 'session-revoked'
        | 'token-expired'
        | 'unauthenticated'
        | 'account-disabled'
        | 'attachment-quota-exceeded'
        | 'forbidden'
        | 'invitation-invalid'
        | 'invitation-required'
        | 'password-reset-invalid'
        | 'registration-closed'
        | 'attachment-not-found'
        | 'conversation-not-found'
        | 'friend-request-not-found'
        | 'message-not-found'
        | 'not-found'
        | 'user-not-found'
        | 'method-not-allowed'
        | 'request-timeout'
        | 'already-friends'
        | 'conversation-id-conflict'
        | 'cursor-reset'
        | 'email-taken'
        | 'friend-request-already-answered'
        | 'friend-request-exists'
        | 'message-id-conflict'
        | 'owner-must-transfer'
        | 'username-taken'
        | 'version-conflict'
        | 'precondition-failed'
        | 'payload-too-large'
        | 'unsupported-media-type'
        | 'range-not-satisfiable'
        | 'message-too-long'
        | 'rate-limited'
        | 'version-not-found'
        | 'internal'
        | 'database-busy'
        | 'database-read-only'
        | 'draining'
        | 'maintenance'
        | 'schema-mismatch'
        | 'storage-full'
        | 'temporarily-unavailable'
        | 'outcome-unknown';
      /** @description The address or command that was refused. */
      readonly instance: string;
      /** @description The id in `X-Request-Id` and in the server’s log. */
      readonly requestId: string;
      /** @description With `validation-failed`: every wrong field. */
      readonly errors?: readonly components['schemas']['FieldError'][];
      /** @description Seconds until a retry makes sense. */
      readonly retryAfter?: number;
      /** @description With `friend-request-exists`: the existing request. */
      readonly friendRequest?: components['schemas']['FriendRequest'];
      /** @description With `version-conflict`: the current state of the message. */
      readonly current?: components['schemas']['Message'];
    };
    readonly PutMessage: {
      /** @description Stored byte for byte. A body of only white space and invisible characters is refused. An empty body needs attachments. A body that is too long is refused with `message-too-long`. */
      readonly body: string;
      /** @enum {string} */
      readonly type?: 'text' | 'image' | 'file';
      /** @description A message of the same conversation. */
      readonly replyToId?: string | null;
      /** @description Uploads of the sender that no message carries yet, each once. */
      readonly attachmentIds?: readonly string[] | null;
      /** @description When given, the id in the address. */
      readonly id?: string | null;
      /** @description The versions that the author saw. When absent, the current version. Empty: create only. */
      readonly parents?: readonly string[] | null;
      /** @description Names the new version, so that repeating the edit is safe. */
      readonly version?: string | null;
    };
    readonly PutParticipant: {
      /**
       * @description `member` when it is left out for somebody who is not there yet.
       * @enum {string}
       */
      readonly role?: 'owner' | 'admin' | 'member';
    };
    /** @description An emoji on a message. */
    readonly Reaction: {
      readonly emoji: string;
      /** @description How many people reacted with it. */
      readonly count: number;
      /** @description The first people who reacted. */
      readonly userIds: readonly string[];
    };
    readonly ReactionCommand: {
      readonly conversationId: string;
      readonly messageId: string;
      /** @description In any spelling: variation selectors make no difference. */
      readonly emoji: string;
    };
    readonly ReadEvent: {
      readonly conversationId: string;
      readonly userId: string;
      readonly seq: number;
    };
    readonly ReadPosition: {
      readonly seq: number;
      /** @description True allows the position to move back. */
      readonly unread?: boolean | null;
    };
    readonly ReadPositionCommand: {
      readonly seq: number;
      /** @description True allows the position to move back. */
      readonly unread?: boolean | null;
      readonly conversationId: string;
    };
    readonly ReadResult: {
      readonly seq: number;
      readonly unreadCount: number;
    };
    readonly ReadyEvent: {
      readonly userId: string;
      readonly sessionId: string;
      /** @description Numbers of another epoch do not count: start again from 0. */
      readonly epoch: number;
      readonly serverTime: string;
    };
    readonly Refresh: {
      readonly refreshToken: string;
    };
    readonly RefreshSessionCommand: {
      /** @description A newer access token of the same session. */
      readonly token: string;
    };
    readonly Refreshed: {
      /** @description Seconds until it expires. */
      readonly expiresIn: number;
    };
    readonly Register: {
      /** @description Case is folded. */
      readonly username: string;
      /** @description Not a common password, the username or the product’s name, with or without digits around it; not a common word with a year. Compared in NFC. */
      readonly password: string;
      /** @description The username when absent. */
      readonly displayName?: string | null;
      readonly email?: string | null;
      /** @description The code of an invitation, where the server requires one. */
      readonly invitation?: string | null;
    };
    readonly RegistrationPolicy: {
      /**
       * @description `open`: everybody may make an account. `invite`: those who send an `invitation`. `closed`: nobody.
       * @enum {string}
       */
      readonly policy: 'open' | 'invite' | 'closed';
    };
    readonly ResetPassword: {
      /** @description The code at the end of the link. */
      readonly code: string;
      /** @description Not one of the most common passwords, and not the username. */
      readonly newPassword: string;
    };
    readonly Routes: {
      /** @description Find people by the beginning of their username */
      readonly 'GET /users': {
        readonly params: null;
        readonly query: {
          readonly query: string;
          readonly cursor?: string;
          readonly limit?: number;
        };
        readonly body: null;
        readonly answer: components['schemas']['UserList'];
      };
      /** @description Read your profile */
      readonly 'GET /users/me': {
        readonly params: null;
        readonly query: null;
        readonly body: null;
        readonly answer: components['schemas']['OwnUser'];
      };
      /** @description Change your profile */
      readonly 'PATCH /users/me': {
        readonly params: null;
        readonly query: null;
        readonly body: components['schemas']['UpdateProfile'];
        readonly answer: components['schemas']['OwnUser'];
      };
      /** @description Erase your account */
      readonly 'DELETE /users/me': {
        readonly params: null;
        readonly query: null;
        readonly body: components['schemas']['EraseAccount'];
        readonly answer: null;
      };
      /** @description Read another user’s profile */
      readonly 'GET /users/{userId}': {
        readonly params: {
          readonly userId: string;
        };
        readonly query: null;
        readonly body: null;
        readonly answer: components['schemas']['User'];
      };
      /** @description Create an account and sign in */
      readonly 'POST /auth/register': {
        readonly params: null;
        readonly query: null;
        readonly body: components['schemas']['Register'];
        readonly answer: components['schemas']['SignedIn'];
      };
      /** @description Sign in */
      readonly 'POST /auth/login': {
        readonly params: null;
        readonly query: null;
        readonly body: components['schemas']['Login'];
        readonly answer: components['schemas']['SignedIn'];
      };
      /** @description Get a new pair of tokens */
      readonly 'POST /auth/refresh': {
        readonly params: null;
        readonly query: null;
        readonly body: components['schemas']['Refresh'];
        readonly answer: components['schemas']['Tokens'];
      };
      /** @description Sign out */
      readonly 'POST /auth/logout': {
        readonly params: null;
        readonly query: null;
        readonly body: null;
        readonly answer: null;
      };
      /** @description Change the password */
      readonly 'PUT /auth/password': {
        readonly params: null;
        readonly query: null;
        readonly body: components['schemas']['ChangePassword'];
        readonly answer: null;
      };
      /** @description List your sessions */
      readonly 'GET /auth/sessions': {
        readonly params: null;
        readonly query: {
          readonly cursor?: string;
          readonly limit?: number;
        };
        readonly body: null;
        readonly answer: components['schemas']['SessionList'];
      };
      /** @description End one of your sessions */
      readonly 'DELETE /auth/sessions/{sessionId}': {
        readonly params: {
          readonly sessionId: string;
        };
        readonly query: null;
        readonly body: null;
        readonly answer: null;
      };
      /** @description Read who may register */
      readonly 'GET /auth/registration': {
        readonly params: null;
        readonly query: null;
        readonly body: null;
        readonly answer: components['schemas']['RegistrationPolicy'];
      };
      /** @description Set a new password with a link from an operator */
      readonly 'POST /auth/password-reset': {
        readonly params: null;
        readonly query: null;
        readonly body: components['schemas']['ResetPassword'];
        readonly answer: null;
      };
      /** @description Create a conversation */
      readonly 'POST /conversations': {
        readonly params: null;
        readonly query: null;
        readonly body: components['schemas']['CreateConversation'];
        readonly answer: components['schemas']['Conversation'];
      };
      /** @description List your conversations */
      readonly 'GET /conversations': {
        readonly params: null;
        readonly query: {
          readonly cursor?: string;
          readonly limit?: number;
        };
        readonly body: null;
        readonly answer: components['schemas']['ConversationList'];
      };
      /** @description Read a conversation */
      readonly 'GET /conversations/{conversationId}': {
        readonly params: {
          readonly conversationId: string;
        };
        readonly query: null;
        readonly body: null;
        readonly answer: components['schemas']['Conversation'];
      };
      /** @description Change title or description of a group */
      readonly 'PATCH /conversations/{conversationId}': {
        readonly params: {
          readonly conversationId: string;
        };
        readonly query: null;
        readonly body: components['schemas']['UpdateConversation'];
        readonly answer: components['schemas']['Conversation'];
      };
      /** @description Delete a group, or hide a direct conversation */
      readonly 'DELETE /conversations/{conversationId}': {
        readonly params: {
          readonly conversationId: string;
        };
        readonly query: null;
        readonly body: null;
        readonly answer: null;
      };
      /** @description List participants */
      readonly 'GET /conversations/{conversationId}/participants': {
        readonly params: {
          readonly conversationId: string;
        };
        readonly query: null;
        readonly body: null;
        readonly answer: components['schemas']['ParticipantList'];
      };
      /** @description Add a participant or change a role */
      readonly 'PUT /conversations/{conversationId}/participants/{userId}': {
        readonly params: {
          readonly conversationId: string;
          readonly userId: string;
        };
        readonly query: null;
        readonly body: components['schemas']['PutParticipant'];
        readonly answer: components['schemas']['Participant'];
      };
      /** @description Remove a participant, or leave */
      readonly 'DELETE /conversations/{conversationId}/participants/{userId}': {
        readonly params: {
          readonly conversationId: string;
          readonly userId: string;
        };
        readonly query: null;
        readonly body: null;
        readonly answer: null;
      };
      /** @description Move your read position */
      readonly 'PUT /conversations/{conversationId}/read': {
        readonly params: {
          readonly conversationId: string;
        };
        readonly query: null;
        readonly body: components['schemas']['ReadPosition'];
        readonly answer: components['schemas']['ReadResult'];
      };
      /** @description Read messages */
      readonly 'GET /conversations/{conversationId}/messages': {
        readonly params: {
          readonly conversationId: string;
        };
        readonly query: {
          readonly before?: number;
          readonly after?: number;
          readonly around?: number;
          readonly limit?: number;
        };
        readonly body: null;
        readonly answer: components['schemas']['MessagePage'] | components['schemas']['Timeline'];
      };
      /** @description Send a message */
      readonly 'POST /conversations/{conversationId}/messages': {
        readonly params: {
          readonly conversationId: string;
        };
        readonly query: null;
        readonly body: components['schemas']['SendMessage'];
        readonly answer: components['schemas']['Message'];
      };
      /** @description Send a message under its address, or edit it */
      readonly 'PUT /conversations/{conversationId}/messages/{messageId}': {
        readonly params: {
          readonly conversationId: string;
          readonly messageId: string;
        };
        readonly query: null;
        readonly body: components['schemas']['PutMessage'];
        readonly answer: components['schemas']['Message'];
      };
      /** @description Read a message */
      readonly 'GET /conversations/{conversationId}/messages/{messageId}': {
        readonly params: {
          readonly conversationId: string;
          readonly messageId: string;
        };
        readonly query: null;
        readonly body: null;
        readonly answer: components['schemas']['Message'];
      };
      /** @description Delete a message */
      readonly 'DELETE /conversations/{conversationId}/messages/{messageId}': {
        readonly params: {
          readonly conversationId: string;
          readonly messageId: string;
        };
        readonly query: null;
        readonly body: null;
        readonly answer: components['schemas']['Message'];
      };
      /** @description List the versions of a message */
      readonly 'GET /conversations/{conversationId}/messages/{messageId}/versions': {
        readonly params: {
          readonly conversationId: string;
          readonly messageId: string;
        };
        readonly query: {
          readonly cursor?: string;
          readonly limit?: number;
        };
        readonly body: null;
        readonly answer: components['schemas']['VersionList'];
      };
      /** @description React to a message */
      readonly 'PUT /conversations/{conversationId}/messages/{messageId}/reactions/{emoji}': {
        readonly params: {
          readonly conversationId: string;
          readonly messageId: string;
          readonly emoji: string;
        };
        readonly query: null;
        readonly body: null;
        readonly answer: components['schemas']['Message'];
      };
      /** @description Take back a reaction */
      readonly 'DELETE /conversations/{conversationId}/messages/{messageId}/reactions/{emoji}': {
        readonly params: {
          readonly conversationId: string;
          readonly messageId: string;
          readonly emoji: string;
        };
        readonly query: null;
        readonly body: null;
        readonly answer: components['schemas']['Message'];
      };
      /** @description Pin a message */
      readonly 'PUT /conversations/{conversationId}/messages/{messageId}/pin': {
        readonly params: {
          readonly conversationId: string;
          readonly messageId: string;
        };
        readonly query: null;
        readonly body: null;
        readonly answer: components['schemas']['Message'];
      };
      /** @description Unpin a message */
      readonly 'DELETE /conversations/{conversationId}/messages/{messageId}/pin': {
        readonly params: {
          readonly conversationId: string;
          readonly messageId: string;
        };
        readonly query: null;
        readonly body: null;
        readonly answer: components['schemas']['Message'];
      };
      /** @description List pinned messages */
      readonly 'GET /conversations/{conversationId}/pins': {
        readonly params: {
          readonly conversationId: string;
        };
        readonly query: {
          readonly cursor?: string;
          readonly limit?: number;
        };
        readonly body: null;
        readonly answer: components['schemas']['PinnedList'];
      };
      /** @description Upload a file */
      readonly 'POST /attachments': {
        readonly params: null;
        readonly query: null;
        readonly body: null;
        readonly answer: components['schemas']['Attachment'];
      };
      /** @description Let this browser read attachments */
      readonly 'PUT /attachments/access': {
        readonly params: null;
        readonly query: null;
        readonly body: null;
        readonly answer: null;
      };
      /** @description Download an attachment */
      readonly 'GET /attachments/{attachmentId}': {
        readonly params: {
          readonly attachmentId: string;
        };
        readonly query: null;
        readonly body: null;
        readonly answer: null;
      };
      /** @description Catch up with a conversation */
      readonly 'GET /conversations/{conversationId}/changes': {
        readonly params: {
          readonly conversationId: string;
        };
        readonly query: {
          readonly seq?: number;
          readonly rev?: number;
          readonly epoch?: number;
        };
        readonly body: null;
        readonly answer: components['schemas']['Changes'];
      };
      /** @description Search messages by their text */
      readonly 'GET /search/messages': {
        readonly params: null;
        readonly query: {
          readonly q: string;
          readonly conversationId?: string;
          readonly senderId?: string;
          readonly since?: string;
          readonly until?: string;
          /** @enum {string} */
          readonly has?: 'link' | 'file';
          readonly cursor?: string;
          readonly limit?: number;
        };
        readonly body: null;
        readonly answer: components['schemas']['FoundMessages'];
      };
      /** @description Send a friend request */
      readonly 'POST /friend-requests': {
        readonly params: null;
        readonly query: null;
        readonly body: components['schemas']['CreateFriendRequest'];
        readonly answer: components['schemas']['FriendRequest'];
      };
      /** @description List friend requests */
      readonly 'GET /friend-requests': {
        readonly params: null;
        readonly query: {
          readonly cursor?: string;
          readonly limit?: number;
          /** @enum {string} */
          readonly direction?: 'incoming' | 'outgoing';
          /** @enum {string} */
          readonly status?: 'pending' | 'accepted' | 'declined' | 'cancelled';
        };
        readonly body: null;
        readonly answer: components['schemas']['FriendRequestList'];
      };
      /** @description Accept a friend request */
      readonly 'POST /friend-requests/{friendRequestId}/accept': {
        readonly params: {
          readonly friendRequestId: string;
        };
        readonly query: null;
        readonly body: null;
        readonly answer: components['schemas']['AcceptedFriendRequest'];
      };
      /** @description Decline a friend request */
      readonly 'POST /friend-requests/{friendRequestId}/decline': {
        readonly params: {
          readonly friendRequestId: string;
        };
        readonly query: null;
        readonly body: null;
        readonly answer: null;
      };
      /** @description Cancel a friend request */
      readonly 'DELETE /friend-requests/{friendRequestId}': {
        readonly params: {
          readonly friendRequestId: string;
        };
        readonly query: null;
        readonly body: null;
        readonly answer: null;
      };
      /** @description List friends */
      readonly 'GET /friends': {
        readonly params: null;
        readonly query: {
          readonly cursor?: string;
          readonly limit?: number;
        };
        readonly body: null;
        readonly answer: components['schemas']['FriendList'];
      };
      /** @description End a friendship */
      readonly 'DELETE /friends/{userId}': {
        readonly params: {
          readonly userId: string;
        };
        readonly query: null;
        readonly body: null;
        readonly answer: null;
      };
      /** @description List the people whom you blocked */
      readonly 'GET /users/me/blocks': {
        readonly params: null;
        readonly query: {
          readonly cursor?: string;
          readonly limit?: number;
        };
        readonly body: null;
        readonly answer: components['schemas']['BlockList'];
      };
      /** @description Block somebody */
      readonly 'PUT /users/me/blocks/{userId}': {
        readonly params: {
          readonly userId: string;
        };
        readonly query: null;
        readonly body: null;
        readonly answer: null;
      };
      /** @description Lift a block */
      readonly 'DELETE /users/me/blocks/{userId}': {
        readonly params: {
          readonly userId: string;
        };
        readonly query: null;
        readonly body: null;
        readonly answer: null;
      };
      /** @description Read your presence settings */
      readonly 'GET /users/me/presence': {
        readonly params: null;
        readonly query: null;
        readonly body: null;
        readonly answer: components['schemas']['PresenceSettings'];
      };
      /** @description Change your presence settings */
      readonly 'PATCH /users/me/presence': {
        readonly params: null;
        readonly query: null;
        readonly body: components['schemas']['UpdatePresenceSettings'];
        readonly answer: components['schemas']['PresenceSettings'];
      };
      /** @description Read all conversations */
      readonly 'GET /users/me/timeline': {
        readonly params: null;
        readonly query: null;
        readonly body: null;
        readonly answer: components['schemas']['UserTimeline'];
      };
    };
    readonly SendMessage: {
      /** @description Stored byte for byte. A body of only white space and invisible characters is refused. An empty body needs attachments. A body that is too long is refused with `message-too-long`. */
      readonly body: string;
      /** @enum {string} */
      readonly type?: 'text' | 'image' | 'file';
      /** @description A message of the same conversation. */
      readonly replyToId?: string | null;
      /** @description Uploads of the sender that no message carries yet, each once. */
      readonly attachmentIds?: readonly string[] | null;
      /** @description Chosen by the client, so that sending again is safe. */
      readonly id?: string | null;
    };
    readonly SendMessageCommand: {
      /** @description Stored byte for byte. A body of only white space and invisible characters is refused. An empty body needs attachments. A body that is too long is refused with `message-too-long`. */
      readonly body: string;
      /** @enum {string} */
      readonly type?: 'text' | 'image' | 'file';
      /** @description A message of the same conversation. */
      readonly replyToId?: string | null;
      /** @description Uploads of the sender that no message carries yet, each once. */
      readonly attachmentIds?: readonly string[] | null;
      /** @description Chosen by the client, so that sending again is safe. */
      readonly id?: string | null;
      readonly conversationId: string;
    };
    readonly ServerDrainingEvent: {
      /** @description Milliseconds after which to reconnect; different for each socket. */
      readonly reconnectInMs: number;
    };
    readonly ServerStatusEvent: {
      /** @enum {string} */
      readonly status: 'ok' | 'degraded' | 'maintenance';
    };
    /** @description A signed-in device, as its owner sees it. */
    readonly Session: {
      readonly id: string;
      readonly deviceName: string | null;
      readonly createdAt: string;
      readonly lastUsedAt: string;
      /** @description Every refresh extends it. */
      readonly expiresAt: string;
      /** @description Whether it is the session of this request. */
      readonly current: boolean;
    };
    readonly SessionExpiredEvent: {
      /** @enum {string} */
      readonly reason: 'token-expired';
    };
    readonly SessionList: {
      readonly items: readonly components['schemas']['Session'][];
      /** @description `cursor` of the next page; null at the end. */
      readonly nextCursor: string | null;
    };
    readonly SessionRevokedEvent: {
      /** @enum {string} */
      readonly reason:
        | 'signed-out'
        | 'ended-elsewhere'
        | 'password-changed'
        | 'refresh-token-reused'
        | 'account-erased'
        | 'too-many-sessions'
        | 'account-disabled';
    };
    readonly SetPresenceCommand: {
      /**
       * @description `away` when nobody is at the device, `online` when somebody is again.
       * @enum {string}
       */
      readonly status: 'online' | 'away';
    };
    /** @description A conversation as all its participants see it. */
    readonly SharedConversation: {
      readonly id: string;
      /** @enum {string} */
      readonly type: 'direct' | 'group';
      /** @description Null for `direct`. */
      readonly title: string | null;
      readonly description: string | null;
      readonly createdBy: string | null;
      readonly lastSeq: number;
      readonly lastRev: number;
      readonly lastMessage: components['schemas']['Message'] | null;
      /** @description The first ones. */
      readonly participants: readonly components['schemas']['Participant'][];
      readonly createdAt: string;
      readonly updatedAt: string;
    };
    readonly SignedIn: {
      /** @description For `Authorization: Bearer`. */
      readonly accessToken: string;
      /** @description For the next refresh. */
      readonly refreshToken: string;
      /** @description Seconds until the access token expires. */
      readonly expiresIn: number;
      readonly user: components['schemas']['OwnUser'];
      readonly session: components['schemas']['Session'];
    };
    readonly Sync: {
      readonly epoch?: number | null;
      /** @description Each conversation at most once. */
      readonly cursors: readonly components['schemas']['SyncCursor'][];
    };
    readonly SyncCursor: {
      /** @description A text that is not an id names no conversation, so it is answered with `gone`. */
      readonly conversationId: string;
      readonly seq: number;
      readonly rev: number;
    };
    readonly SyncResult: {
      /** @description In the order of the cursors. */
      readonly changes: readonly (
        | components['schemas']['SyncedChanges']
        | components['schemas']['SyncedGone']
        | components['schemas']['SyncedReset']
      )[];
    };
    readonly SyncedChanges: {
      /** @description New and changed messages in their current state, by `seq`. */
      readonly messages: readonly components['schemas']['Message'][];
      /** @description Changed participants; from nothing all of them. Those who left have `leftAt`. */
      readonly participants: readonly components['schemas']['Participant'][];
      /** @description The conversation, if its title or description changed, and from nothing; else null. */
      readonly conversation: components['schemas']['Conversation'] | null;
      readonly head: components['schemas']['Head'];
      /** @description The position to continue from; equals the head when `complete`. */
      readonly cursor: components['schemas']['Head'];
      readonly epoch: number;
      readonly complete: boolean;
      readonly own: components['schemas']['OwnState'];
      readonly conversationId: string;
    };
    /** @description The caller does not participate, or no longer does. */
    readonly SyncedGone: {
      readonly conversationId: string;
      /** @constant */
      readonly gone: true;
    };
    /** @description The cursor belongs to another history: start again from 0. */
    readonly SyncedReset: {
      readonly conversationId: string;
      /** @constant */
      readonly reset: true;
    };
    readonly Timeline: {
      readonly messages: {
        readonly [key: string]: components['schemas']['Message'];
      };
    };
    readonly Tokens: {
      /** @description For `Authorization: Bearer`. */
      readonly accessToken: string;
      /** @description For the next refresh. */
      readonly refreshToken: string;
      /** @description Seconds until the access token expires. */
      readonly expiresIn: number;
    };
    readonly TypingCommand: {
      readonly conversationId: string;
    };
    readonly TypingEvent: {
      readonly conversationId: string;
      readonly userId: string;
      /** @description False: the user stopped typing. True ends by itself after 6 s unless it is repeated. */
      readonly typing: boolean;
    };
    readonly UpdateConversation: {
      /** @description Visible text in one line: control characters, invisible characters and marks of direction are refused. Spaces around it are dropped. */
      readonly title?: string | null;
      /** @description Null or empty removes it. */
      readonly description?: string | null;
    };
    readonly UpdatePresenceSettings: {
      /** @description True: the user looks offline to everybody, and nobody sees them typing. */
      readonly invisible?: boolean | null;
      /**
       * @description The people who see when the user was last online. With `nobody`, the user does not see it of others either.
       * @enum {string}
       */
      readonly lastSeen?: 'contacts' | 'nobody';
    };
    readonly UpdateProfile: {
      /** @description Visible text in one line: control characters, invisible characters and marks of direction are refused. Spaces around it are dropped. */
      readonly displayName?: string | null;
      /** @description Null removes it. */
      readonly avatarUrl?: string | null;
      /** @description Null removes it. */
      readonly status?: string | null;
    };
    /** @description The public profile of a user. */
    readonly User: {
      readonly id: string;
      readonly username: string;
      readonly displayName: string;
      readonly avatarUrl: string | null;
      readonly status: string | null;
      readonly createdAt: string;
    };
    readonly UserList: {
      readonly items: readonly components['schemas']['User'][];
      /** @description `cursor` of the next page; null at the end. */
      readonly nextCursor: string | null;
    };
    readonly UserTimeline: {
      readonly conversations: {
        readonly [key: string]: components['schemas']['Timeline'];
      };
    };
    readonly Version: {
      readonly version: string;
      readonly parents: readonly string[];
      readonly body: string | null;
      readonly authorId: string | null;
      readonly createdAt: string;
    };
    readonly VersionList: {
      readonly items: readonly components['schemas']['Version'][];
      /** @description `cursor` of the next page; null at the end. */
      readonly nextCursor: string | null;
    };
    readonly WatchPresenceCommand: {
      /** @description The users whom the socket watches from now on, instead of earlier ones. An empty list ends watching. */
      readonly userIds: readonly string[];
    };
  };
  responses: never;
  parameters: never;
  requestBodies: never;
  headers: never;
  pathItems: never;
}
export type AcceptedFriendRequest = components['schemas']['AcceptedFriendRequest'];
export type Attachment = components['schemas']['Attachment'];
export type BlockList = components['schemas']['BlockList'];
export type BlockedUser = components['schemas']['BlockedUser'];
export type ChangePassword = components['schemas']['ChangePassword'];
export type Changes = components['schemas']['Changes'];
export type Commands = components['schemas']['Commands'];
export type Conversation = components['schemas']['Conversation'];
export type ConversationEvent = components['schemas']['ConversationEvent'];
export type ConversationList = components['schemas']['ConversationList'];
export type ConversationRemovedEvent = components['schemas']['ConversationRemovedEvent'];
export type CreateConversation = components['schemas']['CreateConversation'];
export type CreateFriendRequest = components['schemas']['CreateFriendRequest'];
export type Done = components['schemas']['Done'];
export type EditMessageCommand = components['schemas']['EditMessageCommand'];
export type EraseAccount = components['schemas']['EraseAccount'];
export type Events = components['schemas']['Events'];
export type FieldError = components['schemas']['FieldError'];
export type FoundMessage = components['schemas']['FoundMessage'];
export type FoundMessages = components['schemas']['FoundMessages'];
export type Friend = components['schemas']['Friend'];
export type FriendList = components['schemas']['FriendList'];
export type FriendRemovedEvent = components['schemas']['FriendRemovedEvent'];
export type FriendRequest = components['schemas']['FriendRequest'];
export type FriendRequestList = components['schemas']['FriendRequestList'];
export type Head = components['schemas']['Head'];
export type Highlight = components['schemas']['Highlight'];
export type Login = components['schemas']['Login'];
export type Message = components['schemas']['Message'];
export type MessagePage = components['schemas']['MessagePage'];
export type MessageReference = components['schemas']['MessageReference'];
export type OwnPresence = components['schemas']['OwnPresence'];
export type OwnState = components['schemas']['OwnState'];
export type OwnUser = components['schemas']['OwnUser'];
export type Participant = components['schemas']['Participant'];
export type ParticipantEvent = components['schemas']['ParticipantEvent'];
export type ParticipantList = components['schemas']['ParticipantList'];
export type PinnedList = components['schemas']['PinnedList'];
export type Presence = components['schemas']['Presence'];
export type PresenceSettings = components['schemas']['PresenceSettings'];
export type Presences = components['schemas']['Presences'];
export type Problem = components['schemas']['Problem'];
export type PutMessage = components['schemas']['PutMessage'];
export type PutParticipant = components['schemas']['PutParticipant'];
export type Reaction = components['schemas']['Reaction'];
export type ReactionCommand = components['schemas']['ReactionCommand'];
export type ReadEvent = components['schemas']['ReadEvent'];
export type ReadPosition = components['schemas']['ReadPosition'];
export type ReadPositionCommand = components['schemas']['ReadPositionCommand'];
export type ReadResult = components['schemas']['ReadResult'];
export type ReadyEvent = components['schemas']['ReadyEvent'];
export type Refresh = components['schemas']['Refresh'];
export type RefreshSessionCommand = components['schemas']['RefreshSessionCommand'];
export type Refreshed = components['schemas']['Refreshed'];
export type Register = components['schemas']['Register'];
export type RegistrationPolicy = components['schemas']['RegistrationPolicy'];
export type ResetPassword = components['schemas']['ResetPassword'];
export type Routes = components['schemas']['Routes'];
export type SendMessage = components['schemas']['SendMessage'];
export type SendMessageCommand = components['schemas']['SendMessageCommand'];
export type ServerDrainingEvent = components['schemas']['ServerDrainingEvent'];
export type ServerStatusEvent = components['schemas']['ServerStatusEvent'];
export type Session = components['schemas']['Session'];
export type SessionExpiredEvent = components['schemas']['SessionExpiredEvent'];
export type SessionList = components['schemas']['SessionList'];
export type SessionRevokedEvent = components['schemas']['SessionRevokedEvent'];
export type SetPresenceCommand = components['schemas']['SetPresenceCommand'];
export type SharedConversation = components['schemas']['SharedConversation'];
export type SignedIn = components['schemas']['SignedIn'];
export type Sync = components['schemas']['Sync'];
export type SyncCursor = components['schemas']['SyncCursor'];
export type SyncResult = components['schemas']['SyncResult'];
export type SyncedChanges = components['schemas']['SyncedChanges'];
export type SyncedGone = components['schemas']['SyncedGone'];
export type SyncedReset = components['schemas']['SyncedReset'];
export type Timeline = components['schemas']['Timeline'];
export type Tokens = components['schemas']['Tokens'];
export type TypingCommand = components['schemas']['TypingCommand'];
export type TypingEvent = components['schemas']['TypingEvent'];
export type UpdateConversation = components['schemas']['UpdateConversation'];
export type UpdatePresenceSettings = components['schemas']['UpdatePresenceSettings'];
export type UpdateProfile = components['schemas']['UpdateProfile'];
export type User = components['schemas']['User'];
export type UserList = components['schemas']['UserList'];
export type UserTimeline = components['schemas']['UserTimeline'];
export type Version = components['schemas']['Version'];
export type VersionList = components['schemas']['VersionList'];
export type WatchPresenceCommand = components['schemas']['WatchPresenceCommand'];
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
