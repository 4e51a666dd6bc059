import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Several servers on one database: who is running, and what they tell each other. Both tables hold what is of use for
 * seconds, and are in no backup. Their transaction ids are `xid8`, and `applied` is a `pg_snapshot`, as text, since TypeORM
 * knows neither of these types.
 */
export class Servers1764000000090 implements MigrationInterface {
  name = 'Servers1764000000090';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      create table servers (
        id          uuid not null,
        lease_until timestamptz(3) not null,
        applied     text not null,
        constraint servers_pkey primary key (id)
      )`);
    await queryRunner.query(`
      comment on column servers.lease_until is 'after it the server delivers nothing until it has a new one'`);
    await queryRunner.query(`
      comment on column servers.applied is 'the pg_snapshot up to which it has applied server_events'`);
    await queryRunner.query(`
      create table server_events (
        id             bigint generated always as identity not null,
        transaction_id bigint not null,
        server_id      uuid not null,
        events         jsonb not null,
        constraint server_events_pkey primary key (id)
      )`);
    await queryRunner.query(`
      comment on column server_events.transaction_id is 'the transaction that has written it (xid8)'`);
    await queryRunner.query(`comment on column server_events.server_id is 'the server that has written it'`);
    await queryRunner.query(`create index server_events_transaction_idx on server_events (transaction_id)`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`drop table server_events`);
    await queryRunner.query(`drop table servers`);
  }
}
