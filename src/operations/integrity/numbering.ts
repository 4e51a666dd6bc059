import type { IntegrityCheck } from './finding';

/** `seq` and `rev` count without a hole, and the counters of a conversation agree with what they counted (G3, G4). */
export const NUMBERING: readonly IntegrityCheck[] = [
  {
    kind: 'seq-hole',
    sql: `
      select c.id as place, format('last_seq is %s, but there are %s messages up to seq %s, and seq %s is missing',
        c.last_seq, held.count, coalesce(held.highest, 0),
        (select min(n) from generate_series(1, greatest(c.last_seq, held.highest)) n
         where not exists (select from chat_messages m where m.conversation_id = c.id and m.seq = n))) as detail
      from conversations c
      cross join lateral (
        select count(*) as count, max(m.seq) as highest from chat_messages m where m.conversation_id = c.id) held
      where (held.count <> c.last_seq or coalesce(held.highest, 0) > c.last_seq)
        and not (c.deleted_at is not null and held.count = 0)`,
  },
  {
    kind: 'duplicate-message',
    // By reading the table: an index that has lost an entry would not tell.
    sql: `
      select id as place, format('%s rows have this id', count(*)) as detail
      from chat_messages group by id having count(*) > 1
      union all
      select conversation_id, format('%s messages have seq %s', count(*), seq)
      from chat_messages group by conversation_id, seq having count(*) > 1`,
  },
  {
    kind: 'rev-ahead',
    sql: `
      select c.id as place, format('last_rev is %s, but rev %s was taken', c.last_rev, max(taken.rev)) as detail
      from conversations c join (
        select conversation_id, rev from chat_messages where rev > 0
        union all select conversation_id, rev from conversation_participants
        union all select id, settings_rev from conversations) taken on taken.conversation_id = c.id
      group by c.id having max(taken.rev) > c.last_rev`,
  },
  {
    kind: 'rev-lost',
    // Earlier ones may have been taken again by the same row; the last one must still be where it was taken.
    sql: `
      select c.id as place, format('nothing holds rev %s, the last one', c.last_rev) as detail
      from conversations c
      where c.last_rev > 0 and c.settings_rev <> c.last_rev
        and not (c.deleted_at is not null and not exists (select from chat_messages m where m.conversation_id = c.id))
        and not exists (select from chat_messages m
          where m.conversation_id = c.id and m.rev > 0 and m.rev = c.last_rev)
        and not exists (select from conversation_participants p where p.conversation_id = c.id and p.rev = c.last_rev)`,
  },
  {
    kind: 'rev-twice',
    sql: `
      select conversation_id as place, format('rev %s was taken %s times', rev, count(*)) as detail
      from (
        select conversation_id, rev from chat_messages where rev > 0
        union all select conversation_id, rev from conversation_participants where rev > 0
        union all select id, settings_rev from conversations where settings_rev > 0) taken
      group by conversation_id, rev having count(*) > 1`,
  },
  {
    kind: 'rev-missing',
    sql: `
      select id as place, 'was changed without a rev, so that nobody could be told' as detail
      from chat_messages
      where rev = 0 and (edited_at is not null or deleted_at is not null or version is not null or pinned_at is not null)
      union all
      select distinct m.id, 'has a reaction that is newer than its last change'
      from message_reactions r join chat_messages m on m.id = r.message_id where r.rev > m.rev`,
  },
  {
    kind: 'read-position',
    sql: `
      select c.id as place,
        format('user %s has read up to %s of %s', p.user_id, greatest(p.read_seq, p.hidden_seq), c.last_seq) as detail
      from conversation_participants p join conversations c on c.id = p.conversation_id
      where p.read_seq > c.last_seq or p.read_seq < 0 or p.hidden_seq > c.last_seq`,
  },
];
