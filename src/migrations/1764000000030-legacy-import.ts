import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What the import of an earlier XFChat's tables keeps: what it read, what became of each row, and how far it is. Only
 * the import writes here, and no request reads it. There is one import in a database.
 *
 * Each row of `legacy_rows` ends in exactly one of `legacy_mappings`, `legacy_message_origins` (the rows that became
 * messages), `legacy_versions` (the rows of the old history) and `legacy_quarantine`; `legacy verify` counts on it.
 */
export class LegacyImport1764000000030 implements MigrationInterface {
  name = 'LegacyImport1764000000030';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      create table legacy_imports (
        id             boolean not null default true,
        source         text not null,
        phase          text not null default 'importing',
        owner          text,
        title          text not null,
        room_id        uuid,
        placeholder_id uuid,
        started_at     timestamptz(3) not null default now(),
        finished_at    timestamptz(3),
        verified_at    timestamptz(3),
        archived_at    timestamptz(3),
        constraint legacy_imports_pkey primary key (id),
        constraint legacy_imports_single_check check (id),
        constraint legacy_imports_phase_check check (phase in ('importing', 'imported', 'rolling-back', 'archived'))
      )`);
    await queryRunner.query(`
      create table legacy_steps (
        step        text not null,
        position    jsonb,
        done        bigint not null default 0,
        is_finished boolean not null default false,
        constraint legacy_steps_pkey primary key (step)
      )`);

    await queryRunner.query(`
      create table legacy_rows (
        source_table text collate "C" not null,
        source_key   text collate "C" not null,
        rank         smallint not null,
        sort_at      timestamptz not null,
        belongs_to   text collate "C",
        row          jsonb not null,
        constraint legacy_rows_pkey primary key (source_table, source_key)
      )`);
    await queryRunner.query(`
      create index legacy_rows_order_idx on legacy_rows (source_table, rank, sort_at, source_key)`);
    await queryRunner.query(
      `create index legacy_rows_belongs_to_idx on legacy_rows (source_table, belongs_to)`,
    );
    await queryRunner.query(`
      comment on column legacy_rows.sort_at is 'created_at of the old row; -infinity when it has none that can be shown'`);
    await queryRunner.query(`
      comment on column legacy_rows.belongs_to is
        'what the row is looked up by: its conversation, its version, or its pair of people'`);

    await queryRunner.query(`
      create table legacy_mappings (
        source_table text collate "C" not null,
        source_key   text collate "C" not null,
        target_id    uuid,
        constraint legacy_mappings_pkey primary key (source_table, source_key)
      )`);
    await queryRunner.query(`create index legacy_mappings_target_idx on legacy_mappings (target_id)`);

    await queryRunner.query(`
      create table legacy_message_origins (
        message_id   uuid not null,
        source_table text collate "C" not null,
        source_key   text collate "C" not null,
        version      text,
        parents      text[],
        history_key  text collate "C",
        author       text,
        client_time  timestamptz,
        constraint legacy_message_origins_pkey primary key (message_id),
        constraint legacy_message_origins_source_key unique (source_table, source_key),
        constraint legacy_message_origins_message_fkey
          foreign key (message_id) references chat_messages (id) on delete cascade
      )`);
    await queryRunner.query(`
      create table legacy_versions (
        source_key text collate "C" not null,
        version    text not null,
        user_id    uuid,
        parents    text[],
        created_at timestamptz,
        constraint legacy_versions_pkey primary key (source_key)
      )`);
    await queryRunner.query(`
      create table legacy_version_edges (
        source_key text collate "C" not null,
        position   integer not null,
        version    text not null,
        parent     text,
        kind       text not null,
        constraint legacy_version_edges_pkey primary key (source_key, position),
        constraint legacy_version_edges_kind_check
          check (kind in ('known', 'unknown', 'self', 'duplicate', 'null', 'cycle'))
      )`);

    await queryRunner.query(`
      create table legacy_quarantine (
        source_table text collate "C" not null,
        source_key   text collate "C" not null,
        reason       text not null,
        row          jsonb not null,
        constraint legacy_quarantine_pkey primary key (source_table, source_key)
      )`);
    await queryRunner.query(`
      create table legacy_findings (
        kind         text not null,
        source_table text collate "C" not null,
        source_key   text collate "C" not null,
        detail       text not null,
        constraint legacy_findings_pkey primary key (kind, source_table, source_key)
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of [
      'legacy_findings',
      'legacy_quarantine',
      'legacy_version_edges',
      'legacy_versions',
      'legacy_message_origins',
      'legacy_mappings',
      'legacy_rows',
      'legacy_steps',
      'legacy_imports',
    ]) {
      await queryRunner.query(`drop table ${table}`);
    }
  }
}
