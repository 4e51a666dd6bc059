import type { EntityManager } from 'typeorm';
import { derivedId } from './derived-id';
import { madeAt, pastTimeOf, userOf, UUID_PATTERN } from './sql';

/** Characters, as in the API. */
const MESSAGE_LENGTH = 500;

export interface OldRow {
  readonly table: string;
  readonly key: string;
}

/** Imports all rows of the pairs, or only the row `only`. */
export async function importPairs(manager: EntityManager, names: string[], only?: OldRow): Promise<void> {
  await manager.query(FRIENDS, [
    names,
    ...(await derivedRequestIds(manager, names)),
    only?.table ?? null,
    only?.key ?? null,
  ]);
}

/** Derives ids for friend requests whose old key is not a UUID or is already used. */
async function derivedRequestIds(manager: EntityManager, pairs: string[]): Promise<[string[], string[]]> {
  const rows = await manager.query<{ source_key: string }[]>(
    `select r.source_key from legacy_rows r
     where r.source_table = 'friend_requests' and r.belongs_to = any ($1)
       and (r.source_key !~ ${UUID_PATTERN} or exists (select from friend_requests taken
         where taken.id = case when r.source_key ~ ${UUID_PATTERN} then r.source_key::uuid end))`,
    [pairs],
  );
  const keys = rows.map((row) => row.source_key);
  return [keys, keys.map((key) => derivedId('friend_requests', key))];
}

const SENDER = userOf('sender', `coalesce(r.row->>'from_user_id', r.row->>'user_id')`);
const RECIPIENT = userOf('recipient', `coalesce(r.row->>'to_user_id', r.row->>'contact_user_id')`);

const FRIENDS = `
  with source as materialized (
    select r.source_table, r.source_key, r.sort_at, r.row, sender.target_id as sender_id,
      recipient.target_id as recipient_id,
      case r.source_table when 'contacts' then 'contact' else coalesce(r.row->>'status', 'pending') end as status,
      coalesce(derived.id, case when r.source_key ~ ${UUID_PATTERN} then r.source_key::uuid end) as id
    from legacy_rows r
    left join unnest($2::text[], $3::uuid[]) as derived (key, id)
      on derived.key = r.source_key and r.source_table = 'friend_requests'
    ${SENDER} ${RECIPIENT}
    where r.source_table in ('friend_requests', 'contacts') and r.belongs_to = any ($1)
      and ($4::text is null or (r.source_table, r.source_key) = ($4, $5::text))
      and not exists (select from legacy_quarantine q
        where q.source_table = r.source_table and q.source_key = r.source_key)),
  judged as materialized (
    select s.*, least(sender_id, recipient_id) as low_id, greatest(sender_id, recipient_id) as high_id, case
      when sender_id is null or recipient_id is null then 'user-missing'
      when sender_id = recipient_id then 'same-user'
      when status not in ('contact', 'pending', 'accepted', 'rejected', 'blocked') then 'status-unknown' end as reason
    from source s),
  rejected as (
    insert into legacy_quarantine (source_table, source_key, reason, row)
    select source_table, source_key, reason, row from judged where reason is not null),
  pairs as materialized (
    select low_id, high_id, bool_or(status = 'blocked') as is_blocked,
      bool_or(status in ('contact', 'accepted')) or count(distinct sender_id) filter (where status = 'pending') > 1
        as are_friends,
      min(coalesce(${pastTimeOf('row', 'responded_at')}, ${madeAt('sort_at')}))
        filter (where status in ('contact', 'accepted', 'pending')) as since
    from judged where reason is null group by low_id, high_id),
  blocked as (
    insert into blocks (blocker_id, blocked_id, created_at)
    select distinct on (recipient_id, sender_id) recipient_id, sender_id,
      coalesce(${pastTimeOf('row', 'responded_at')}, ${madeAt('sort_at')})
    from judged where reason is null and status = 'blocked'
    order by recipient_id, sender_id, sort_at, source_key
    on conflict do nothing),
  befriended as (
    insert into friendships (user_low_id, user_high_id, created_at)
    select low_id, high_id, since from pairs where are_friends and not is_blocked
    on conflict do nothing),
  answered as materialized (
    select j.*, case
      when j.status = 'accepted' or (j.status = 'pending' and p.are_friends and not p.is_blocked) then 'accepted'
      when j.status = 'pending' and not p.is_blocked then 'pending'
      else 'declined' end as outcome
    from judged j join pairs p using (low_id, high_id)
    where j.reason is null and j.source_table = 'friend_requests'),
  ranked as materialized (
    select a.*, first_value(a.id) over (
      partition by a.sender_id, a.recipient_id, a.outcome order by a.sort_at, a.source_key) as target_id
    from answered a),
  inserted as (
    insert into friend_requests (id, sender_id, recipient_id, status, message, created_at, responded_at)
    select id, sender_id, recipient_id, outcome, left(row->>'message', ${MESSAGE_LENGTH}), ${madeAt('sort_at')},
      case when outcome <> 'pending' then coalesce(${pastTimeOf('row', 'responded_at')}, ${madeAt('sort_at')}) end
    from ranked where id = target_id),
  found as (
    insert into legacy_findings (kind, source_table, source_key, detail)
    select f.kind, 'friend_requests', ranked.source_key, f.detail from ranked cross join lateral (values
      ('request-merged', case when id <> target_id then 'is one with ' || target_id end),
      ('request-message-cut', case when length(row->>'message') > ${MESSAGE_LENGTH}
        then format('has %s characters; legacy_rows keeps all of them', length(row->>'message')) end),
      ('request-answered', case when status = 'pending' and outcome <> 'pending' then 'was open, is ' || outcome end)
    ) as f (kind, detail) where f.detail is not null)
  insert into legacy_mappings (source_table, source_key, target_id)
  select 'friend_requests', source_key, target_id from ranked
  union all
  select 'contacts', source_key, null from judged where reason is null and source_table = 'contacts'`;

