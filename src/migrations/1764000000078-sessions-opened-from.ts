import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Where a session was opened from: somebody who signs in from there again is not slowed down by what strangers do. */
export class SessionsOpenedFrom1764000000078 implements MigrationInterface {
  name = 'SessionsOpenedFrom1764000000078';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`alter table sessions add column opened_from text`);
    await queryRunner.query(`
      comment on column sessions.opened_from is
        'digest of the person and the network that they signed in from; says nothing without the secret'`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`alter table sessions drop column opened_from`);
  }
}
