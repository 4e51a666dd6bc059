import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The pinned messages of a conversation are listed and counted by this index; they are few. */
export class Pins1764000000101 implements MigrationInterface {
  name = 'Pins1764000000101';
  transaction = false;

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      create index concurrently if not exists chat_messages_pinned_idx
        on chat_messages (conversation_id, seq) where pinned_at is not null`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`drop index concurrently if exists chat_messages_pinned_idx`);
  }
}
