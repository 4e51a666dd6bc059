import type { EntityManager } from 'typeorm';

/**
 * Hides from each of the two people of a direct conversation what the other changes in it from now on. The caller holds
 * the conversation's lock. A second block changes nothing: the position of the conversation when the first block began
 * counts.
 */
export async function hideFromEachOther(manager: EntityManager, conversationId: string): Promise<void> {
  await manager.query(
    `with hidden as (
       update conversations set blocked_rev = last_rev where id = $1 and blocked_rev is null returning id)
     update conversation_participants p set shown_read_seq = p.read_seq from hidden where p.conversation_id = hidden.id`,
    [conversationId],
  );
}

/**
 * Undoes `hideFromEachOther` once no block stands any more. Each message that was changed meanwhile takes a new `rev`,
 * in the order of the changes. The cursors of both clients have passed the old `rev`, so only a new one brings them the
 * change. The caller holds the conversation's lock. Served by `chat_messages_rev_idx`.
 * @returns the changed messages, by `rev`
 */
export async function showToEachOther(manager: EntityManager, conversationId: string): Promise<string[]> {
  const [rows] = await manager.query<[{ id: string; rev: number }[], number]>(
    `with changed as materialized (
       select m.id, row_number() over (order by m.rev) as n
       from conversations c join chat_messages m on m.conversation_id = c.id and m.rev > c.blocked_rev and m.rev > 0
       where c.id = $1),
     shown as (
       update conversations set blocked_rev = null, last_rev = last_rev + (select count(*) from changed)
       where id = $1 and blocked_rev is not null
       returning last_rev - (select count(*) from changed) as before),
     positions as (
       update conversation_participants set shown_read_seq = null where conversation_id = $1)
     update chat_messages m set rev = shown.before + changed.n
     from changed, shown where m.id = changed.id
     returning m.id, m.rev`,
    [conversationId],
  );
  return rows.sort((a, b) => a.rev - b.rev).map(({ id }) => id);
}
