import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What is found by its words. Messages are indexed after they are stored, so that sending costs nothing more; a trigger takes
 * a text that was changed or deleted out of the index, in the transaction that changes it.
 *
 * `search_stems` gives the other forms of a word in the languages whose dictionaries every PostgreSQL has. `search_grams`
 * gives the parts of three letters of the words of an entry: for finding a part of a word, and words with typing mistakes.
 */
export class Search1764000000110 implements MigrationInterface {
  name = 'Search1764000000110';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      create table search_entries (
        message_id      uuid not null,
        conversation_id uuid not null,
        words           tsvector not null default '',
        is_current      boolean not null default true,
        created_at      timestamptz(3) not null,
        constraint search_entries_pkey primary key (message_id),
        constraint search_entries_message_fkey foreign key (message_id) references chat_messages (id) on delete cascade
      )`);
    await queryRunner.query(`
      comment on column search_entries.is_current is 'false: the text was changed, and its words are not here yet'`);
    await queryRunner.query(`
      comment on column search_entries.created_at is 'that of the message'`);
    await queryRunner.query(`
      create table search_positions (
        conversation_id uuid not null,
        indexed_seq     bigint not null default 0,
        constraint search_positions_pkey primary key (conversation_id),
        constraint search_positions_conversation_fkey foreign key (conversation_id)
          references conversations (id) on delete cascade
      )`);
    await queryRunner.query(`
      comment on column search_positions.indexed_seq is 'each message up to it has an entry'`);

    await queryRunner.query(`
      create function search_stems(word text) returns text[] language sql immutable parallel safe as $search_stems$
        select coalesce(array_agg(distinct stem), '{}')
        from unnest(ts_lexize('pg_catalog.english_stem', word) || ts_lexize('pg_catalog.german_stem', word)
          || ts_lexize('pg_catalog.french_stem', word) || ts_lexize('pg_catalog.spanish_stem', word)
          || ts_lexize('pg_catalog.russian_stem', word)) stem
        where stem <> word and stem <> ''
      $search_stems$`);
    await queryRunner.query(`
      create function search_grams(words tsvector) returns text[] language sql immutable parallel safe as $search_grams$
        select coalesce(array_agg(distinct substr(word, start, 3)), '{}')
        from unnest(tsvector_to_array(words)) word, generate_series(1, length(word) - 2) start
      $search_grams$`);

    await queryRunner.query(`create index search_entries_words_idx on search_entries using gin (words)`);
    await queryRunner.query(
      `create index search_entries_grams_idx on search_entries using gin (search_grams(words))`,
    );
    await queryRunner.query(
      `create index search_entries_newest_idx on search_entries (created_at, message_id)`,
    );
    await queryRunner.query(
      `create index search_entries_recent_idx on search_entries (conversation_id, created_at, message_id)`,
    );
    await queryRunner.query(
      `create index search_entries_outdated_idx on search_entries (conversation_id) where not is_current`,
    );

    await queryRunner.query(`
      create function forget_search_entry() returns trigger language plpgsql as $forget_search_entry$
      begin
        insert into search_entries (message_id, conversation_id, is_current, created_at)
        values (new.id, new.conversation_id, new.body is null, new.created_at)
        on conflict (message_id) do update set words = '', is_current = excluded.is_current;
        return null;
      end
      $forget_search_entry$`);
    await queryRunner.query(`
      create trigger chat_messages_forget_search_entry after update of body on chat_messages
      for each row when (old.body is distinct from new.body) execute function forget_search_entry()`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`drop trigger chat_messages_forget_search_entry on chat_messages`);
    await queryRunner.query(`drop function forget_search_entry()`);
    await queryRunner.query(`drop table search_positions`);
    await queryRunner.query(`drop table search_entries`);
    await queryRunner.query(`drop function search_grams(tsvector)`);
    await queryRunner.query(`drop function search_stems(text)`);
  }
}
