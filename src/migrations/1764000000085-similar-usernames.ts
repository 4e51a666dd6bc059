import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Finds usernames that look like another one. The expression is the skeleton of Unicode TS 39 for the characters that a
 * username may have; `src/features/users/similar-usernames.ts` says the same.
 */
export class SimilarUsernames1764000000085 implements MigrationInterface {
  name = 'SimilarUsernames1764000000085';
  transaction = false;

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      create index concurrently if not exists users_skeleton_idx
        on users (replace(translate(username, '01', 'ol'), 'm', 'rn'))`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`drop index concurrently if exists users_skeleton_idx`);
  }
}
