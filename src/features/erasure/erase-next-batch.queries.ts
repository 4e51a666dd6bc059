import type { EntityManager } from 'typeorm';
import { releaseAttachments } from '../messages/message-attachments.queries';
import { removeMentions } from '../messages/message-mentions.queries';
import type { MessagesAfterErasure } from './erase-person.queries';

/** Changed messages of one conversation; each took one `rev`. */
export interface ErasedMessages {
  /** In the order of their `rev`s. */
  readonly changed: readonly { readonly id: string; readonly becameTombstone: boolean }[];
}

interface Open {
  user_id: string;
  messages: MessagesAfterErasure;
}

/**
 * Works on the next batch of some unfinished erasure: up to `limit` entries of the authentication log. When none are
 * left, messages of one conversation. Then messages of one conversation to which the person reacted, or that mention the
 * person. Then versions that name the person. Then the erasure is finished. Rows that still name the person are the
 * remaining work, so a killed process loses nothing.
 *
 * Locks: the erasure, so that several processes work on different ones, then the conversation. Served by
 * `erasures_open_idx`, `authentication_events_user_idx`, `chat_messages_sender_idx`, `message_reactions_user_idx`,
 * `message_mentions_user_idx` and `message_versions_author_idx`.
 * @returns undefined when no work is left that no other process is doing
 */
export async function eraseNextBatch(
  manager: EntityManager,
  limit: number,
): Promise<ErasedMessages | undefined> {
  const [open]: Open[] = await manager.query(
    `select user_id, messages from erasures where finished_at is null
     order by user_id limit 1 for update skip locked`,
  );
  if (!open) return undefined;
  const { user_id: userId, messages } = open;
  if ((await forgetEvents(manager, userId, limit)) > 0) return { changed: [] };
  const ids = await lockNextMessages(manager, userId, limit);
  if (ids.length === 0) {
    for (const marks of [REACTIONS, MENTIONS]) {
      const marked = await forgetMarks(manager, userId, limit, marks);
      if (marked) return { changed: marked };
    }
    await forgetAuthor(manager, userId, limit);
    return { changed: [] };
  }
  const changed = messages === 'keep' ? await orphan(manager, userId, ids) : await bury(manager, userId, ids);
  await manager.query(`update erasures set messages_done = messages_done + $2 where user_id = $1`, [
    userId,
    ids.length,
  ]);
  return { changed };
}

/**
 * Deletes entries of the authentication log, of which an attack on the account leaves millions. None is added
 * meanwhile: `storeEventRows` names no erased person.
 * @returns how many were deleted
 */
async function forgetEvents(manager: EntityManager, userId: string, limit: number): Promise<number> {
  const [, count] = await manager.query<[unknown[], number]>(
    `delete from authentication_events where id in (
       select id from authentication_events where user_id = $1 order by created_at, id limit $2)`,
    [userId, limit],
  );
  return count;
}

/** Locks the next conversation with messages of the person. @returns their ids, by `seq` */
async function lockNextMessages(manager: EntityManager, userId: string, limit: number): Promise<string[]> {
  const [next]: { conversation_id: string }[] = await manager.query(
    `select conversation_id from chat_messages where sender_id = $1 order by sender_id, conversation_id limit 1`,
    [userId],
  );
  if (!next) return [];
  await manager.query(`select from conversations where id = $1 for no key update`, [next.conversation_id]);
  const rows: { id: string }[] = await manager.query(
    `select id from chat_messages where sender_id = $1 and conversation_id = $2 order by seq limit $3`,
    [userId, next.conversation_id, limit],
  );
  return rows.map(({ id }) => id);
}

/** Numbers the messages `$1` with new `rev`s, in their order. */
const NUMBERED = `
  place as materialized (select * from unnest($1::uuid[]) with ordinality as p (id, n)),
  numbered as (
    update conversations c set last_rev = c.last_rev + cardinality($1::uuid[])
    where c.id = (select m.conversation_id from chat_messages m where m.id = ($1::uuid[])[1])
    returning c.last_rev - cardinality($1::uuid[]) as last_rev)`;

type Changed = ErasedMessages['changed'][number];

/** Keeps the current text of the messages; drops their sender and their earlier versions. */
async function orphan(manager: EntityManager, userId: string, ids: string[]): Promise<Changed[]> {
  await manager.query(
    `update message_versions v
     set author_id = nullif(v.author_id, $2), body = case when v.version = coalesce(m.version, m.id::text) then v.body end
     from chat_messages m where m.id = v.message_id and m.id = any ($1)`,
    [ids, userId],
  );
  await manager.query(`update attachments set uploader_id = null where message_id = any ($1)`, [ids]);
  await manager.query(
    `with ${NUMBERED}
     update chat_messages m set sender_id = null, rev = numbered.last_rev + place.n
     from place, numbered where m.id = place.id`,
    [ids],
  );
  return ids.map((id) => ({ id, becameTombstone: false }));
}

