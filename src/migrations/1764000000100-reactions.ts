import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Reactions: an emoji of a user on a message. A message without reactions has no rows here. */
export class Reactions1764000000100 implements MigrationInterface {
  name = 'Reactions1764000000100';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      create table message_reactions (
        message_id uuid not null,
        emoji      text collate "C" not null,
        user_id    uuid not null,
        rev        bigint not null,
        constraint message_reactions_pkey primary key (message_id, emoji, user_id),
        constraint message_reactions_message_fkey foreign key (message_id) references chat_messages (id) on delete cascade,
        constraint message_reactions_user_fkey foreign key (user_id) references users (id) on delete cascade
      )`);
    await queryRunner.query(`
      comment on column message_reactions.rev is 'the rev that adding it took; reactions are listed in this order'`);
    await queryRunner.query(
      `create index message_reactions_user_idx on message_reactions (user_id, message_id)`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`drop table message_reactions`);
  }
}
