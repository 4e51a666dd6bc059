import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What operators need to manage accounts: disabling, invitations, links that reset a password, and the authentication
 * log. Codes are stored as digests only. The log refers to users and sessions without foreign keys, because an entry must
 * never fail, nor wait for a lock, on account of what it describes.
 */
export class Accounts1764000000079 implements MigrationInterface {
  name = 'Accounts1764000000079';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`alter table users add column disabled_at timestamptz(3)`);
    await queryRunner.query(
      `comment on column users.disabled_at is 'an operator has disabled the account; null: it is usable'`,
    );
    await queryRunner.query(`
      create table invitations (
        id          uuid not null,
        code_digest text not null,
        note        text,
        max_uses    bigint not null,
        uses        bigint not null default 0,
        created_at  timestamptz(3) not null default now(),
        expires_at  timestamptz(3) not null,
        revoked_at  timestamptz(3),
        constraint invitations_pkey primary key (id),
        constraint invitations_code_digest_key unique (code_digest),
        constraint invitations_uses_check check (uses between 0 and max_uses)
      )`);
    await queryRunner.query(
      `comment on column invitations.code_digest is 'SHA-256 of the code, hexadecimal; the code itself is stored nowhere'`,
    );
    await queryRunner.query(`
      create table password_resets (
        user_id     uuid not null,
        code_digest text not null,
        created_at  timestamptz(3) not null default now(),
        expires_at  timestamptz(3) not null,
        constraint password_resets_pkey primary key (user_id),
        constraint password_resets_user_fkey foreign key (user_id) references users (id) on delete cascade,
        constraint password_resets_code_digest_key unique (code_digest)
      )`);
    await queryRunner.query(
      `comment on column password_resets.code_digest is 'SHA-256 of the code, hexadecimal; the code itself is stored nowhere'`,
    );
    await queryRunner.query(`
      create table authentication_events (
        id          uuid not null,
        kind        text not null,
        outcome     text not null,
        user_id     uuid,
        session_id  uuid,
        address     text,
        request_id  text,
        actor       text,
        detail      text,
        times       bigint not null default 1,
        created_at  timestamptz(3) not null,
        last_at     timestamptz(3) not null,
        constraint authentication_events_pkey primary key (id)
      )`);
    await queryRunner.query(
      `comment on column authentication_events.times is 'how many events of this kind the row stands for'`,
    );
    await queryRunner.query(
      `create index authentication_events_created_idx on authentication_events (created_at, id)`,
    );
    await queryRunner.query(
      `create index authentication_events_user_idx on authentication_events (user_id, created_at, id)`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`drop table authentication_events`);
    await queryRunner.query(`drop table password_resets`);
    await queryRunner.query(`drop table invitations`);
    await queryRunner.query(`alter table users drop column disabled_at`);
  }
}
