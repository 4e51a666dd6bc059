import type * as wire from './wire.generated.ts';

// The payloads of the server, which `npm run client-types` generates from its documents, by the names that this package gives
// them. Nothing here describes a payload itself.

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

/** A conversation with what is the user's own. */
export type ConversationView = wire.Conversation;

/** How far a conversation is known: every message up to `seq`, every change up to `rev`. */
export type Position = wire.Head;

/** One version of a message. */
export type MessageVersion = wire.Version;

/** A signed-in device. */
export type Device = wire.Session;

/** What a user may change about themselves. */
export type ProfileChanges = wire.UpdateProfile;

/** What a user may change of what others see of their presence. */
export type PresenceSettingsChanges = WithoutNull<wire.UpdatePresenceSettings>;

/** What may be changed about a group. */
export type GroupChanges = wire.UpdateConversation;

/** Who may make an account. */
export type RegistrationPolicy = wire.RegistrationPolicy['policy'];

/** How far the user has read, and what is left. */
export type ReadPosition = wire.ReadResult;

/** The server says this when it has put the socket into its rooms: from then on no event is missed. */
export type Ready = wire.ReadyEvent;

/** One conversation in the answer to `conversation:sync`. */
export type SyncedConversation = wire.SyncResult['changes'][number];

/** What somebody may do in a conversation. */
export type Role = wire.Participant['role'];

/** One page of a list. */
export type Page<Item> = Omit<wire.UserList, 'items'> & { readonly items: readonly Item[] };

/** Input in which an absent field is left out. */
export type WithoutNull<Input> = { readonly [Field in keyof Input]: Exclude<Input[Field], null> };

/** What a client chooses about a message. */
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
