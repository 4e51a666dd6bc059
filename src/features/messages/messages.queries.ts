import type { EntityManager } from 'typeorm';
import { ATTACHMENT_JSON } from './attachment-view';
import { releaseAttachments } from './message-attachments.queries';
import { MENTIONS, removeMentions } from './message-mentions.queries';
import { NAMED_PEOPLE, type MessageRow } from './message-view';

/**
 * Served by `message_reactions_pkey`. A reaction takes a `rev`, so messages without a `rev` have none and need no
 * look-up.
 */
const REACTIONS = `case when m.rev > 0 and m.deleted_at is null then (
  select jsonb_agg(jsonb_build_object('emoji', r.emoji, 'count', r.count, 'userIds', r.user_ids) order by r.first_rev)
  from (select emoji, count(*) as count, (array_agg(user_id order by rev))[:${NAMED_PEOPLE}] as user_ids, min(rev) as first_rev
        from message_reactions where message_id = m.id group by emoji) r) end as reactions`;

/** Served by `attachments_message_idx`. Messages without attachments need no look-up. */
const ATTACHMENTS = `case when m.has_attachments then (
  select jsonb_agg(${ATTACHMENT_JSON} order by a.position) from attachments a where a.message_id = m.id) end as attachments`;

/** The columns of a `MessageRow`, read from the message `m`. */
export const COLUMNS = `m.id, m.conversation_id, m.seq, m.rev, m.sender_id, m.type, m.body, m.reply_to_id, m.version,
  m.parents, m.pinned_at, m.edited_at, m.deleted_at, m.created_at, ${REACTIONS}, ${ATTACHMENTS},
  ${MENTIONS}`;

/** Served by `chat_messages_pkey`. */
export async function findMessage(
  manager: EntityManager,
  conversationId: string,
  messageId: string,
): Promise<MessageRow | undefined> {
  const rows: MessageRow[] = await manager.query(
    `select ${COLUMNS} from chat_messages m where m.id = $1 and m.conversation_id = $2`,
    [messageId, conversationId],
  );
  return rows[0];
}

/** Served by `chat_messages_pkey`. */
export async function findMessages(manager: EntityManager, ids: readonly string[]): Promise<MessageRow[]> {
  return manager.query(`select ${COLUMNS} from chat_messages m where m.id = any ($1)`, [ids]);
}

/** The part of a conversation to read: at most one of these, and the newest messages without any. */
export interface PagePosition {
  readonly before?: number;
  readonly after?: number;
  readonly around?: number;
}

export interface Page {
  readonly lastSeq: number;
  readonly lastRev: number;
  /** Ascending. */
  readonly rows: MessageRow[];
}

/**
 * Reads up to `limit` messages of a conversation, with its head at the same moment; undefined when the user does not
 * participate. Numbers have no hole, so every page is a range of them. A page around a position has as many messages on
 * either side; where one side ends, the other one fills the page.
 * Served by `conversation_participants_pkey` and `chat_messages_conversation_seq_key`.
 */
export async function readPage(
  manager: EntityManager,
  userId: string,
  conversationId: string,
  { before, after, around }: PagePosition,
  limit: number,
): Promise<Page | undefined> {
  const rows: (MessageRow & { last_seq: number; last_rev: number })[] = await manager.query(
    `select c.last_seq, c.last_rev, ${COLUMNS}
     from conversation_participants p
     join conversations c on c.id = p.conversation_id and c.deleted_at is null
     cross join lateral (
       select case
         when $3::bigint is not null then least($3, c.last_seq + 1) - $6::bigint
         when $4::bigint is not null then $4 + 1
         when $5::bigint is not null
           then greatest(1, least($5 - $6 / 2, c.last_seq - $6 + 1))
         else c.last_seq - $6 + 1
       end as first) page
     left join chat_messages m
       on m.conversation_id = c.id and m.seq >= page.first and m.seq < page.first + $6
     where p.conversation_id = $2 and p.user_id = $1 and p.left_at is null
     order by m.seq`,
    [userId, conversationId, before ?? null, after ?? null, around ?? null, limit],
  );
  const [head] = rows;
  if (!head) return undefined;
  return { lastSeq: head.last_seq, lastRev: head.last_rev, rows: rows.filter((row) => row.id !== null) };
}

/** The message at each of the positions given. Served by `chat_messages_conversation_seq_key`. */
export async function messagesAt(
  manager: EntityManager,
  positions: readonly { conversationId: string; seq: number }[],
): Promise<MessageRow[]> {
  if (positions.length === 0) return [];
  return manager.query(
    `select ${COLUMNS} from unnest($1::uuid[], $2::bigint[]) as position (conversation_id, seq)
     join chat_messages m on m.conversation_id = position.conversation_id and m.seq = position.seq`,
    [positions.map((position) => position.conversationId), positions.map((position) => position.seq)],
  );
}

/** A conversation and the position up to which a client has it. */
export interface Cursor {
  readonly conversationId: string;
  readonly seq: number;
  readonly rev: number;
}

/**
 * For each cursor up to `limit` messages above its `seq`, ascending. Served by `chat_messages_conversation_seq_key`.
 * Numbers have no hole, so an upper bound serves as the limit. Without it the planner would read and sort the whole
 * rest of the conversation for each step.
 */
