import type { EntityManager } from 'typeorm';
import { mentionNamesIn, type MentionName } from './mention-names';

/**
 * SQL, of the message `m`: the ids of the users that it mentions, with null for everybody. Served by
 * `message_mentions_pkey`. Mentions are written with an at sign, so messages without one need no look-up.
 */
export const MENTIONS = `case when strpos(m.body, '@') > 0 then (
  select array_agg(n.user_id order by n.position) from message_mentions n
  where n.message_id = m.id) end as mentions`;

/**
 * SQL, of the conversation `c` and its participant `p`: counts other people's messages above the read position that
 * mention the participant or everybody. The text decides here too: an earlier release deletes messages and leaves the rows.
 * Served by `message_mentions_user_idx` and `chat_messages_pkey`; a conversation that is read to its end needs no look-up.
 */
export const MENTION_COUNT = `(case when c.last_seq > p.read_seq then (
  select count(*) from (
    select n.message_id from message_mentions n
    where n.user_id = p.user_id and n.conversation_id = p.conversation_id and n.seq > p.read_seq
    union
    select n.message_id from message_mentions n
    where n.user_id is null and n.conversation_id = p.conversation_id and n.seq > p.read_seq) n
  where (select strpos(m.body, '@') > 0 and m.sender_id is distinct from p.user_id
         from chat_messages m where m.id = n.message_id)) else 0 end)`;

/** The arguments of `store_mentions` after the messages. */
export const columnsOf = (names: readonly MentionName[]): [number[], string[]] => [
  names.map(({ position }) => position),
  names.map(({ name }) => name),
];

/**
 * Replaces the mentions of a message by those of its new text. The caller holds the conversation's lock. Served by
 * `message_mentions_pkey`, `users_username_key` and `conversation_participants_pkey`.
 */
export async function replaceMentions(
  manager: EntityManager,
  messageId: string,
  body: string,
): Promise<void> {
  await removeMentions(manager, [messageId]);
  const names = mentionNamesIn(body);
  if (names.length === 0) return;
  const ids = names.map(() => messageId);
  await manager.query(`select from store_mentions($1, $2, $3)`, [ids, ...columnsOf(names)]);
}

/** Served by `message_mentions_pkey`. */
export async function removeMentions(manager: EntityManager, messageIds: readonly string[]): Promise<void> {
  await manager.query(`delete from message_mentions where message_id = any ($1)`, [messageIds]);
}
