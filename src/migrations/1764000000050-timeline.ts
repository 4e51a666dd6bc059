import type { MigrationInterface, QueryRunner } from 'typeorm';

/** By which a server notices that the database was promoted, or recovered to an earlier point, since the epoch began. */
export class Timeline1764000000050 implements MigrationInterface {
  name = 'Timeline1764000000050';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`alter table database_state add column timeline bigint`);
    await queryRunner.query(`
      comment on column database_state.timeline is 'of PostgreSQL, on which the epoch began; null: not looked at yet'`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`alter table database_state drop column timeline`);
  }
}
