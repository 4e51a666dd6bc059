import { query } from './servers';

/** Adds messages by SQL, because there are too many for the API. Everybody has read them. */
export async function addMessages(
  databaseUrl: string,
  conversationId: string,
  senderId: string,
  count: number,
): Promise<void> {
  await query(
    databaseUrl,
    `with moved as (
       update conversations set last_seq = last_seq + $3 where id = $1 returning last_seq - $3 as seq),
     seen as (
       update conversation_participants set read_seq = moved.seq + $3 from moved where conversation_id = $1)
     insert into chat_messages (id, conversation_id, seq, sender_id, body)
     select gen_random_uuid(), $1, moved.seq + n, $2, repeat('x', 120)
     from moved cross join generate_series(1, $3::bigint) n`,
    [conversationId, senderId, count],
  );
}
