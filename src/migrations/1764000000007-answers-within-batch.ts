import type { MigrationInterface, QueryRunner } from 'typeorm';
import { AppendMessages1764000000001 } from './1764000000001-append-messages';

/**
 * `append_messages`, in place of the one of `1764000000001`: a message may answer one that is stored with it, whoever
 * sent that, and never one whose id another conversation gets to use. The statement that stores messages, one round
 * trip for any number of them.
 *
 * It must be VOLATILE plpgsql under READ COMMITTED: each statement of it takes a new snapshot. The first one only
 * takes the row locks of the conversations, in id order (no deadlock between two batches); what follows sees
 * everything that committed while it waited, so somebody removed meanwhile stores nothing and a repeated message
 * takes no number. Every other change of membership takes the same lock first.
 *
 * Outcome of each input row, in input order:
 *   created                 stored now
 *   repeated                the same id, sender, conversation and content was stored before: that message (G2)
 *   message-id-conflict     the id names another message
 *   conversation-not-found  the sender does not participate (G6; goes before everything else)
 *   forbidden               a block stands between the two people of a direct conversation
 *   message-not-found       the message that it replies to is not in this conversation
 */
export class AnswersWithinBatch1764000000007 implements MigrationInterface {
  name = 'AnswersWithinBatch1764000000007';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      create or replace function append_messages(
        message_ids uuid[], conversation_ids uuid[], sender_ids uuid[], types text[], bodies text[], reply_to_ids uuid[]
      ) returns table (
        ordinal bigint, outcome text, id uuid, conversation_id uuid, seq bigint, rev bigint, sender_id uuid, type text,
        body text, reply_to_id uuid, version text, parents text[], pinned_at timestamptz, edited_at timestamptz,
        deleted_at timestamptz, created_at timestamptz
      )
      language plpgsql volatile as $append_messages$
      #variable_conflict use_column
      begin
        perform from conversations c
          where c.id = any (conversation_ids)
          order by c.id
          for no key update;

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
          set last_seq = fresh.last_seq, active_at = greatest(c.active_at, fresh.created_at)
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

  /** Back to the one before, whose migration makes it. */
  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`drop function append_messages(uuid[], uuid[], uuid[], text[], text[], uuid[])`);
    await new AppendMessages1764000000001().up(queryRunner);
  }
}
