import type { EntityManager } from 'typeorm';
import { CONVERSATIONS_CHUNK } from './conversations';
import type { LegacyRun } from './legacy-run';
import { lookupKey, pastTimeOf, userOf } from './sql';
import { IN_WINDOW, recordRejection, attempt, stepOverRows, type Window } from './window';

/** All participants of the conversations of a window, except the users in parameter $8. */
const EVERYBODY = `
  with s as materialized (
    select r.source_key, c.* from legacy_rows r
    join legacy_mappings m on m.source_table = r.source_table and m.source_key = r.source_key
    join conversations c on c.id = m.target_id where ${IN_WINDOW}),
  present as materialized (
    select s.id as conversation_id, u.target_id as user_id,
      min(coalesce(${pastTimeOf('p.row', 'joined_at')}, s.created_at)) as joined_at
    from s
    join legacy_rows p on p.source_table = 'conversation_participants' and p.belongs_to = s.source_key
    join legacy_mappings u on u.source_table = 'users' and u.source_key = ${lookupKey(`p.row->>'user_id'`)}
    where s.type = 'group' group by s.id, u.target_id),
  lonely as materialized (
    select s.id as conversation_id, s.created_by as user_id, s.created_at as joined_at from s
    where s.type = 'group' and s.created_by is not null
      and not exists (select from present p where p.conversation_id = s.id)),
  ranked as materialized (
    select g.*, row_number() over (partition by g.conversation_id
      order by (g.user_id = c.created_by) desc nulls last, g.joined_at, g.user_id) as place
    from (select * from present union all select * from lonely) g join conversations c on c.id = g.conversation_id
    where g.user_id <> all ($8::uuid[])),
  everybody as (
    select conversation_id, user_id, case place when 1 then 'owner' else 'member' end as role, joined_at,
      null::timestamptz as left_at
    from ranked
    union all
    select distinct s.id, split_part(s.direct_key, ':', half)::uuid, 'member', s.created_at, null::timestamptz
    from s cross join (values (1), (2)) halves (half) where s.type = 'direct'
    union all
    select s.id, w.sender_id, 'member', min(w.created_at), max(s.active_at)
    from s join chat_messages w on w.conversation_id = s.id and w.sender_id is not null
    where s.type = 'group'
      and not exists (select from ranked r where r.conversation_id = s.id and r.user_id = w.sender_id)
    group by s.id, w.sender_id)`;

/**
 * Imports the participants of the old conversations. Users who have written and are no longer in a conversation become
 * former participants. A group's owner is its creator if still in it, else the user who joined first. All messages
 * count as read, as for users who join.
 */
export async function importParticipants(run: LegacyRun): Promise<void> {
  await stepOverRows(run, 'participants', 'conversations', (manager, window) => addPeople(manager, window), {
    limit: CONVERSATIONS_CHUNK,
    setAside: addOneByOne,
  });
  await stepOverRows(run, 'conversation_participants', 'conversation_participants', (manager, window) =>
    accountForRows(manager, window),
  );
}

/** Adds all participants, or only one user. */
async function addPeople(
  manager: EntityManager,
  window: Window,
  refused: readonly string[] = [],
  only?: string,
): Promise<void> {
  await manager.query(
    `${EVERYBODY}
     insert into conversation_participants (conversation_id, user_id, role, read_seq, joined_at, left_at)
     select e.conversation_id, e.user_id, e.role, c.last_seq, e.joined_at, e.left_at
     from everybody e join conversations c on c.id = e.conversation_id
     where $9::uuid is null or e.user_id = $9
     on conflict do nothing`,
    [...window.parameters, refused, only],
  );
}

/**
 * Adds the participants of a conversation that the database rejected as a whole. Participants that it rejects by
 * themselves are left out, and their rows go into quarantine. The next participant in order then owns the group.
 */
async function addOneByOne(manager: EntityManager, window: Window): Promise<void> {
  const people = await manager.query<{ user_id: string }[]>(
    `${EVERYBODY} select user_id from everybody
     group by user_id order by min(left_at) nulls first, min(role) desc, min(joined_at), user_id`,
    [...window.parameters, []],
  );
  const refused: string[] = [];
  for (const { user_id: userId } of people) {
    const refusal = await attempt(manager, () => addPeople(manager, window, refused, userId));
    if (refusal === undefined) continue;
    refused.push(userId);
    await quarantineRowsOf(manager, window, userId, `refused-${refusal}`);
  }
  if (refused.length > 0)
    await recordRejection(manager, window, 'participants-refused', `is without ${refused.join(', ')}`);
}

async function quarantineRowsOf(
  manager: EntityManager,
  window: Window,
  userId: string,
  reason: string,
): Promise<void> {
  await manager.query(
    `insert into legacy_quarantine (source_table, source_key, reason, row)
     select p.source_table, p.source_key, $8, p.row from legacy_rows r
     join legacy_rows p on p.source_table = 'conversation_participants' and p.belongs_to = r.source_key
     join legacy_mappings u on u.source_table = 'users' and u.source_key = ${lookupKey(`p.row->>'user_id'`)}
     where ${IN_WINDOW} and u.target_id = $9`,
    [...window.parameters, reason, userId],
  );
}

async function accountForRows(manager: EntityManager, window: Window): Promise<void> {
  await manager.query(
    `with source as materialized (
       select r.source_key, r.row, u.target_id as user_id, c.target_id as conversation_id
       from legacy_rows r
       ${userOf('u', `r.row->>'user_id'`)}
       left join legacy_mappings c on c.source_table = 'conversations' and c.source_key = r.belongs_to
       where ${IN_WINDOW} and not exists (select from legacy_quarantine q
         where q.source_table = r.source_table and q.source_key = r.source_key)),
     rejected as (
       insert into legacy_quarantine (source_table, source_key, reason, row)
       select 'conversation_participants', source_key,
         case when conversation_id is null then 'conversation-missing' else 'user-missing' end, row
       from source where conversation_id is null or user_id is null)
     insert into legacy_mappings (source_table, source_key, target_id)
     select 'conversation_participants', source_key, conversation_id from source
     where conversation_id is not null and user_id is not null`,
    [...window.parameters],
  );
}
