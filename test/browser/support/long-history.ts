import { withClient } from '../../support/databases';
import type { Person } from '../../support/people';

/**
 * Inserts this many messages of one user into an empty conversation: short and long ones, with some Markdown. Every seventh
 * replies to one a few places before it. It uses SQL, because the server would be too slow.
 */
export async function fillHistory(
  databaseUrl: string,
  conversationId: string,
  sender: Person,
  count: number,
): Promise<void> {
  await withClient(databaseUrl, async (client) => {
    await client.query(
      `with numbered as (select n, gen_random_uuid() as id from generate_series(1, $3::integer) n)
       insert into chat_messages (id, conversation_id, seq, sender_id, body, reply_to_id, created_at)
       select id, $1, n, $2,
              'number ' || n || case when n % 5 = 0 then ' is **bold**, see https://example.org/' || n else '' end
                || repeat(' and more of it', n % 17),
              case when n % 7 = 0 then lag(id, 5) over (order by n) end,
              now() - (($3::integer - n) || ' minutes')::interval
       from numbered`,
      [conversationId, sender.id, count],
    );
    await client.query('update conversations set last_seq = $2 where id = $1', [conversationId, count]);
  });
}
