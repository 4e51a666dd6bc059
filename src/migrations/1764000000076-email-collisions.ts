import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * E-mail addresses that an earlier import stored in another spelling than they are looked up in, while somebody else has
 * the right spelling. `FoldEmails1764000000077` fills it, and `xfchat check` reports it: only a person can tell whose the
 * address is.
 */
export class EmailCollisions1764000000076 implements MigrationInterface {
  name = 'EmailCollisions1764000000076';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      create table email_collisions (
        user_id  uuid not null,
        taken_by uuid not null,
        found_at timestamptz(3) not null default now(),
        constraint email_collisions_pkey primary key (user_id),
        constraint email_collisions_user_fkey foreign key (user_id) references users (id) on delete cascade,
        constraint email_collisions_taken_by_fkey foreign key (taken_by) references users (id) on delete cascade
      )`);
    await queryRunner.query(`create index email_collisions_taken_by_idx on email_collisions (taken_by)`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`drop table email_collisions`);
  }
}
