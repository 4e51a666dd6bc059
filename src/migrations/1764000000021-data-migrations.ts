import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How far the work on rows that are there already has got; see `platform/migrations/data-migrations.ts`. */
export class DataMigrations1764000000021 implements MigrationInterface {
  name = 'DataMigrations1764000000021';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      create table data_migrations (
        name       text not null,
        state      text not null default 'running',
        cursor     text,
        rows_done  bigint not null default 0,
        rate       bigint,
        updated_at timestamptz(3) not null default now(),
        constraint data_migrations_pkey primary key (name),
        constraint data_migrations_state_check check (state in ('running', 'paused', 'done')),
        constraint data_migrations_rate_check check (rate > 0)
      )`);
    await queryRunner.query(`
      comment on column data_migrations.rate is 'rows a second at most; null: as fast as it goes'`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`drop table data_migrations`);
  }
}
