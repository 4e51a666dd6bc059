import type { EntityManager } from 'typeorm';
import { DERIVED, derivedIds, ID_OF_ROW } from './derived-id';
import type { LegacyRun } from './legacy-run';
import { lookupKey, madeAt, pastTimeOf, shownName, userOf } from './sql';
import { IN_WINDOW, stepOverRows, type Window } from './window';

/** Conversations in one transaction. Fewer than other rows, because each has several participants. */
export const CONVERSATIONS_CHUNK = 500;
const UNTITLED = 'Conversation';
/** Characters. The API has the same limit, so that a client can save an imported title unchanged. */
const TITLE_LENGTH = 100;
const DESCRIPTION_LENGTH = 1_000;

/**
 * Imports the old conversations. They get their participants later, so that nobody writes before they are complete.
 * - A direct conversation of two users stays direct. If a pair has several, the first by (created_at, id) stays and
 *   the others are merged into it. The creator counts as a participant if fewer than two are left.
 * - A direct conversation with any other number of participants becomes a group of those who are left. The other user
 *   may have been deleted, and the rest keep the messages that they could read.
 * - A conversation without participants goes into quarantine.
 */
export async function importConversations(run: LegacyRun): Promise<void> {
  const bring = async (manager: EntityManager, window: Window): Promise<void> => {
    await manager.query(
      `with source as materialized (
         select r.source_key, r.sort_at, r.row, ${ID_OF_ROW} as id, creator.target_id as creator_id,
           coalesce(lower(r.row->>'is_direct_message') in ('true', 't', 'yes', 'on', '1'), false) as is_direct
         from legacy_rows r ${DERIVED} ${userOf('creator', `r.row->>'created_by'`)} where ${IN_WINDOW}),
       judged as materialized (
         select s.*, cardinality(p.people) as people,
           case when s.is_direct and cardinality(p.people) = 2 then p.people[1] || ':' || p.people[2] end as pair
         from source s cross join lateral (
           select array_agg(distinct person.id::text collate "C" order by person.id::text collate "C") as people from (
             ${PARTICIPANTS}
             union all select s.creator_id where s.creator_id is not null
               and (not s.is_direct or (select count(distinct few.id) from (${PARTICIPANTS}) few) < 2)
           ) person (id)) p),
       ranked as materialized (
         select j.*, existing.id as existing_id,
           first_value(j.id) over (partition by j.pair order by j.sort_at, j.source_key) as first_id
         from judged j left join conversations existing on existing.direct_key = j.pair
         where j.people > 0),
       final as materialized (
         select r.*, case when r.pair is null then r.id else coalesce(r.existing_id, r.first_id) end as target_id
         from ranked r),
       inserted as (
         insert into conversations
           (id, type, title, description, direct_key, created_by, created_at, updated_at, active_at)
         select f.id, case when f.pair is null then 'group' else 'direct' end,
           case when f.pair is null then coalesce(${shownName(`f.row->>'name'`, TITLE_LENGTH)}, '${UNTITLED}') end,
           case when f.pair is null then nullif(left(f.row->>'description', ${DESCRIPTION_LENGTH}), '') end, f.pair, f.creator_id,
           ${madeAt('f.sort_at')}, coalesce(${pastTimeOf('f.row', 'updated_at')}, ${madeAt('f.sort_at')}), ${madeAt('f.sort_at')}
         from final f where f.target_id = f.id),
       mapped as (
         insert into legacy_mappings (source_table, source_key, target_id)
         select 'conversations', f.source_key, f.target_id from final f),
       rejected as (
         insert into legacy_quarantine (source_table, source_key, reason, row)
         select 'conversations', j.source_key, 'nobody-left', j.row from judged j where coalesce(j.people, 0) = 0)
       insert into legacy_findings (kind, source_table, source_key, detail)
       select f.kind, 'conversations', final.source_key, f.detail from final cross join lateral (values
         ('direct-merged', case when pair is not null and target_id <> id then 'is one with ' || target_id end),
         ('direct-as-group', case when is_direct and pair is null then format('is of %s people', people) end),
         ('title-cut', case when pair is null and length(final.row->>'name') > ${TITLE_LENGTH}
           then format('has %s characters; legacy_rows keeps all of them', length(final.row->>'name')) end),
         ('description-cut', case when pair is null and length(final.row->>'description') > ${DESCRIPTION_LENGTH}
           then format('has %s characters; legacy_rows keeps all of them', length(final.row->>'description')) end)
       ) as f (kind, detail) where f.detail is not null`,
      [...window.parameters, ...(await derivedIds(manager, window, 'conversations'))],
    );
  };
  await stepOverRows(run, 'conversations', 'conversations', bring, { limit: CONVERSATIONS_CHUNK });
}

/** The imported participants of conversation `s`. Served by `legacy_rows_belongs_to_idx`. */
const PARTICIPANTS = `
  select u.target_id as id from legacy_rows p
  join legacy_mappings u on u.source_table = 'users' and u.source_key = ${lookupKey(`p.row->>'user_id'`)}
  where p.source_table = 'conversation_participants' and p.belongs_to = s.source_key`;
