import type { EntityManager } from 'typeorm';
import { DERIVED, derivedIds, ID_OF_ROW } from './derived-id';
import { CHUNK, type Advance, type LegacyRun } from './legacy-run';
import { lookupKey, madeAt, textArrayOf, timeOf, userOf } from './sql';
import { IN_WINDOW, stepOverRows } from './window';

/** The SQL that reads a row of one of the two old tables of messages. */
interface Shape {
  readonly table: 'messages' | 'chat_messages';
  readonly conversation: string;
  readonly sender: string;
  readonly body: string;
  readonly type: string;
  readonly version: string;
  readonly parents: string;
  readonly history: string;
}

/** All rows belong to one room. Parents come from the history row with the same version and the same user or no user. */
const GLOBAL: Shape = {
  table: 'messages',
  conversation: `(select room_id from legacy_imports)`,
  sender: `r.row->>'user_id'`,
  body: `r.row->>'text'`,
  type: `'text'`,
  version: `r.row->>'version'`,
  parents: `history.parents`,
  history: `
    left join lateral (
      select v.source_key, v.parents from legacy_versions v
      join legacy_rows h on h.source_table = 'version_history' and h.source_key = v.source_key
      where h.belongs_to = ${lookupKey(`r.row->>'version'`)} and h.row->>'version_id' = r.row->>'version' and h.source_table = 'version_history'
        and coalesce(h.row->>'user_id' = r.row->>'user_id', true)
      order by (h.row->>'user_id' = r.row->>'user_id') desc nulls last,
        case when least(h.sort_at, r.sort_at) > '-infinity' then abs(extract(epoch from h.sort_at - r.sort_at)) end,
        v.source_key
      limit 1) history on true`,
};

const CONVERSATIONS: Shape = {
  table: 'chat_messages',
  conversation: `(select m.target_id from legacy_mappings m
    where m.source_table = 'conversations' and m.source_key = ${lookupKey(`r.row->>'conversation_id'`)})`,
  sender: `r.row->>'sender_id'`,
  body: `r.row->>'content'`,
  type: `coalesce(r.row->>'message_type', 'text')`,
  version: `r.row->>'braid_version'`,
  parents: textArrayOf(`r.row->'braid_parents'`),
  history: `cross join (select null::text as source_key) history`,
};

/**
 * Imports messages in the order (created_at, id) and numbers each conversation from its head. A row goes into
 * quarantine in three cases. Its text is not a valid body. It lacks a time, type or conversation. Or its sender is not
 * one of the two users of a direct conversation. An unknown sender becomes the placeholder in a group, and null in a
 * direct conversation, which has two participants only.
 */
export async function importMessages(run: LegacyRun): Promise<void> {
  for (const shape of [GLOBAL, CONVERSATIONS]) {
    await stepOverRows(run, shape.table, shape.table, async (manager, window) => {
      const parameters = [...window.parameters, ...(await derivedIds(manager, window, 'chat_messages'))];
      await lockConversations(manager, shape, window.parameters);
      await manager.query(statementFor(shape), parameters);
    });
  }
}

/** Locks the conversations in id order, because importing assigns their next `seq`. */
async function lockConversations(
  manager: EntityManager,
  shape: Shape,
  parameters: readonly unknown[],
): Promise<void> {
  await manager.query(
    `select from conversations c
     where c.id in (select ${shape.conversation} from legacy_rows r where ${IN_WINDOW})
     order by c.id for no key update`,
    [...parameters],
  );
}

const statementFor = (shape: Shape): string => `
  with source as materialized (
    select r.source_key, r.sort_at, r.row, ${ID_OF_ROW} as id, ${shape.conversation} as conversation_id,
      sender.target_id as sender_id, ${shape.body} as body, ${shape.type} as type, ${shape.version} as version,
      ${shape.parents} as parents, history.source_key as history_key
    from legacy_rows r
    ${DERIVED}
    ${userOf('sender', shape.sender)}
    ${shape.history}
    where ${IN_WINDOW}),
  judged as materialized (
    select s.*, c.type as conversation_type, c.last_seq, case
      when c.id is null then 'conversation-missing'
      when s.sort_at = '-infinity' then 'time-missing'
      when s.body is null then 'text-missing'
      when s.body = '' then 'text-empty'
      when char_length(s.body) > 4000 then 'text-too-long'
      when s.type not in ('text', 'image', 'file', 'system') then 'type-unknown'
      when c.type = 'direct' and s.sender_id is not null
        and s.sender_id::text not in (split_part(c.direct_key, ':', 1), split_part(c.direct_key, ':', 2))
        then 'sender-outside'
      end as reason
    from source s left join conversations c on c.id = s.conversation_id),
  numbered as materialized (
    select j.*, j.last_seq + row_number() over (
      partition by j.conversation_id order by j.sort_at, j.source_key) as seq
    from judged j where j.reason is null),
  inserted as (
    insert into chat_messages (id, conversation_id, seq, sender_id, type, body, created_at)
    select n.id, n.conversation_id, n.seq,
      coalesce(n.sender_id, case when n.conversation_type = 'group' then (select placeholder_id from legacy_imports) end),
      n.type, n.body, ${madeAt('n.sort_at')}
    from numbered n order by n.conversation_id, n.seq),
  counted as (
    update conversations c
    set last_seq = fresh.last_seq, active_at = greatest(c.active_at, fresh.active_at)
    from (select conversation_id, max(seq) as last_seq, max(${madeAt('sort_at')}) as active_at
          from numbered group by conversation_id) fresh
    where c.id = fresh.conversation_id),
  rejected as (
    insert into legacy_quarantine (source_table, source_key, reason, row)
    select '${shape.table}', j.source_key, j.reason, j.row from judged j where j.reason is not null)
  insert into legacy_message_origins
    (message_id, source_table, source_key, version, parents, history_key, author, client_time)
  select n.id, '${shape.table}', n.source_key, n.version, n.parents, n.history_key, n.row->>'author',
    ${timeOf('n.row', 'timestamp')}
  from numbered n`;

/** Deletes the imported messages and the records of their origin. */
export async function deleteImportedMessages(
  manager: EntityManager,
  position: unknown,
): Promise<Advance | undefined> {
  const [chunk] = await manager.query<{ last: string | null; rows: number }[]>(
    `with chunk as (
       select message_id from legacy_message_origins where message_id > $1 order by message_id limit ${CHUNK}),
     deleted as (delete from chat_messages where id in (select message_id from chunk))
     select (array_agg(message_id order by message_id desc))[1] as last, count(*) as rows from chunk`,
    [(position as string | null) ?? '00000000-0000-0000-0000-000000000000'],
  );
  return chunk!.last === null ? undefined : { position: chunk!.last, rows: chunk!.rows };
}
