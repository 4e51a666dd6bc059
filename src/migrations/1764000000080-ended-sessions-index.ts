import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Each server looks for sessions that ended since its last look, whoever ended them. */
export class EndedSessionsIndex1764000000080 implements MigrationInterface {
  name = 'EndedSessionsIndex1764000000080';
  transaction = false;

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      create index concurrently if not exists sessions_ended_idx on sessions (ended_at) where ended_at is not null`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`drop index concurrently if exists sessions_ended_idx`);
  }
}
