/** A user as others see them. */
export interface User {
  readonly id: string;
  readonly username: string;
  readonly displayName: string;
  readonly avatarUrl: string | null;
  readonly status: string | null;
  readonly createdAt: string;
}

/** A user as they see themselves. */
export interface OwnUser extends User {
  readonly email: string | null;
}

/** How often an emoji was given, and by whom (the first 20). */
export interface Reaction {
  readonly emoji: string;
  readonly count: number;
  readonly userIds: readonly string[];
}

/** A message as stored. `seq` orders it; `rev` grows with each later change of it. */
export interface Message {
  readonly id: string;
  readonly conversationId: string;
  readonly seq: number;
  readonly rev: number;
  /** Null when the account of the sender was erased. */
  readonly senderId: string | null;
  readonly type: 'text' | 'image' | 'file' | 'system';
  /** Null when the message was deleted. */
  readonly body: string | null;
  readonly replyToId: string | null;
  readonly attachments: readonly unknown[];
  /** The ids of users. */
  readonly mentions: readonly string[];
  readonly reactions: readonly Reaction[];
  readonly version: string;
  readonly parents: readonly string[];
  readonly pinnedAt: string | null;
  readonly editedAt: string | null;
  readonly deletedAt: string | null;
  /** For showing; clocks never order anything. */
  readonly createdAt: string;
}

/** What a client chooses about a message. */
export interface MessageDraft {
  readonly body: string;
  readonly type?: 'text' | 'image' | 'file';
  readonly replyToId?: string;
  readonly attachmentIds?: readonly string[];
}

/** What somebody may do in a conversation. */
export type Role = 'owner' | 'admin' | 'member';

/** Somebody in a conversation. */
export interface Participant {
  readonly userId: string;
  readonly user: User;
  readonly role: Role;
  readonly readSeq: number;
  readonly joinedAt: string;
  /** Of somebody who has left or was removed. */
  readonly leftAt: string | null;
}

/** A conversation as all its participants see it; what live events carry. */
export interface SharedConversation {
  readonly id: string;
  readonly type: 'direct' | 'group';
  readonly title: string | null;
  readonly description: string | null;
  readonly createdBy: string | null;
  readonly lastSeq: number;
  readonly lastRev: number;
  readonly lastMessage: Message | null;
  /** The first 20. */
  readonly participants: readonly Participant[];
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** A conversation with what is the user's own. */
export interface ConversationView extends SharedConversation {
  readonly unreadCount: number;
  readonly mentionCount: number;
  readonly myRole: Role;
  /** A direct conversation that is not in the user's list until the next message. */
  readonly hidden: boolean;
}

/** How far a conversation is known: every message up to `seq`, every change up to `rev`. */
export interface Position {
  readonly seq: number;
  readonly rev: number;
}

/** A page of history; `items` ascend by `seq`. */
export interface MessagePage {
  readonly items: readonly Message[];
  readonly head: Position;
  readonly hasMoreBefore: boolean;
  readonly hasMoreAfter: boolean;
}

/** One page of a list. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

/** What a client lacked, read under one snapshot whose position was `head`. */
export interface Changes {
  readonly messages: readonly Message[];
  readonly participants: readonly Participant[];
  readonly conversation: ConversationView | null;
  readonly head: Position;
  readonly cursor: Position;
  readonly epoch: number;
  readonly complete: boolean;
  /** The user's own state, as it is now. */
  readonly own: { readonly readSeq: number; readonly hidden: boolean };
}

/** One conversation in the answer to `conversation:sync`. */
export type SyncedConversation =
  | (Changes & { readonly conversationId: string })
  | { readonly conversationId: string; readonly gone: true }
  | { readonly conversationId: string; readonly reset: true };

/** How far the user has read, and what is left. */
export interface ReadPosition {
  readonly seq: number;
  readonly unreadCount: number;
}

/** A pair of tokens; `expiresIn` is in seconds. */
export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresIn: number;
}

/** The answer to registering and signing in. */
export interface SignedIn extends Tokens {
  readonly user: OwnUser;
  readonly session: { readonly id: string };
}

/** What the server says when it has put the socket into its rooms: from then on no event is missed. */
export interface Ready {
  readonly userId: string;
  readonly sessionId: string;
  readonly epoch: number;
  readonly serverTime: string;
}

/** A request for friendship; the payload of the events `friend-request:…`. */
export interface FriendRequest {
  readonly id: string;
  readonly sender: User;
  readonly recipient: User;
  readonly status: 'pending' | 'accepted' | 'declined' | 'cancelled';
  readonly message: string | null;
  readonly createdAt: string;
  readonly respondedAt: string | null;
}

/** The answer to accepting one: friends have a direct conversation. */
export interface AcceptedFriendRequest {
  readonly friendRequest: FriendRequest;
  readonly conversation: ConversationView;
}

/** An entry of the list of friends. */
export interface Friend extends User {
  readonly friendsSince: string;
}

/** The events about a conversation, by name. */
export interface ConversationEvents {
  'message:created': Message;
  'message:updated': Message;
  'message:deleted': Message;
  'conversation:created': { conversationId: string; rev: number; conversation: SharedConversation };
  'conversation:updated': { conversationId: string; rev: number; conversation: SharedConversation };
  'conversation:removed': { conversationId: string };
  'conversation:read': { conversationId: string; userId: string; seq: number };
  'participant:joined': { conversationId: string; rev: number; participant: Participant };
  'participant:updated': { conversationId: string; rev: number; participant: Participant };
  'participant:left': { conversationId: string; rev: number; participant: Participant };
}

/** Any event about a conversation. */
export type ConversationEvent = {
  [Name in keyof ConversationEvents]: { readonly name: Name; readonly payload: ConversationEvents[Name] };
}[keyof ConversationEvents];
