import { withClient } from './databases';

/** Inserts two people and a group with many messages, some of them edited. It uses SQL, because the server would be too slow. */
export async function fillWithMessages(url: string, count: number): Promise<string> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ id: string }>(`
      with people as (
        insert into users (id, username, password_hash, display_name)
        select gen_random_uuid(), 'filler-' || substr(md5(random()::text), 1, 12), 'x', 'Filler'
        from generate_series(1, 2) returning id),
      conversation as (
        insert into conversations (id, type, title, created_by, last_seq)
        select gen_random_uuid(), 'group', 'filled', min(id::text)::uuid, ${count} from people returning id, created_by),
      present as (
        insert into conversation_participants (conversation_id, user_id, role)
        select c.id, p.id, case when p.id = c.created_by then 'owner' else 'member' end from conversation c, people p)
      select id from conversation`);
    const { id } = rows[0]!;
    await client.query(
      `insert into chat_messages (id, conversation_id, seq, sender_id, body)
       select gen_random_uuid(), c.id, n, c.created_by, 'message ' || n || E'\\t' || repeat(md5(n::text), 6)
       from conversations c, generate_series(1, ${count}) n where c.id = $1`,
      [id],
    );
    return id;
  });
}
