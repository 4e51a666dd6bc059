import type { EntityManager } from 'typeorm';
import type { MessageRow } from './message-view';
import { COLUMNS } from './messages.queries';

/** The counts that decide whether the message takes another reaction. */
export interface ReactionCounts {
  /** Reactions on the message, over all users and emoji. */
  readonly reactions: number;
  readonly emojis: number;
  readonly ownEmojis: number;
  /** Whether anybody reacted with this emoji. */
  readonly hasEmoji: boolean;
  /** Whether this user reacted with this emoji. */
  readonly hasOwn: boolean;
}

/** Served by `message_reactions_pkey`. */
export async function countReactions(
  manager: EntityManager,
  messageId: string,
  userId: string,
  emoji: string,
): Promise<ReactionCounts> {
  const rows: ReactionCounts[] = await manager.query(
    `select count(*) as reactions, count(distinct emoji) as emojis,
       count(*) filter (where user_id = $2) as "ownEmojis",
       coalesce(bool_or(emoji = $3), false) as "hasEmoji",
       coalesce(bool_or(emoji = $3 and user_id = $2), false) as "hasOwn"
     from message_reactions where message_id = $1`,
    [messageId, userId, emoji],
  );
  return rows[0]!;
}

export interface Reaction {
  readonly messageId: string;
  readonly userId: string;
  readonly emoji: string;
}

export async function addReaction(manager: EntityManager, reaction: Reaction, rev: number): Promise<void> {
  await manager.query(
    `insert into message_reactions (message_id, user_id, emoji, rev) values ($1, $2, $3, $4)`,
    [reaction.messageId, reaction.userId, reaction.emoji, rev],
  );
}

/** Served by `message_reactions_pkey`. @returns whether the reaction existed */
export async function removeReaction(manager: EntityManager, reaction: Reaction): Promise<boolean> {
  const [, count] = await manager.query<[unknown[], number]>(
    `delete from message_reactions where message_id = $1 and user_id = $2 and emoji = $3`,
    [reaction.messageId, reaction.userId, reaction.emoji],
  );
  return count > 0;
}

/** Counts the pinned messages of a conversation. Served by `chat_messages_pinned_idx`. */
export async function countPinned(manager: EntityManager, conversationId: string): Promise<number> {
  const rows: { count: number }[] = await manager.query(
    `select count(*) as count from chat_messages where conversation_id = $1 and pinned_at is not null`,
    [conversationId],
  );
  return rows[0]!.count;
}

export async function setPinned(manager: EntityManager, messageId: string, isPinned: boolean): Promise<void> {
  await manager.query(`update chat_messages set pinned_at = case when $2 then now() end where id = $1`, [
    messageId,
    isPinned,
  ]);
}

/** Gives the message the next `rev` of its conversation. */
export async function numberChange(
  manager: EntityManager,
  messageId: string,
  rev: number,
): Promise<MessageRow> {
  const [rows] = await manager.query<[MessageRow[], number]>(
    `update chat_messages m set rev = $2 where m.id = $1 returning ${COLUMNS}`,
    [messageId, rev],
  );
  return rows[0]!;
}

/**
 * Reads up to `limit` pinned messages below `before`, newest first; undefined when the user does not participate.
 * Served by `conversation_participants_pkey` and `chat_messages_pinned_idx`.
 */
export async function readPinned(
  manager: EntityManager,
  userId: string,
  conversationId: string,
  before: number | undefined,
  limit: number,
): Promise<MessageRow[] | undefined> {
  const rows: MessageRow[] = await manager.query(
    `select ${COLUMNS}
     from conversation_participants p
     join conversations c on c.id = p.conversation_id and c.deleted_at is null
     left join lateral (
       select * from chat_messages
       where conversation_id = c.id and pinned_at is not null and ($3::bigint is null or seq < $3)
       order by seq desc limit $4) m on true
     where p.conversation_id = $2 and p.user_id = $1 and p.left_at is null
     order by m.seq desc`,
    [userId, conversationId, before ?? null, limit],
  );
  return rows.length === 0 ? undefined : rows.filter(({ id }) => id !== null);
}
