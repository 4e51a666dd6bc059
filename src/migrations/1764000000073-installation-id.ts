import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Names the installation that this database belongs to, so that its backups can be told from those of others. */
export class InstallationId1764000000073 implements MigrationInterface {
  name = 'InstallationId1764000000073';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`alter table database_state add column installation_id uuid`);
    await queryRunner.query(`update database_state set installation_id = gen_random_uuid()`);
    await queryRunner.query(`
      comment on column database_state.installation_id is 'names the owner of backups in a shared folder'`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`alter table database_state drop column installation_id`);
  }
}