export async function newMessages(
  manager: EntityManager,
  cursors: readonly Cursor[],
  limit: number,
): Promise<MessageRow[]> {
  if (cursors.length === 0) return [];
  return manager.query(
    `select ${COLUMNS} from unnest($1::uuid[], $2::bigint[]) as cursor (conversation_id, seq)
     join chat_messages m
       on m.conversation_id = cursor.conversation_id and m.seq > cursor.seq and m.seq <= cursor.seq + $3
     order by m.conversation_id, m.seq`,
    [cursors.map((cursor) => cursor.conversationId), cursors.map((cursor) => cursor.seq), limit],
  );
}

/** A cursor, with the `rev` above which a block hides other people's changes from the client; null without a block. */
export type ChangeCursor = Cursor & { readonly blockedRev: number | null };

/**
 * For each cursor up to `limit` changed messages at or below its `seq`, with a `rev` above the cursor's, in `rev`
 * order. Served by `chat_messages_rev_idx`.
 */
export async function changedMessages(
  manager: EntityManager,
  cursors: readonly ChangeCursor[],
  limit: number,
  viewerId: string,
): Promise<MessageRow[]> {
  if (cursors.length === 0) return [];
  return manager.query(
    `select m.* from unnest($1::uuid[], $2::bigint[], $3::bigint[], $5::bigint[])
       as cursor (conversation_id, seq, rev, blocked_rev)
     cross join lateral (
       select ${COLUMNS} from chat_messages m
       where m.conversation_id = cursor.conversation_id and m.rev > 0 and m.rev > cursor.rev and m.seq <= cursor.seq
         and (cursor.blocked_rev is null or m.rev <= cursor.blocked_rev or m.sender_id = $6)
       order by m.rev limit $4) m
     order by m.conversation_id, m.rev`,
    [
      cursors.map((cursor) => cursor.conversationId),
      cursors.map((cursor) => cursor.seq),
      cursors.map((cursor) => cursor.rev),
      limit,
      cursors.map((cursor) => cursor.blockedRev),
      viewerId,
    ],
  );
}

export interface VersionRow {
  number: number;
  version: string;
  parents: string[];
  body: string | null;
  author_id: string | null;
  created_at: Date;
}

/**
 * Oldest first; empty for a message that was never changed. Served by `message_versions_pkey`.
 * @param after the `number` of the version before the first one
 */
export async function versionsOf(
  manager: EntityManager,
  messageId: string,
  after = 0,
  limit: number | null = null,
): Promise<VersionRow[]> {
  return manager.query(
    `select number, version, parents, body, author_id, created_at
     from message_versions where message_id = $1 and number > $2 order by number limit $3`,
    [messageId, after, limit],
  );
}

/** Finds a version by its name. Served by `message_versions_version_key`. */
export async function findVersion(
  manager: EntityManager,
  messageId: string,
  version: string,
): Promise<Pick<VersionRow, 'number' | 'body'> | undefined> {
  const rows: Pick<VersionRow, 'number' | 'body'>[] = await manager.query(
    `select number, body from message_versions where message_id = $1 and version = $2`,
    [messageId, version],
  );
  return rows[0];
}

/** The number of the newest version; 0 for a message that was never changed. Served by `message_versions_pkey`. */
export async function countVersions(manager: EntityManager, messageId: string): Promise<number> {
  const rows: { number: number }[] = await manager.query(
    `select coalesce(max(number), 0) as number from message_versions where message_id = $1`,
    [messageId],
  );
  return rows[0]!.number;
}

/** Copies the message as first sent into its history, unless the history exists already. */
export async function beginHistory(manager: EntityManager, messageId: string): Promise<void> {
  await manager.query(
    `insert into message_versions (message_id, number, version, parents, body, author_id, created_at)
     select id, 1, id::text, '{}', body, sender_id, created_at from chat_messages where id = $1
     on conflict do nothing`,
    [messageId],
  );
}

export interface NewVersion {
  readonly messageId: string;
  readonly version: string;
  readonly parents: readonly string[];
  readonly authorId: string;
  readonly body: string | null;
}

/** The history must exist, and the caller holds the conversation's lock. */
export async function addVersion(manager: EntityManager, version: NewVersion): Promise<void> {
  await manager.query(
    `insert into message_versions (message_id, number, version, parents, body, author_id)
     select $1, max(number) + 1, $2, $3, $4, $5 from message_versions where message_id = $1`,
    [version.messageId, version.version, version.parents, version.body, version.authorId],
  );
}

/** Makes the newest version the current state of the message. */
export async function applyEdit(
  manager: EntityManager,
  version: NewVersion,
  rev: number,
): Promise<MessageRow> {
  const [rows] = await manager.query<[MessageRow[], number]>(
    `update chat_messages m set body = $2, version = $3, parents = $4, rev = $5, edited_at = now()
     where m.id = $1 returning ${COLUMNS}`,
    [version.messageId, version.body, version.version, version.parents, rev],
  );
  return rows[0]!;
}

/** Makes the message a tombstone and deletes its earlier texts, its reactions, its mentions and its attachments. */
export async function applyDeletion(
  manager: EntityManager,
  version: NewVersion,
  rev: number,
): Promise<MessageRow> {
  await manager.query(`update message_versions set body = null where message_id = $1`, [version.messageId]);
  await manager.query(`delete from message_reactions where message_id = $1`, [version.messageId]);
  await removeMentions(manager, [version.messageId]);
  await releaseAttachments(manager, [version.messageId]);
  const [rows] = await manager.query<[MessageRow[], number]>(
    `update chat_messages m
     set body = null, version = $2, parents = $3, rev = $4, deleted_at = now(), pinned_at = null, has_attachments = false
     where m.id = $1 returning ${COLUMNS}`,
    [version.messageId, version.version, version.parents, rev],
  );
  return rows[0]!;
}
