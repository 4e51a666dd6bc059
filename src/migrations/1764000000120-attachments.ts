import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Attachments: uploaded files, each carried by one message at most. The bytes are beside the database. `has_attachments`
 * says whether a message carries any, so that reading the others costs no look-up.
 */
export class Attachments1764000000120 implements MigrationInterface {
  name = 'Attachments1764000000120';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      alter table chat_messages add column has_attachments boolean not null default false`);
    await queryRunner.query(`
      create table attachments (
        id          uuid not null,
        uploader_id uuid,
        name        text not null,
        type        text not null,
        size        bigint not null,
        sha256      text collate "C",
        message_id  uuid,
        position    bigint not null default 0,
        created_at  timestamptz(3) not null default now(),
        stored_at   timestamptz(3),
        constraint attachments_pkey primary key (id),
        constraint attachments_uploader_fkey foreign key (uploader_id) references users (id) on delete set null,
        constraint attachments_message_fkey foreign key (message_id) references chat_messages (id) on delete set null,
        constraint attachments_size_check check (size >= 0),
        constraint attachments_stored_check check (stored_at is null or sha256 is not null),
        constraint attachments_message_check check (message_id is null or stored_at is not null)
      )`);
    for (const [column, text] of Object.entries(COMMENTS))
      await queryRunner.query(`comment on column attachments.${column} is '${text}'`);
    await queryRunner.query(`
      create index attachments_message_idx on attachments (message_id, position) where message_id is not null`);
    await queryRunner.query(`create index attachments_uploader_idx on attachments (uploader_id, created_at)`);
    await queryRunner.query(`
      create index attachments_unclaimed_idx on attachments (created_at) where message_id is null`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`drop table attachments`);
    await queryRunner.query(`alter table chat_messages drop column has_attachments`);
  }
}

const COMMENTS = {
  uploader_id: 'null once the message was deleted or the person erased',
  type: 'as the content says',
  size: 'in bytes; what is reserved while the upload is under way',
  sha256: 'hexadecimal',
  message_id: 'the message that carries it; null while none does',
  stored_at: 'since when the file is whole; null while the upload is under way',
};
