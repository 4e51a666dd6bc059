import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Users that are no people: the server itself, sending messages to itself to see that sending works. Nobody finds
 * them, nobody can sign in as one, and none of them takes part in anybody's conversation.
 */
export class InternalUsers1764000000006 implements MigrationInterface {
  name = 'InternalUsers1764000000006';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`alter table users add column is_internal boolean not null default false`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      delete from conversations c using users u where c.created_by = u.id and u.is_internal`);
    await queryRunner.query(`delete from users where is_internal`);
    await queryRunner.query(`alter table users drop column is_internal`);
  }
}
