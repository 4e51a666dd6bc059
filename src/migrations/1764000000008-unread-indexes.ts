import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What is unread is subtracted instead of counted: somebody's own messages above a position, and deleted ones, are found
 * by index. The wider index of senders also serves what the narrower one did. Built while writers wait, since nothing
 * has been released with a table so large that this would matter.
 */
export class UnreadIndexes1764000000008 implements MigrationInterface {
  name = 'UnreadIndexes1764000000008';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`drop index chat_messages_sender_idx`);
    await queryRunner.query(`
      create index chat_messages_sender_idx on chat_messages (sender_id, conversation_id, seq)`);
    await queryRunner.query(`
      create index chat_messages_deleted_idx on chat_messages (conversation_id, seq) where deleted_at is not null`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`drop index chat_messages_deleted_idx`);
    await queryRunner.query(`drop index chat_messages_sender_idx`);
    await queryRunner.query(`create index chat_messages_sender_idx on chat_messages (sender_id)`);
  }
}
