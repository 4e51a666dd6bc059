import type { EntityManager } from 'typeorm';

/**
 * Conversations that were deleted more than `days` days ago and still have messages. Reads all conversations; housekeeping
 * does it once a round.
 */
export async function deletedConversations(manager: EntityManager, days: number): Promise<string[]> {
  const rows: { id: string }[] = await manager.query(
    `select c.id from conversations c
     where c.deleted_at < now() - make_interval(days => $1)
       and exists (select from chat_messages m where m.conversation_id = c.id)`,
    [days],
  );
  return rows.map(({ id }) => id);
}

/**
 * Deletes up to `limit` messages, with their versions, reactions and search entries. The newest go first, since a reply is
 * newer than its target. An attachment loses its message and its uploader together, which makes it garbage at once. Served by `chat_messages_conversation_seq_key`.
 */
export async function deleteMessagesOf(
  manager: EntityManager,
  conversationId: string,
  limit: number,
): Promise<number> {
  const [row]: { deleted: number }[] = await manager.query(
    `with page as (
       select id from chat_messages where conversation_id = $1 order by seq desc limit $2),
     released as (
       update attachments a set message_id = null, uploader_id = null from page where a.message_id = page.id),
     gone as (delete from chat_messages m using page where m.id = page.id returning true)
     select count(*) as deleted from gone`,
    [conversationId, limit],
  );
  return row!.deleted;
}
