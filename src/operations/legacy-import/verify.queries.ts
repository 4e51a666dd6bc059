import { lookupKey, madeAt, textArrayOf, timeOf, userOf } from './sql';

/** A query whose rows are differences; `place` names the row, edge or conversation. */
interface Comparison {
  readonly kind: string;
  readonly sql: string;
}

const place = (alias: string): string => `${alias}.source_table || ' ' || ${alias}.source_key as place`;

/** The expected state of each conversation, from the old rows. */
const EXPECTED = `
  select r.source_table, r.source_key, r.sort_at, o.message_id, c.id as conversation_id,
    case r.source_table when 'messages' then r.row->>'text' else r.row->>'content' end as body,
    case r.source_table when 'messages' then 'text' else coalesce(r.row->>'message_type', 'text') end as type,
    case r.source_table when 'messages' then r.row->>'version' else r.row->>'braid_version' end as version,
    case r.source_table when 'messages' then history.parents else ${textArrayOf(`r.row->'braid_parents'`)} end as parents,
    coalesce(sender.target_id, case when c.type = 'group' then i.placeholder_id end) as sender_id,
    r.row->>'author' as author, ${timeOf('r.row', 'timestamp')} as client_time
  from legacy_rows r
  cross join legacy_imports i
  left join legacy_message_origins o on o.source_table = r.source_table and o.source_key = r.source_key
  left join legacy_versions history on history.source_key = o.history_key
  left join legacy_mappings m on m.source_table = 'conversations' and m.source_key = ${lookupKey(`r.row->>'conversation_id'`)}
  left join conversations c on c.id = case r.source_table when 'messages' then i.room_id else m.target_id end
  ${userOf('sender', `coalesce(r.row->>'user_id', r.row->>'sender_id')`)}
  where r.source_table in ('messages', 'chat_messages')
    and not exists (select from legacy_quarantine q
      where q.source_table = r.source_table and q.source_key = r.source_key)`;

const milliseconds = (column: string): string =>
  `(extract(epoch from ${column}::timestamptz(3)) * 1000)::bigint`;

const digestOf = (version: string): string => `
  count(*) as messages, md5(string_agg(md5(jsonb_build_array(
    message_id, seq, sender_id, type, body, ${milliseconds('made_at')}, ${version})::text), '' order by seq)) as digest`;

/** An edge as in the source. */
const SOURCE_EDGES = `
  select r.source_key, e.place as position, r.row->>'version_id' as version, e.parent
  from legacy_rows r
  cross join lateral unnest(
    ${textArrayOf(`coalesce(nullif(r.row->'parents', 'null'), r.row->'parent_versions')`)}) with ordinality as e (parent, place)
  where r.source_table = 'version_history' and r.row->>'version_id' <> ''`;

export const DIFFERENCES: readonly Comparison[] = [
  {
    kind: 'source-row-not-read',
    sql: `select ${place('s')} from legacy_seen s
      left join legacy_rows r using (source_table, source_key) where r.source_key is null`,
  },
  {
    kind: 'source-row-gone',
    sql: `select ${place('r')} from legacy_rows r
      left join legacy_seen s using (source_table, source_key) where s.source_key is null`,
  },
  {
    kind: 'source-row-changed',
    sql: `select ${place('s')} from legacy_seen s
      join legacy_rows r using (source_table, source_key) where md5(r.row::text) <> s.digest`,
  },
  {
    kind: 'row-without-one-outcome',
    sql: `select ${place('r')} from legacy_rows r
      left join (
        select source_table, source_key, count(*) as count from (
          select source_table, source_key from legacy_mappings
          union all select source_table, source_key from legacy_message_origins
          union all select 'version_history', source_key from legacy_versions
          union all select source_table, source_key from legacy_quarantine) ended
        group by 1, 2) outcome using (source_table, source_key)
      where outcome.count is distinct from 1`,
  },
  {
    kind: 'quarantined-row-differs',
    sql: `select ${place('q')} from legacy_quarantine q
      left join legacy_rows r using (source_table, source_key) where r.row is distinct from q.row`,
  },
  {
    kind: 'user-missing',
    sql: `select ${place('m')} from legacy_mappings m left join users u on u.id = m.target_id
      where m.source_table = 'users' and u.id is null`,
  },
  {
    kind: 'participant-missing',
    sql: `select ${place('r')} from legacy_rows r
      join legacy_mappings m using (source_table, source_key)
      ${userOf('u', `r.row->>'user_id'`)}
      left join conversation_participants p on p.conversation_id = m.target_id and p.user_id = u.target_id
      where r.source_table = 'conversation_participants' and p.user_id is null`,
  },
  {
    kind: 'friend-request-missing',
    sql: `select ${place('m')} from legacy_mappings m left join friend_requests f on f.id = m.target_id
      where m.source_table = 'friend_requests' and f.id is null`,
  },
  {
    kind: 'friendship-missing',
    sql: `select ${place('r')} from legacy_rows r
      join legacy_mappings m using (source_table, source_key)
      ${userOf('one', `r.row->>'user_id'`)} ${userOf('other', `r.row->>'contact_user_id'`)}
      where r.source_table = 'contacts'
        and not exists (select from friendships f
          where f.user_low_id = least(one.target_id, other.target_id)
            and f.user_high_id = greatest(one.target_id, other.target_id))
        and not exists (select from blocks b where (b.blocker_id, b.blocked_id)
          in ((one.target_id, other.target_id), (other.target_id, one.target_id)))`,
  },
  {
    kind: 'message-origin-differs',
    sql: `select ${place('e')} from (${EXPECTED}) e
      left join legacy_message_origins o on o.message_id = e.message_id
      where o.message_id is null or (o.version, o.parents, o.author, o.client_time)
        is distinct from (e.version, e.parents, e.author, e.client_time)`,
  },
  {
    kind: 'conversation-differs',
    sql: `
      with expected as (
        select conversation_id, ${digestOf('version')} from (
          select e.*, ${madeAt('e.sort_at')} as made_at,
            row_number() over (partition by e.conversation_id order by e.sort_at, e.source_key) as seq
          from (${EXPECTED}) e) numbered
        group by conversation_id),
      stored as (
        select conversation_id, ${digestOf('version')} from (
          select m.id as message_id, m.conversation_id, m.seq, m.sender_id, m.type, m.created_at as made_at, o.version,
            coalesce((select v.body from message_versions v where v.message_id = m.id and v.number = 1), m.body) as body
          from legacy_message_origins o join chat_messages m on m.id = o.message_id) imported
        group by conversation_id)
      select conversation_id as place from expected full join stored using (conversation_id)
      where (expected.messages, expected.digest) is distinct from (stored.messages, stored.digest)`,
  },
  {
    kind: 'edge-differs',
    sql: `select source_key || ' ' || position as place
      from (${SOURCE_EDGES}) s full join legacy_version_edges e using (source_key, position)
      where (s.version, s.parent) is distinct from (e.version, e.parent)`,
  },
  {
    kind: 'parents-differ',
    sql: `select v.source_key as place from legacy_versions v
      left join legacy_rows r on r.source_table = 'version_history' and r.source_key = v.source_key
      where ${textArrayOf(`coalesce(nullif(r.row->'parents', 'null'), r.row->'parent_versions')`)} is distinct from v.parents`,
  },
];
