import type { IntegrityCheck } from './finding';

const LINKED = `
  select v.message_id, v.number, v.version, v.parents, v.body,
    lag(v.version) over history as previous, lag(v.number) over history as previous_number,
    v.number = max(v.number) over (partition by v.message_id) as is_newest
  from message_versions v
  window history as (partition by v.message_id order by v.number)`;

/** The versions of a message are a line that ends in the message as it is. */
export const HISTORIES: readonly IntegrityCheck[] = [
  {
    kind: 'version-hole',
    sql: `
      select message_id as place, format('version %s follows version %s', number, coalesce(previous_number, 0)) as detail
      from (${LINKED}) linked where number <> coalesce(previous_number, 0) + 1`,
  },
  {
    kind: 'version-parent',
    sql: `
      select message_id as place, format('version %s is not based on the one before it', number) as detail
      from (${LINKED}) linked
      where parents <> case when previous is null then array[]::text[] else array[previous] end`,
  },
  {
    kind: 'version-first',
    sql: `
      select message_id as place, 'its first version is not named like the message' as detail
      from message_versions where number = 1 and version <> message_id::text`,
  },
  {
    kind: 'version-current',
    sql: `
      select m.id as place, 'its newest version is not the message as it is' as detail
      from chat_messages m left join (${LINKED}) newest on newest.message_id = m.id and newest.is_newest
      where (m.version is not null or newest.message_id is not null)
        and (m.version is distinct from newest.version or m.parents is distinct from newest.parents
          or m.body is distinct from newest.body)`,
  },
  {
    kind: 'version-of-deleted',
    sql: `
      select m.id as place, format('was deleted, but version %s still has its text', v.number) as detail
      from chat_messages m join message_versions v on v.message_id = m.id
      where m.deleted_at is not null and v.body is not null`,
  },
  {
    kind: 'deleted-marked',
    sql: `
      select m.id as place, 'was deleted, but still has reactions or is pinned' as detail
      from chat_messages m
      where m.deleted_at is not null
        and (m.pinned_at is not null or exists (select from message_reactions r where r.message_id = m.id))`,
  },
  {
    kind: 'reply-elsewhere',
    sql: `
      select m.id as place, format('answers message %s of another conversation', target.id) as detail
      from chat_messages m join chat_messages target on target.id = m.reply_to_id
      where target.conversation_id <> m.conversation_id`,
  },
];
