import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A block hides what happens in the direct conversation of two people from the other one. Where the conversation was
 * when the first block began is kept: changes above that `rev` are shown to their author only, and the other one sees
 * the read position of then.
 */
export class BlocksHide1764000000084 implements MigrationInterface {
  name = 'BlocksHide1764000000084';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`alter table conversations add column blocked_rev bigint`);
    await queryRunner.query(`
      comment on column conversations.blocked_rev is
        'a block hides the changes above this rev from everybody but their author; null: no block stands'`);
    await queryRunner.query(`alter table conversation_participants add column shown_read_seq bigint`);
    await queryRunner.query(`
      comment on column conversation_participants.shown_read_seq is
        'the read position that the other person sees while a block stands; null: read_seq'`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`alter table conversation_participants drop column shown_read_seq`);
    await queryRunner.query(`alter table conversations drop column blocked_rev`);
  }
}