/** A table whose rows put a user to a message. Its index by user continues with `order`, which ends with the message. */
interface Marks {
  readonly table: string;
  readonly order: string;
}

const REACTIONS: Marks = { table: 'message_reactions', order: 'message_id' };
const MENTIONS: Marks = { table: 'message_mentions', order: 'conversation_id, seq, message_id' };

/**
 * Removes the person's reactions or mentions from the messages of one conversation. Nobody can add one for an erased
 * person.
 * @returns undefined when there are none
 */
async function forgetMarks(
  manager: EntityManager,
  userId: string,
  limit: number,
  { table, order }: Marks,
): Promise<Changed[] | undefined> {
  const [next]: { conversation_id: string }[] = await manager.query(
    `select m.conversation_id from (select message_id from ${table} where user_id = $1 order by ${order} limit 1) r
     join chat_messages m on m.id = r.message_id`,
    [userId],
  );
  if (!next) return undefined;
  await manager.query(`select from conversations where id = $1 for no key update`, [next.conversation_id]);
  const rows: { id: string }[] = await manager.query(
    `select m.id from (select distinct ${order} from ${table} where user_id = $1 order by ${order} limit $3) r
     join chat_messages m on m.id = r.message_id
     where m.conversation_id = $2 order by m.seq`,
    [userId, next.conversation_id, limit],
  );
  const ids = rows.map(({ id }) => id);
  if (ids.length === 0) return [];
  await manager.query(`delete from ${table} where user_id = $1 and message_id = any ($2)`, [userId, ids]);
  await manager.query(
    `with ${NUMBERED}
     update chat_messages m set rev = numbered.last_rev + place.n from place, numbered where m.id = place.id`,
    [ids],
  );
  return ids.map((id) => ({ id, becameTombstone: false }));
}

/**
 * Makes the messages tombstones as a deletion does: one version marks it, and earlier bodies are deleted. Existing
 * tombstones only lose their sender.
 */
async function bury(manager: EntityManager, userId: string, ids: string[]): Promise<Changed[]> {
  await manager.query(
    `insert into message_versions (message_id, number, version, parents, created_at)
     select m.id, 1, m.id::text, '{}', m.created_at from chat_messages m
     where m.id = any ($1) and m.deleted_at is null on conflict do nothing`,
    [ids],
  );
  await manager.query(
    `update message_versions set body = null, author_id = nullif(author_id, $2) where message_id = any ($1)`,
    [ids, userId],
  );
  await manager.query(`delete from message_reactions where message_id = any ($1)`, [ids]);
  await removeMentions(manager, ids);
  await releaseAttachments(manager, ids);
  const [tombstones] = await manager.query<[{ id: string }[], number]>(
    `with ${NUMBERED},
     tombstone as (
       insert into message_versions (message_id, number, version, parents)
       select m.id, (select max(v.number) + 1 from message_versions v where v.message_id = m.id),
         gen_random_uuid()::text, array[coalesce(m.version, m.id::text)]
       from chat_messages m where m.id = any ($1) and m.deleted_at is null
       returning message_id, version, parents)
     update chat_messages m
     set sender_id = null, rev = numbered.last_rev + place.n, body = null, pinned_at = null, has_attachments = false,
       version = coalesce(tombstone.version, m.version), parents = coalesce(tombstone.parents, m.parents),
       deleted_at = coalesce(m.deleted_at, now())
     from numbered, place left join tombstone on tombstone.message_id = place.id
     where m.id = place.id
     returning case when tombstone.message_id is not null then m.id end as id`,
    [ids],
  );
  const fresh = new Set(tombstones.map(({ id }) => id));
  return ids.map((id) => ({ id, becameTombstone: fresh.has(id) }));
}

/**
 * Removes the person's name from versions of other people's messages: an admin who deleted one is the author of its
 * last version.
 */
async function forgetAuthor(manager: EntityManager, userId: string, limit: number): Promise<void> {
  const [, count] = await manager.query<[unknown[], number]>(
    `update message_versions set author_id = null where (message_id, number) in (
       select message_id, number from message_versions where author_id = $1 limit $2)`,
    [userId, limit],
  );
  if (count < limit)
    await manager.query(`update erasures set finished_at = now() where user_id = $1`, [userId]);
}
