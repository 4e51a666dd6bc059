import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Through which broker a server hears of the others. One of the release before says nothing, and is told by notifications. */
export class Carriers1764000000091 implements MigrationInterface {
  name = 'Carriers1764000000091';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`alter table servers add column carrier text`);
    await queryRunner.query(`
      comment on column servers.carrier is 'the broker that it is connected to; null: it is told by notifications'`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`alter table servers drop column carrier`);
  }
}
