import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whether people may write at the moment: one row that every server reads twice a second. */
export class Maintenance1764000000020 implements MigrationInterface {
  name = 'Maintenance1764000000020';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`alter table database_state add column maintenance_since timestamptz(3)`);
    await queryRunner.query(`
      comment on column database_state.maintenance_since is 'nobody may write from then on; null: everybody may'`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`alter table database_state drop column maintenance_since`);
  }
}
