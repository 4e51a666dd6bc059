import type * as wire from './wire.generated.ts';

// `npm run client-types` generates the payload types from the server's documents. This file names those that the package
// exports, and describes no payload itself.

export type {
  AcceptedFriendRequest,
  BlockedUser,
  Changes,
  FoundMessage,
  FoundMessages,
  Friend,
  FriendRequest,
  Highlight,
  Message,
  MessagePage,
  OwnUser,
  Participant,
  Presence,
  PresenceSettings,
  SharedConversation,
  SignedIn,
  Tokens,
  TypingEvent,
  User,
} from './wire.generated.ts';

/** A conversation as this user sees it, with their role and unread count. */
export type ConversationView = wire.Conversation;

/** The client has every message up to `seq` and every change up to `rev`. */
export type Position = wire.Head;

/** One version of a message. */
export type MessageVersion = wire.Version;

/** A signed-in device. */
export type Device = wire.Session;

/** The fields of their own profile that a user may change. */
export type ProfileChanges = wire.UpdateProfile;

/** The presence settings that a user may change. */
export type PresenceSettingsChanges = WithoutNull<wire.UpdatePresenceSettings>;

/** The settings of a group that its admins may change. */
export type GroupChanges = wire.UpdateConversation;

/** Says who may create an account. */
export type RegistrationPolicy = wire.RegistrationPolicy['policy'];

/** The user's read position, and the unread count above it. */
export type ReadPosition = wire.ReadResult;

/** The server sends this once the socket is in its rooms. From then on, the socket receives every event. */
export type Ready = wire.ReadyEvent;

/** One conversation in the answer to `conversation:sync`. */
export type SyncedConversation = wire.SyncResult['changes'][number];

/** The role of a participant, which decides their rights. */
export type Role = wire.Participant['role'];

/** One page of a list. */
export type Page<Item> = Omit<wire.UserList, 'items'> & { readonly items: readonly Item[] };

/** Input in which an absent field is left out. */
export type WithoutNull<Input> = { readonly [Field in keyof Input]: Exclude<Input[Field], null> };

/** The content of a message that the client chooses. */
export type MessageDraft = WithoutNull<Omit<wire.SendMessage, 'id'>>;

/** The events about a conversation, by name. */
export type ConversationEvents = Pick<
  wire.Events,
  Extract<keyof wire.Events, `${'conversation' | 'message' | 'participant'}:${string}`>
>;

/** Any event about a conversation. */
export type ConversationEvent = {
  [Name in keyof ConversationEvents]: { readonly name: Name; readonly payload: ConversationEvents[Name] };
}[keyof ConversationEvents];
