import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a person lets others see of their presence, and when they were last online. Nobody has a row to begin with. */
export class UserPresence1764000000103 implements MigrationInterface {
  name = 'UserPresence1764000000103';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      create table user_presence (
        user_id         uuid not null,
        is_invisible    boolean not null default false,
        hides_last_seen boolean not null default false,
        last_seen_at    timestamp(3) with time zone,
        constraint user_presence_pkey primary key (user_id),
        constraint user_presence_user_fkey foreign key (user_id) references users (id) on delete cascade
      )`);
    await queryRunner.query(`
      comment on column user_presence.last_seen_at is
        'when the person was last online and not invisible; up to a minute late while they are; null: never'`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`drop table user_presence`);
  }
}
