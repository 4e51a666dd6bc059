import type { MigrationInterface, QueryRunner } from 'typeorm';

const FUNCTION = 'append_messages(uuid[], uuid[], uuid[], text[], text[], uuid[])';

/**
 * Planning the statement of `append_messages` costs more than running it for a few messages. Left to itself, PostgreSQL
 * plans it anew for nearly every call, since a plan that knows how long the arrays are looks a little cheaper.
 *
 * The plan is kept until the tables are analysed, which a database that has just been made waits for while its tables
 * grow. It must not be one that was only good for empty tables, so it goes by the indexes whatever their size.
 */
export class PlanAppendMessagesOnce1764000000009 implements MigrationInterface {
  name = 'PlanAppendMessagesOnce1764000000009';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`alter function ${FUNCTION} set plan_cache_mode = force_generic_plan`);
    await queryRunner.query(`alter function ${FUNCTION} set enable_seqscan = off`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`alter function ${FUNCTION} reset enable_seqscan`);
    await queryRunner.query(`alter function ${FUNCTION} reset plan_cache_mode`);
  }
}
