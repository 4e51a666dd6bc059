import type { MigrationInterface, QueryRunner } from 'typeorm';
import { AnswersWithinBatch1764000000007 } from './1764000000007-answers-within-batch';
import { PlanAppendMessagesOnce1764000000009 } from './1764000000009-plan-append-messages-once';

/** Lists that show the newest first. */
const LISTED = ['conversations', 'friendships', 'friend_requests', 'blocks'];

/**
 * Lists are ordered by the order in which rows were stored, not by a clock: one that was ahead for a moment would keep a
 * row on top until the future has come.
 *
 * `next_list_position` is higher each time, as a sequence is. It keeps up with the clock, in microseconds since 1970, so
 * that rows without a position (older ones, and imported ones) have a place among the others by their time. When the
 * clock goes back it counts on from where it is.
 *
 * `append_messages` is that of `1764000000007` and `1764000000009`, and gives the conversations of a batch one position.
 */
export class ListPositions1764000000083 implements MigrationInterface {
  name = 'ListPositions1764000000083';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`create sequence list_positions`);
    await queryRunner.query(`
      create function next_list_position() returns bigint language plpgsql volatile as $next_list_position$
      declare
        counted bigint := nextval('list_positions');
        microseconds bigint := (extract(epoch from clock_timestamp()) * 1000000)::bigint;
      begin
        if counted >= microseconds then
          return counted;
        end if;
        return setval('list_positions', microseconds);
      end
      $next_list_position$`);
    for (const table of LISTED) {
      await queryRunner.query(`alter table ${table} add column list_position bigint`);
      await queryRunner.query(`
        comment on column ${table}.list_position is 'from next_list_position(): the newest first; null: by time'`);
    }
    await queryRunner.query(`
      create or replace function append_messages(
        message_ids uuid[], conversation_ids uuid[], sender_ids uuid[], types text[], bodies text[], reply_to_ids uuid[]
      ) returns table (
        ordinal bigint, outcome text, id uuid, conversation_id uuid, seq bigint, rev bigint, sender_id uuid, type text,
        body text, reply_to_id uuid, version text, parents text[], pinned_at timestamptz, edited_at timestamptz,
        deleted_at timestamptz, created_at timestamptz
      )
      language plpgsql volatile
      set plan_cache_mode = force_generic_plan
      set enable_seqscan = off
      as $append_messages$
      #variable_conflict use_column
      declare
        next_position bigint;
      begin
        perform from conversations c
          where c.id = any (conversation_ids)
          order by c.id
          for no key update;
        next_position := next_list_position();

        return query
        with input as materialized (
          select i.*
          from unnest(message_ids, conversation_ids, sender_ids, types, bodies, reply_to_ids) with ordinality
            as i (id, conversation_id, sender_id, type, body, reply_to_id, ordinal)
        ),
        judged as materialized (
          select i.*, c.last_seq, stored.id is not null as is_stored,
            case
              when p.user_id is null or c.id is null then 'conversation-not-found'
              when stored.id is not null then null
              when c.type = 'direct' and exists (
                  select from conversation_participants other
                  join blocks b on (b.blocker_id, b.blocked_id) = (other.user_id, i.sender_id)
                                or (b.blocker_id, b.blocked_id) = (i.sender_id, other.user_id)
                  where other.conversation_id = i.conversation_id and other.user_id <> i.sender_id)
                then 'forbidden'
              when i.reply_to_id is not null
                and not exists (select from chat_messages target
                                where target.id = i.reply_to_id and target.conversation_id = i.conversation_id)
                and not (
                  -- It may answer a message that is stored with it, if no other conversation gets to use that id.
                  exists (select from input earlier
                          where earlier.id = i.reply_to_id and earlier.ordinal < i.ordinal)
                  and not exists (select from input rival
                                  where rival.id = i.reply_to_id and rival.conversation_id <> i.conversation_id)
                  and not exists (select from chat_messages taken where taken.id = i.reply_to_id))
                then 'message-not-found'
            end as refusal
          from input i
          left join conversations c on c.id = i.conversation_id and c.deleted_at is null
          left join conversation_participants p
            on p.conversation_id = i.conversation_id and p.user_id = i.sender_id and p.left_at is null
          left join chat_messages stored on stored.id = i.id
        ),
        -- The same id twice in one batch: the first that may be stored is, the others are judged by it.
        ranked as materialized (
          select j.*, j.refusal is null and not j.is_stored
            and row_number() over (partition by j.id, j.refusal is null order by j.ordinal) = 1 as is_new
          from judged j
        ),
        inserted as (
          insert into chat_messages (id, conversation_id, seq, sender_id, type, body, reply_to_id, created_at)
          select j.id, j.conversation_id,
            j.last_seq + row_number() over (partition by j.conversation_id order by j.ordinal),
            j.sender_id, j.type, j.body, j.reply_to_id, clock_timestamp()
          from ranked j
          where j.is_new
          returning *
        ),
        numbered as (
          update conversations c
          set last_seq = fresh.last_seq, active_at = fresh.created_at, list_position = next_position
          from (select conversation_id, max(seq) as last_seq, max(created_at) as created_at
                from inserted group by conversation_id) fresh
          where c.id = fresh.conversation_id
        ),
        read_up_to as (
          update conversation_participants p
          set read_seq = greatest(p.read_seq, fresh.last_seq)
          from (select conversation_id, sender_id, max(seq) as last_seq
                from inserted group by conversation_id, sender_id) fresh
          where p.conversation_id = fresh.conversation_id and p.user_id = fresh.sender_id
        ),
        message as (
          select m.* from inserted m
          union all
          select m.* from chat_messages m where m.id in (select j.id from ranked j where j.is_stored)
        )
        select j.ordinal,
          case
            when j.refusal is not null then j.refusal
            when j.is_new then 'created'
            when m.sender_id is distinct from j.sender_id or m.conversation_id <> j.conversation_id
              then 'message-id-conflict'
            when m.deleted_at is not null then 'repeated'
            when m.type <> j.type or m.reply_to_id is distinct from j.reply_to_id
              or j.body is distinct from coalesce(
                (select first.body from message_versions first where first.message_id = m.id and first.number = 1), m.body)
              then 'message-id-conflict'
            else 'repeated'
          end,
          m.id, m.conversation_id, m.seq, m.rev, m.sender_id, m.type, m.body, m.reply_to_id, m.version, m.parents,
          m.pinned_at, m.edited_at, m.deleted_at, m.created_at
        from ranked j
        left join message m on m.id = j.id
        order by j.ordinal;
      end
      $append_messages$`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await new AnswersWithinBatch1764000000007().up(queryRunner);
    await new PlanAppendMessagesOnce1764000000009().up(queryRunner);
    for (const table of LISTED) await queryRunner.query(`alter table ${table} drop column list_position`);
    await queryRunner.query(`drop function next_list_position()`);
    await queryRunner.query(`drop sequence list_positions`);
  }
}
