import type { IntegrityCheck } from './finding';

/** An erased person is named nowhere: at once, except in messages and the authentication log, which take a while. */
export const ERASURES: readonly IntegrityCheck[] = [
  {
    kind: 'erasure-half',
    sql: `
      select u.id as place, 'was erased, and ' || case
          when e.user_id is null then 'it is not known what becomes of the messages'
          when u.email is not null or u.avatar_url is not null or u.status is not null or u.password_hash <> '!'
            or u.username !~ '^erased-' then 'has personal data'
          when exists (select from sessions s where s.user_id = u.id) then 'has a session'
          when exists (select from user_presence p where p.user_id = u.id) then 'has a last time online'
          when exists (select from conversation_participants p where p.user_id = u.id and p.left_at is null)
            then 'takes part in a conversation'
          else 'has friends, requests or blocks' end as detail
      from users u left join erasures e on e.user_id = u.id
      where u.erased_at is not null and (e.user_id is null
        or u.email is not null or u.avatar_url is not null or u.status is not null or u.password_hash <> '!'
        or u.username !~ '^erased-'
        or exists (select from sessions s where s.user_id = u.id)
        or exists (select from user_presence p where p.user_id = u.id)
        or exists (select from conversation_participants p where p.user_id = u.id and p.left_at is null)
        or exists (select from friendships f where u.id in (f.user_low_id, f.user_high_id))
        or exists (select from friend_requests r where u.id in (r.sender_id, r.recipient_id))
        or exists (select from blocks b where u.id in (b.blocker_id, b.blocked_id)))
      union all
      select e.user_id, 'is to be erased, and was not' from erasures e join users u on u.id = e.user_id
      where u.erased_at is null`,
  },
  {
    kind: 'erasure-unfinished',
    // A server goes on with one that is under way within seconds.
    sql: `
      select e.user_id as place, case
          when e.finished_at is null then 'was erased more than a day ago, and nobody works on what is left'
          else 'still is the sender or author of messages, has reacted to some, is mentioned in some, has attachments, or is in the authentication log' end as detail
      from erasures e
      where (e.finished_at is null and e.erased_at < now() - interval '1 day')
        or (e.finished_at is not null and (
          exists (select from chat_messages m where m.sender_id = e.user_id)
          or exists (select from message_versions v where v.author_id = e.user_id)
          or exists (select from message_reactions r where r.user_id = e.user_id)
          or exists (select from message_mentions n where n.user_id = e.user_id)
          or exists (select from attachments f where f.uploader_id = e.user_id)
          or exists (select from authentication_events a where a.user_id = e.user_id)))`,
  },
];
