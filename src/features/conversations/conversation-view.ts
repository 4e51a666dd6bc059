import type { EntityManager } from 'typeorm';
import { MENTION_COUNT } from '../messages/message-mentions.queries';
import { messageSchema, messageView } from '../messages/message-view';
import { messagesAt } from '../messages/messages.queries';
import { listPositionOf, type ListPosition, writeListCursor } from '../../platform/pagination/list-position';
import { pageOf, type Page } from '../../platform/pagination/page';
import type { ConversationType } from '../membership/conversation.entity';
import type { Role } from '../membership/participant.entity';
import {
  participantSchema,
  PREVIEW_SIZE,
  previewParticipants,
  ROLES,
  type ParticipantView,
} from '../membership/participant-view';
import {
  extended,
  flag,
  id,
  integer,
  list,
  nullable,
  oneOf,
  record,
  text,
  time,
  type Of,
} from '../../platform/documents/schema';

export const MAX_TITLE = 100;
export const MAX_DESCRIPTION = 1_000;
export const CONVERSATION_TYPES = ['direct', 'group'] as const satisfies ConversationType[];

export const sharedConversationSchema = record(
  'SharedConversation',
  {
    id: id(),
    type: oneOf(CONVERSATION_TYPES),
    title: nullable(
      text({ maximum: MAX_TITLE }, { description: 'Null for `direct`.', example: 'The engine' }),
    ),
    description: nullable(text({ maximum: MAX_DESCRIPTION }, { example: 'All about the engine' })),
    createdBy: nullable(id()),
    lastSeq: integer(0, { example: 7 }),
    lastRev: integer(0, { example: 2 }),
    lastMessage: nullable(messageSchema),
    participants: list(participantSchema, { maximum: PREVIEW_SIZE }, { description: 'The first ones.' }),
    createdAt: time(),
    updatedAt: time(),
  },
  'A conversation as all its participants see it.',
);
/** The conversation as events carry it. */
export type SharedConversationView = Of<typeof sharedConversationSchema>;

export const conversationSchema = extended(
  'Conversation',
  sharedConversationSchema,
  {
    unreadCount: integer(0, { description: 'Other people’s undeleted messages not read yet.', example: 0 }),
    mentionCount: integer(0, {
      description: 'Unread messages that mention the caller, by name or by `@all`.',
      example: 0,
    }),
    myRole: oneOf(ROLES),
    hidden: flag(
      'Whether it is hidden from the caller’s list until the next message, or until the caller opens it again.',
    ),
  },
  'A conversation with the caller’s per-user fields.',
);
export type ConversationView = Of<typeof conversationSchema>;

interface ConversationRow {
  id: string;
  type: ConversationType;
  title: string | null;
  description: string | null;
  created_by: string | null;
  last_seq: number;
  last_rev: number;
  created_at: Date;
  updated_at: Date;
}

interface OwnConversationRow extends ConversationRow {
  my_role: Role;
  is_hidden: boolean;
  unread_count: number;
  mention_count: number;
}

const COLUMNS = `c.id, c.type, c.title, c.description, c.created_by, c.last_seq, c.last_rev, c.created_at,
  c.updated_at`;

/** SQL, of the conversation `c` and its participant `p`: a direct conversation is hidden until the next message. */
export const IS_HIDDEN = `coalesce(c.last_seq <= p.hidden_seq, false)`;
export const CONVERSATION_POSITION = listPositionOf('c', 'active_at', 'created_at');

/**
 * Counts other people's undeleted messages above the read position. Numbers have no hole, so a subtraction counts all
 * messages; only own and deleted ones above the read position are counted, and these are few. Served by
 * `chat_messages_sender_idx` and `chat_messages_deleted_idx`.
 */
const UNREAD_COUNT = `(c.last_seq - p.read_seq
  - (select count(*) from chat_messages own
     where own.sender_id = p.user_id and own.conversation_id = p.conversation_id and own.seq > p.read_seq)
  - (select count(*) from chat_messages gone
     where gone.conversation_id = p.conversation_id and gone.seq > p.read_seq and gone.deleted_at is not null
       and gone.sender_id is distinct from p.user_id))`;

const OWN_COLUMNS = `p.role as my_role, ${IS_HIDDEN} as is_hidden, ${UNREAD_COUNT} as unread_count,
  ${MENTION_COUNT} as mention_count`;

