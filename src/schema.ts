import { AuthenticationEventRow } from './features/authentication/authentication-event.entity';
import { Invitation } from './features/authentication/invitation.entity';
import { PasswordReset } from './features/authentication/password-reset.entity';
import { Session } from './features/authentication/session.entity';
import { Block } from './features/relationships/block.entity';
import { FriendRequest } from './features/friends/friend-request.entity';
import { Friendship } from './features/relationships/friendship.entity';
import { FoldEmails1764000000077 } from './migrations/fold-emails';
import { ErasureRow } from './features/erasure/erasure.entity';
import { Attachment } from './features/messages/attachment.entity';
import { ChatMessage } from './features/messages/message.entity';
import { MessageMention } from './features/messages/message-mention.entity';
import { MessageReaction } from './features/messages/message-reaction.entity';
import { MessageVersion } from './features/messages/message-version.entity';
import shape from './migrations/schema-shape.json';
import { InitialSchema1764000000000 } from './migrations/1764000000000-initial-schema';
import { AppendMessages1764000000001 } from './migrations/1764000000001-append-messages';
import { InternalUsers1764000000006 } from './migrations/1764000000006-internal-users';
import { AnswersWithinBatch1764000000007 } from './migrations/1764000000007-answers-within-batch';
import { UnreadIndexes1764000000008 } from './migrations/1764000000008-unread-indexes';
import { PlanAppendMessagesOnce1764000000009 } from './migrations/1764000000009-plan-append-messages-once';
import { Maintenance1764000000020 } from './migrations/1764000000020-maintenance';
import { DataMigrations1764000000021 } from './migrations/1764000000021-data-migrations';
import { LegacyImport1764000000030 } from './migrations/1764000000030-legacy-import';
import { OldPasswordHashes1764000000031 } from './migrations/1764000000031-old-password-hashes';
import { Timeline1764000000050 } from './migrations/1764000000050-timeline';
import { Erasures1764000000060 } from './migrations/1764000000060-erasures';
import { InstallationId1764000000073 } from './migrations/1764000000073-installation-id';
import { EmailCollisions1764000000076 } from './migrations/1764000000076-email-collisions';
import { SessionsOpenedFrom1764000000078 } from './migrations/1764000000078-sessions-opened-from';
import { Accounts1764000000079 } from './migrations/1764000000079-accounts';
import { EndedSessionsIndex1764000000080 } from './migrations/1764000000080-ended-sessions-index';
import { ListPositions1764000000083 } from './migrations/1764000000083-list-positions';
import { BlocksHide1764000000084 } from './migrations/1764000000084-blocks-hide';
import { SimilarUsernames1764000000085 } from './migrations/1764000000085-similar-usernames';
import { Search1764000000110 } from './migrations/1764000000110-search';
import { Servers1764000000090 } from './migrations/1764000000090-servers';
import { Carriers1764000000091 } from './migrations/1764000000091-carriers';
import { Reactions1764000000100 } from './migrations/1764000000100-reactions';
import { Pins1764000000101 } from './migrations/1764000000101-pins';
import { Attachments1764000000120 } from './migrations/1764000000120-attachments';
import { Mentions1764000000130 } from './migrations/1764000000130-mentions';
import { UserPresence1764000000103 } from './migrations/1764000000103-user-presence';
import { HideAcrossBlocks1764000000086 } from './migrations/hide-across-blocks';
import { Conversation } from './features/membership/conversation.entity';
import { Participant } from './features/membership/participant.entity';
import type { DatabaseSchema } from './platform/database/database-options';
import { DatabaseState } from './platform/database/database-state.entity';
import { SearchEntry } from './features/search/search-entry.entity';
import { SearchPosition } from './features/search/search-position.entity';
import { ServerEventRow } from './platform/servers/server-event.entity';
import { ServerRow } from './platform/servers/server.entity';
import { UserPresence } from './features/presence/user-presence.entity';
import { User } from './features/users/user.entity';

/** Every table and every migration. A test proves that the migrations produce the tables. */
export const SCHEMA: DatabaseSchema = {
  entities: [
    User,
    Session,
    Invitation,
    PasswordReset,
    AuthenticationEventRow,
    Friendship,
    FriendRequest,
    Block,
    Conversation,
    Participant,
    ChatMessage,
    MessageVersion,
    MessageReaction,
    MessageMention,
    SearchEntry,
    SearchPosition,
    Attachment,
    DatabaseState,
    ErasureRow,
    ServerRow,
    ServerEventRow,
    UserPresence,
  ],
  migrations: [
    InitialSchema1764000000000,
    AppendMessages1764000000001,
    InternalUsers1764000000006,
    AnswersWithinBatch1764000000007,
    UnreadIndexes1764000000008,
    PlanAppendMessagesOnce1764000000009,
    Maintenance1764000000020,
    DataMigrations1764000000021,
    LegacyImport1764000000030,
    OldPasswordHashes1764000000031,
    Timeline1764000000050,
    Erasures1764000000060,
    InstallationId1764000000073,
    EmailCollisions1764000000076,
    SessionsOpenedFrom1764000000078,
    Accounts1764000000079,
    EndedSessionsIndex1764000000080,
    ListPositions1764000000083,
    BlocksHide1764000000084,
    SimilarUsernames1764000000085,
    Servers1764000000090,
    Carriers1764000000091,
    Reactions1764000000100,
    Pins1764000000101,
    UserPresence1764000000103,
    Search1764000000110,
    Attachments1764000000120,
    Mentions1764000000130,
  ],
  dataMigrations: [FoldEmails1764000000077, HideAcrossBlocks1764000000086],
  sample: `
    with written as (
      insert into users (id, username, password_hash, display_name, created_at, is_internal)
      values ($1, 'sample-' || substr(md5($1::uuid::text), 1, 20), '', $2, $3, $4)
      returning id, display_name, created_at, is_internal)
    select id, display_name as text, created_at as time, is_internal as flag,
      $5::jsonb as document, $6::bytea as bytes, $7::text[] as texts, $8::bigint as count from written`,
  functions: [
    // eslint-disable-next-line no-restricted-syntax -- the signature is compared with the catalogue, and nothing is called
    'append_messages(uuid[],uuid[],uuid[],text[],text[],uuid[])',
    'next_list_position()',
    'store_mentions(uuid[],bigint[],text[])',
  ],
  sequences: ['list_positions'],
  shape,
};
