import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Finds out whether bcrypt hashes of an earlier XFChat are left, and how costly the costliest is: a sign-in that is
 * refused takes as long as one of theirs. Empty, and nothing to keep up, where none were imported.
 */
export class OldPasswordHashes1764000000031 implements MigrationInterface {
  name = 'OldPasswordHashes1764000000031';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      create index users_bcrypt_idx on users (substr(password_hash, 5, 2)) where password_hash like '$2%'`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`drop index users_bcrypt_idx`);
  }
}
