import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Mentions: the participants whom the text of a message names. A message without an at sign has no rows here, so storing
 * and reading it costs nothing more.
 *
 * `store_mentions` resolves the names of stored messages and stores the result. Its caller holds the locks of the
 * conversations, so that the participants stay the same. A name of somebody outside gives the same as an unknown name.
 */
export class Mentions1764000000130 implements MigrationInterface {
  name = 'Mentions1764000000130';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      create table message_mentions (
        message_id      uuid not null,
        position        bigint not null,
        user_id         uuid,
        conversation_id uuid not null,
        seq             bigint not null,
        constraint message_mentions_pkey primary key (message_id, position),
        constraint message_mentions_message_fkey foreign key (message_id) references chat_messages (id) on delete cascade,
        constraint message_mentions_user_fkey foreign key (user_id) references users (id) on delete cascade
      )`);
    await queryRunner.query(`
      comment on column message_mentions.position is 'the order of the names in the text'`);
    await queryRunner.query(`
      comment on column message_mentions.user_id is 'null: everybody in the group, by @all'`);
    await queryRunner.query(`
      comment on column message_mentions.conversation_id is 'that of the message, as is seq: mentions are counted by them'`);
    await queryRunner.query(
      `create index message_mentions_user_idx on message_mentions (user_id, conversation_id, seq)`,
    );
    await queryRunner.query(`
      create function store_mentions(message_ids uuid[], positions bigint[], names text[])
      returns table (message_id uuid, "position" bigint, user_id uuid)
      language plpgsql volatile
      set plan_cache_mode = force_generic_plan
      set enable_seqscan = off
      as $store_mentions$
      #variable_conflict use_column
      begin
        return query
        with named as materialized (
          select n.* from unnest(message_ids, positions, names) as n (message_id, position, name)
        ),
        resolved as (
          select n.message_id, n.position, n.name, m.conversation_id, m.seq, u.id as user_id
          from named n
          join chat_messages m on m.id = n.message_id
          join users u on u.username = n.name
          join conversation_participants p
            on p.conversation_id = m.conversation_id and p.user_id = u.id and p.left_at is null
          where n.name <> 'all'
          union all
          select n.message_id, n.position, n.name, m.conversation_id, m.seq, null
          from named n
          join chat_messages m on m.id = n.message_id
          join conversations c on c.id = m.conversation_id and c.type = 'group'
          join conversation_participants p
            on p.conversation_id = m.conversation_id and p.user_id = m.sender_id and p.left_at is null
              and p.role in ('owner', 'admin')
          where n.name = 'all'
        ),
        -- A full stop may end a sentence or a username: the longest name that exists counts.
        longest as (
          select distinct on (r.message_id, r.position) r.* from resolved r
          order by r.message_id, r.position, length(r.name) desc
        ),
        earliest as materialized (
          select distinct on (l.message_id, l.user_id) l.* from longest l
          order by l.message_id, l.user_id, l.position
        ),
        stored as (
          insert into message_mentions (message_id, position, user_id, conversation_id, seq)
          select e.message_id, e.position, e.user_id, e.conversation_id, e.seq from earliest e
        )
        select e.message_id, e.position, e.user_id from earliest e;
      end
      $store_mentions$`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`drop function store_mentions(uuid[], bigint[], text[])`);
    await queryRunner.query(`drop table message_mentions`);
  }
}
