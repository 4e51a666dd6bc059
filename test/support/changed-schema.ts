import type { QueryRunner } from 'typeorm';
import type { DatabaseSchema } from '../../src/platform/database/database-options';
import type { DataMigration } from '../../src/platform/migrations/data-migration';
import type { Migration } from '../../src/platform/migrations/recorded-migration';
import { SCHEMA } from '../../src/schema';

/** The migrations of a possible next release: one of each kind, with timestamps after all real ones. */
class UserNotes1999000000001 implements Migration {
  name = 'UserNotes1999000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`alter table users add column notes text`);
    await runner.query(`comment on column users.notes is 'what others need not know'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`alter table users drop column notes`);
  }
}

/** Builds an index while people write. */
export class CreationIndex1999000000002 implements Migration {
  name = 'CreationIndex1999000000002';
  transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `create index concurrently if not exists chat_messages_created_idx on chat_messages (created_at)`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop index concurrently if exists chat_messages_created_idx`);
  }
}

class MessageTouches1999000000003 implements Migration {
  name = 'MessageTouches1999000000003';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `create table message_touches (
         message_id uuid not null, times integer not null, constraint message_touches_pkey primary key (message_id))`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table message_touches`);
  }
}

/** Counts its visits to each message; one visit is correct. */
export const COUNT_TOUCHES: DataMigration = {
  name: 'CountTouches1999000000004',
  batchSize: 100,
  async step(run, cursor, limit) {
    const rows = await run.query<{ message_id: string }[]>(
      `insert into message_touches (message_id, times)
       select id, 1 from chat_messages where $1::uuid is null or id > $1::uuid order by id limit $2
       on conflict (message_id) do update set times = message_touches.times + 1
       returning message_id`,
      [cursor, limit],
    );
    const last = rows.map((row) => row.message_id).sort();
    return { rows: rows.length, cursor: rows.length < limit ? null : last.at(-1)! };
  },
};

/** Fails unless every message was visited. */
class EveryTouch1999000000005 implements Migration {
  name = 'EveryTouch1999000000005';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table message_touches add constraint message_touches_times_check check (times = 1)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`alter table message_touches drop constraint message_touches_times_check`);
  }
}

export const CHANGED_SCHEMA: DatabaseSchema = {
  ...SCHEMA,
  migrations: [
    ...SCHEMA.migrations,
    UserNotes1999000000001,
    CreationIndex1999000000002,
    MessageTouches1999000000003,
    EveryTouch1999000000005,
  ],
  dataMigrations: [COUNT_TOUCHES],
};

/** The changed schema without some of its migrations. */
export function changedSchemaWithout(...names: string[]): DatabaseSchema {
  const isKept = ({ name }: { name: string }): boolean => !names.includes(name);
  return {
    ...CHANGED_SCHEMA,
    migrations: CHANGED_SCHEMA.migrations.filter(isKept),
    dataMigrations: CHANGED_SCHEMA.dataMigrations.filter(isKept),
  };
}