/** A page of the user's conversations, the latest activity first. */
export async function listOwnConversations(
  manager: EntityManager,
  userId: string,
  after: ListPosition | undefined,
  limit: number,
): Promise<Page<ConversationView>> {
  const rows: (OwnConversationRow & { position: string })[] = await manager.query(
    `with page as (
       select p.conversation_id, p.user_id, p.role, p.read_seq, p.hidden_seq, ${CONVERSATION_POSITION} as position
       from conversation_participants p join conversations c on c.id = p.conversation_id
       where p.user_id = $1 and p.left_at is null and c.deleted_at is null
         and not ${IS_HIDDEN}
         and ($2::bigint is null or (${CONVERSATION_POSITION}, c.id) < ($2, $3::uuid))
       order by position desc, c.id desc limit $4)
     select ${COLUMNS}, ${OWN_COLUMNS}, p.position::text as position
     from page p join conversations c on c.id = p.conversation_id
     order by p.position desc, c.id desc`,
    [userId, after?.position ?? null, after?.id ?? null, limit + 1],
  );
  const { items, nextCursor } = pageOf(rows, limit, writeListCursor);
  return { items: await ownViews(manager, userId, items), nextCursor };
}

/** Reads those of the conversations `ids` in which the user participates, as the user sees them. */
export async function findOwnConversations(
  manager: EntityManager,
  userId: string,
  ids: readonly string[],
): Promise<ConversationView[]> {
  if (ids.length === 0) return [];
  const rows: OwnConversationRow[] = await manager.query(
    `select ${COLUMNS}, ${OWN_COLUMNS}
     from conversation_participants p join conversations c on c.id = p.conversation_id
     where p.user_id = $1 and p.conversation_id = any ($2) and p.left_at is null and c.deleted_at is null`,
    [userId, ids],
  );
  return ownViews(manager, userId, rows);
}

/** The conversation for an event to several users, without any per-user field. */
export async function sharedConversation(
  manager: EntityManager,
  id: string,
): Promise<SharedConversationView> {
  const rows: ConversationRow[] = await manager.query(
    `select ${COLUMNS} from conversations c where c.id = $1`,
    [id],
  );
  const [view] = await sharedViews(manager, rows);
  return view!;
}

export async function countUnread(
  manager: EntityManager,
  userId: string,
  conversationId: string,
): Promise<number> {
  const rows: { unread_count: number }[] = await manager.query(
    `select ${UNREAD_COUNT} as unread_count
     from conversation_participants p join conversations c on c.id = p.conversation_id
     where p.conversation_id = $1 and p.user_id = $2`,
    [conversationId, userId],
  );
  return rows[0]?.unread_count ?? 0;
}

async function ownViews(
  manager: EntityManager,
  userId: string,
  rows: OwnConversationRow[],
): Promise<ConversationView[]> {
  const shared = await sharedViews(manager, rows, userId);
  return rows.map((row, index) => ({
    ...shared[index]!,
    unreadCount: row.unread_count,
    mentionCount: row.mention_count,
    myRole: row.my_role,
    hidden: row.is_hidden,
  }));
}

async function sharedViews(
  manager: EntityManager,
  rows: ConversationRow[],
  viewerId?: string,
): Promise<SharedConversationView[]> {
  if (rows.length === 0) return [];
  const participants = await previewParticipants(
    manager,
    rows.map((row) => row.id),
    viewerId,
  );
  const lastMessages = await messagesAt(
    manager,
    rows.filter((row) => row.last_seq > 0).map((row) => ({ conversationId: row.id, seq: row.last_seq })),
  );
  const lastMessageOf = new Map(lastMessages.map((message) => [message.conversation_id, message]));
  const participantsOf = new Map<string, ParticipantView[]>(rows.map((row) => [row.id, []]));
  for (const { conversationId, view } of participants) participantsOf.get(conversationId)!.push(view);
  return rows.map((row) => {
    const lastMessage = lastMessageOf.get(row.id);
    return {
      id: row.id,
      type: row.type,
      title: row.title,
      description: row.description,
      createdBy: row.created_by,
      lastSeq: row.last_seq,
      lastRev: row.last_rev,
      lastMessage: lastMessage ? messageView(lastMessage) : null,
      participants: participantsOf.get(row.id)!,
      createdAt: row.created_at.toISOString(),
      updatedAt: row.updated_at.toISOString(),
    };
  });
}