/** Creates an empty direct conversation for each friendship that has none. */
export async function openDirectConversations(manager: EntityManager, pairs: string[]): Promise<void> {
  const missing = await manager.query<{ key: string }[]>(
    `select distinct f.user_low_id || ':' || f.user_high_id as key
     from legacy_rows r
     ${SENDER} ${RECIPIENT}
     join friendships f on f.user_low_id = least(sender.target_id, recipient.target_id)
       and f.user_high_id = greatest(sender.target_id, recipient.target_id)
     where r.source_table in ('friend_requests', 'contacts') and r.belongs_to = any ($1)
       and not exists (select from conversations c where c.direct_key = f.user_low_id || ':' || f.user_high_id)`,
    [pairs],
  );
  const keys = missing.map(({ key }) => key);
  await manager.query(
    `with fresh as (
       select n.key, n.id, split_part(n.key, ':', 1)::uuid as low_id, split_part(n.key, ':', 2)::uuid as high_id
       from unnest($1::text[], $2::uuid[]) as n (key, id)),
     opened as (
       insert into conversations (id, type, direct_key, created_at, updated_at, active_at)
       select n.id, 'direct', n.key, f.created_at, f.created_at, f.created_at
       from fresh n join friendships f on (f.user_low_id, f.user_high_id) = (n.low_id, n.high_id)
       returning *),
     mapped as (
       insert into legacy_mappings (source_table, source_key, target_id)
       select 'friendships', direct_key, id from opened)
     insert into conversation_participants (conversation_id, user_id, role, joined_at)
     select o.id, split_part(o.direct_key, ':', half)::uuid, 'member', o.created_at
     from opened o cross join (values (1), (2)) halves (half)`,
    [keys, keys.map((key) => derivedId('friendships', key))],
  );
}
