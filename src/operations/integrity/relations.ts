import type { IntegrityCheck } from './finding';

/** Checks relationships and memberships against the rules. */
export const RELATIONS: readonly IntegrityCheck[] = [
  {
    kind: 'group-owner',
    sql: `
      select c.id as place, format('has %s owners', count(*) filter (where p.role = 'owner')) as detail
      from conversations c join conversation_participants p on p.conversation_id = c.id and p.left_at is null
      where c.type = 'group' and c.deleted_at is null
      group by c.id having count(*) filter (where p.role = 'owner') <> 1`,
  },
  {
    kind: 'direct-participants',
    sql: `
      select c.id as place, format('is of %s people', count(p.user_id)) as detail
      from conversations c left join conversation_participants p on p.conversation_id = c.id
      left join users u on u.id = p.user_id
      where c.type = 'direct'
      group by c.id, c.direct_key
      having count(p.user_id) <> 2 or bool_or(p.role <> 'member' or (p.left_at is null) <> (u.erased_at is null))
        or c.direct_key <> min(p.user_id::text) || ':' || max(p.user_id::text)`,
  },
  {
    kind: 'sender-outside',
    sql: `
      select m.id as place, format('its sender %s never was in the conversation', m.sender_id) as detail
      from chat_messages m
      where m.sender_id is not null and not exists (
        select from conversation_participants p
        where p.conversation_id = m.conversation_id and p.user_id = m.sender_id)`,
  },
  {
    kind: 'reaction-outside',
    sql: `
      select r.message_id as place, format('user %s reacted and never was in the conversation', r.user_id) as detail
      from message_reactions r join chat_messages m on m.id = r.message_id
      where not exists (
        select from conversation_participants p
        where p.conversation_id = m.conversation_id and p.user_id = r.user_id)`,
  },
  {
    kind: 'mention-outside',
    sql: `
      select n.message_id as place, format('mentions user %s, who never was in the conversation', n.user_id) as detail
      from message_mentions n
      where n.user_id is not null and not exists (
        select from conversation_participants p
        where p.conversation_id = n.conversation_id and p.user_id = n.user_id)`,
  },
  {
    kind: 'mention-place',
    sql: `
      select n.message_id as place, format('mentions somebody at position %s of %s', n.seq, n.conversation_id) as detail
      from message_mentions n join chat_messages m on m.id = n.message_id
      where n.conversation_id <> m.conversation_id or n.seq <> m.seq`,
  },
  {
    kind: 'attachment-flag',
    sql: `
      select m.id as place, case when m.has_attachments then 'says that it carries attachments, and has none'
        else 'carries attachments, and does not say so' end as detail
      from chat_messages m
      where m.has_attachments <> exists (select from attachments a where a.message_id = m.id)`,
  },
  {
    kind: 'attachment-foreign',
    sql: `
      select a.id as place, format('is of %s, and %s has sent the message', a.uploader_id, m.sender_id) as detail
      from attachments a join chat_messages m on m.id = a.message_id
      where a.uploader_id is distinct from m.sender_id`,
  },
  {
    kind: 'friends-blocked',
    sql: `
      select f.user_low_id as place, format('is a friend of %s, and one has blocked the other', f.user_high_id) as detail
      from friendships f join blocks b
        on (b.blocker_id, b.blocked_id) in ((f.user_low_id, f.user_high_id), (f.user_high_id, f.user_low_id))`,
  },
  {
    kind: 'request-open',
    sql: `
      select r.id as place, 'is pending between people who are friends, or of whom one has blocked the other' as detail
      from friend_requests r
      where r.status = 'pending' and (
        exists (select from friendships f
          where f.user_low_id = least(r.sender_id, r.recipient_id)
            and f.user_high_id = greatest(r.sender_id, r.recipient_id))
        or exists (select from blocks b where (b.blocker_id, b.blocked_id)
          in ((r.sender_id, r.recipient_id), (r.recipient_id, r.sender_id))))`,
  },
];
