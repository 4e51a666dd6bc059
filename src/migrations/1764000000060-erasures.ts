import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * People who have had themselves erased. What is left of one is a row of `users` without personal data, so that what
 * others have (who was in a conversation, and when they left) goes on making sense, and a row of `erasures` that says how
 * far the work on their messages has got, and whether the journal beside the backups knows of it.
 */
export class Erasures1764000000060 implements MigrationInterface {
  name = 'Erasures1764000000060';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`alter table users add column erased_at timestamptz(3)`);
    await queryRunner.query(`comment on column users.erased_at is 'the person is no more; null: a person'`);
    await queryRunner.query(`
      create table erasures (
        user_id       uuid not null,
        messages      text not null,
        erased_at     timestamptz(3) not null default now(),
        messages_done bigint not null default 0,
        finished_at   timestamptz(3),
        journaled_at  timestamptz(3),
        constraint erasures_pkey primary key (user_id),
        constraint erasures_user_fkey foreign key (user_id) references users (id) on delete cascade,
        constraint erasures_messages_check check (messages in ('keep', 'remove'))
      )`);
    await queryRunner.query(`
      comment on column erasures.finished_at is 'nothing is theirs any more from then on; null: messages are left'`);
    await queryRunner.query(`
      comment on column erasures.journaled_at is 'the journal beside the backups has it from then on'`);
    await queryRunner.query(`
      create index erasures_open_idx on erasures (user_id) where finished_at is null or journaled_at is null`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`drop table erasures`);
    await queryRunner.query(`alter table users drop column erased_at`);
  }
}
