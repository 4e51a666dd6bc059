import type { EntityManager } from 'typeorm';

/** Digests the content of a conversation into 32 bytes, which a backup, a migration or a move does not change. */
export interface ContentDigest {
  readonly conversationId: string;
  readonly messages: number;
  /** SHA-256, hexadecimal. */
  readonly digest: string;
}

const milliseconds = (column: string): string => `(extract(epoch from ${column}) * 1000)::bigint`;

/**
 * The digests of all conversations, by id. They cover every message with its `seq`, texts, versions and their parents,
 * and all present and former participants. They include reactions, mentions and attachments only where there are any, so that a
 * schema without them has the same digests. They leave out per-user values (read positions) and those of the moment.
 */
export async function contentDigests(manager: EntityManager): Promise<ContentDigest[]> {
  const [{ hasReactions, hasMentions, hasAttachments }] = await manager.query<
    [{ hasReactions: boolean; hasMentions: boolean; hasAttachments: boolean }]
  >(
    `select to_regclass('public.message_reactions') is not null as "hasReactions",
       to_regclass('public.message_mentions') is not null as "hasMentions",
       to_regclass('public.attachments') is not null as "hasAttachments"`,
  );
  const reactions = hasReactions
    ? `(select jsonb_agg(jsonb_build_array(r.emoji, r.user_id, r.rev) order by r.emoji, r.user_id)
        from message_reactions r where r.message_id = m.id)`
    : 'null::jsonb';
  const mentions = hasMentions
    ? `(select jsonb_agg(jsonb_build_array(n.position, n.user_id) order by n.position)
        from message_mentions n where n.message_id = m.id)`
    : 'null::jsonb';
  const attachments = hasAttachments
    ? `(select jsonb_agg(jsonb_build_array(a.id, a.name, a.type, a.size, a.sha256) order by a.position)
        from attachments a where a.message_id = m.id)`
    : 'null::jsonb';
  const rows: { id: string; messages: number; digest: string }[] = await manager.query(`
    with message as (
      select m.conversation_id, m.seq, md5(jsonb_build_array(
        m.id, m.seq, m.rev, m.sender_id, m.type, m.body, m.reply_to_id, m.version, m.parents,
        ${milliseconds('m.created_at')}, ${milliseconds('m.edited_at')}, ${milliseconds('m.deleted_at')},
        ${milliseconds('m.pinned_at')},
        (select jsonb_agg(jsonb_build_array(v.number, v.version, v.parents, v.body, v.author_id) order by v.number)
         from message_versions v where v.message_id = m.id))::text || coalesce(${reactions}::text, '')
        || coalesce(${mentions}::text, '') || coalesce(${attachments}::text, '')) as digest
      from chat_messages m),
    said as (
      select conversation_id, count(*) as messages, string_agg(digest, '' order by seq) as digests
      from message group by conversation_id),
    present as (
      select conversation_id, md5(jsonb_agg(jsonb_build_array(
        user_id, role, rev, ${milliseconds('joined_at')}, ${milliseconds('left_at')}) order by user_id)::text) as digest
      from conversation_participants group by conversation_id)
    select c.id, coalesce(said.messages, 0) as messages, encode(sha256(convert_to(concat_ws('/',
      jsonb_build_array(c.id, c.type, c.title, c.description, c.last_seq, c.last_rev, ${milliseconds('c.deleted_at')})::text,
      present.digest, said.digests), 'UTF8')), 'hex') as digest
    from conversations c
    left join said on said.conversation_id = c.id
    left join present on present.conversation_id = c.id
    order by c.id`);
  return rows.map(({ id, messages, digest }) => ({ conversationId: id, messages, digest }));
}
