import { withClient } from './databases';

/** Inserts groups of ten people with messages, numbered as the server does. Every hundredth message is edited. */
export async function fill(url: string, size: { conversations: number; messages: number }): Promise<void> {
  await withClient(url, async (client) => {
    await client.query(
      `insert into users (id, username, password_hash, display_name)
       select gen_random_uuid(), 'filler-' || n, '-', 'filler ' || n from generate_series(1, 10) n`,
    );
    await client.query(
      `insert into conversations (id, type, title, last_seq, last_rev)
       select gen_random_uuid(), 'group', 'filled ' || n, $2::integer, $2::integer / 100 from generate_series(1, $1::integer) n`,
      [size.conversations, size.messages],
    );
    await client.query(
      `insert into conversation_participants (conversation_id, user_id, role)
       select c.id, u.id, case when u.username = 'filler-1' then 'owner' else 'member' end
       from conversations c, users u where u.username like 'filler-%'`,
    );
    await client.query(
      `insert into chat_messages (id, conversation_id, seq, rev, sender_id, body, version, edited_at)
       select gen_random_uuid(), c.id, n, case when n % 100 = 0 then n / 100 else 0 end, u.id, 'text ' || n || ' ü 🎈',
         case when n % 100 = 0 then 'second' end, case when n % 100 = 0 then now() end
       from conversations c, generate_series(1, $1::integer) n
       join users u on u.username = 'filler-' || (n % 10 + 1)`,
      [size.messages],
    );
    await client.query(
      `insert into message_versions (message_id, number, version, parents, body, author_id)
       select m.id, v.number, case v.number when 1 then m.id::text else 'second' end,
         case v.number when 1 then '{}'::text[] else array[m.id::text] end,
         case v.number when 1 then 'as first sent' else m.body end, m.sender_id
       from chat_messages m, (values (1), (2)) as v (number) where m.version is not null`,
    );
    await client.query('analyze');
  });
}
