import type { EntityManager } from 'typeorm';
import { LongWork } from '../../platform/long-work';
import { newMessages } from '../messages/messages.queries';
import { keysOfText } from './search-words';

/**
 * Finds conversations whose newest messages are not indexed. Reads all conversations. The indexer runs it on a timer,
 * for messages that no event announced.
 */
export async function conversationsToIndex(manager: EntityManager, limit: number): Promise<string[]> {
  const rows: { id: string }[] = await manager.query(
    `select c.id from conversations c left join search_positions p on p.conversation_id = c.id
     where c.deleted_at is null and c.last_seq > coalesce(p.indexed_seq, 0) limit $1`,
    [limit],
  );
  return rows.map(({ id }) => id);
}

/** Counts messages without an entry. Reads all conversations. */
export async function countToIndex(manager: EntityManager): Promise<number> {
  const rows: { count: number }[] = await manager.query(
    `select coalesce(sum(c.last_seq - coalesce(p.indexed_seq, 0)), 0)::bigint as count
     from conversations c left join search_positions p on p.conversation_id = c.id
     where c.deleted_at is null and c.last_seq > coalesce(p.indexed_seq, 0)`,
  );
  return rows[0]!.count;
}

/**
 * The code units of text that one step tokenizes. This holds the thread for some 100 ms, in short turns. The statement
 * that stores the words takes less than a second.
 */
const MAX_TEXT = 100_000;

/** The first rows whose text together stays within that limit, and at least one. */
function withinText<T extends { readonly body: string | null }>(rows: readonly T[]): T[] {
  let left = MAX_TEXT;
  const end = rows.findIndex(({ body }, place) => (left -= body?.length ?? 0) < 0 && place > 0);
  return rows.slice(0, end < 0 ? rows.length : end);
}

async function keysOfRows(rows: readonly { readonly body: string | null }[]): Promise<string[][]> {
  const work = new LongWork();
  const keys: string[][] = [];
  for (const { body } of rows) {
    keys.push(keysOfText(body ?? ''));
    await work.pause();
  }
  return keys;
}

/** The result of one step. */
export interface Indexed {
  readonly messages: number;
  /** Conversations with more messages to index. */
  readonly unfinished: readonly string[];
}

/**
 * Makes the entries of up to `limit` messages of each conversation, and of fewer when they are long. Skips
 * conversations whose position another server has locked. An existing entry stays: a change of the text made it, and
 * that is newer than the text read here.
 *
 * Locks: positions by conversation, then entries. Served by `search_positions_pkey` and
 * `chat_messages_conversation_seq_key`.
 */
export async function indexNext(
  manager: EntityManager,
  conversationIds: readonly string[],
  limit: number,
): Promise<Indexed> {
  await manager.query(
    `insert into search_positions (conversation_id)
     select c.id from conversations c where c.id = any ($1) order by c.id on conflict do nothing`,
    [conversationIds],
  );
  const positions: { conversation_id: string; indexed_seq: number }[] = await manager.query(
    `select conversation_id, indexed_seq from search_positions where conversation_id = any ($1)
     order by conversation_id for update skip locked`,
    [conversationIds],
  );
  const cursors = positions.map(({ conversation_id, indexed_seq }) => ({
    conversationId: conversation_id,
    seq: indexed_seq,
    rev: 0,
  }));
  const found = await newMessages(manager, cursors, limit);
  if (found.length === 0) return { messages: 0, unfinished: [] };
  const rows = withinText(found);
  const keys = await keysOfRows(rows);
  await manager.query(
    `insert into search_entries (message_id, conversation_id, words, created_at)
     select e.message_id, e.conversation_id, ${WORDS}, e.created_at
     from json_to_recordset($1)
       as e (message_id uuid, conversation_id uuid, keys text[], created_at timestamptz)
     on conflict do nothing`,
    [
      JSON.stringify(
        rows.map(({ id, conversation_id, created_at }, place) => ({
          message_id: id,
          conversation_id,
          keys: keys[place],
          created_at,
        })),
      ),
    ],
  );
  await manager.query(
    `update search_positions p set indexed_seq = done.seq
     from (select conversation_id, max(seq) as seq from unnest($1::uuid[], $2::bigint[]) as m (conversation_id, seq)
           group by conversation_id) done
     where p.conversation_id = done.conversation_id`,
    [rows.map((row) => row.conversation_id), rows.map((row) => row.seq)],
  );
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(row.conversation_id, (counts.get(row.conversation_id) ?? 0) + 1);
  const left = found.slice(rows.length).map((row) => row.conversation_id);
  const full = [...counts].filter(([, count]) => count === limit).map(([id]) => id);
  const unfinished = [...new Set([...full, ...left])];
  return { messages: rows.length, unfinished };
}

/** Each dictionary gives the stems of words of one language. `search_stems` uses the same ones for a single word. */
const LANGUAGES = ['english', 'german', 'french', 'spanish', 'russian'];

/** SQL: the words of a text, with their stems. */
const WORDS = `array_to_tsvector(e.keys) ||
  ${LANGUAGES.map((language) => `strip(to_tsvector('pg_catalog.${language}', array_to_string(e.keys, ' ')))`).join(' || ')}`;

/**
 * Updates the entries of changed messages. Locks each entry before it reads the text: a later change waits, and then
 * makes the entry outdated again. Served by `search_entries_outdated_idx`.
 * @returns whether more are left
 */
export async function renewEntries(manager: EntityManager, limit: number): Promise<boolean> {
  const entries: { message_id: string }[] = await manager.query(
    `select message_id from search_entries where not is_current limit $1 for update skip locked`,
    [limit],
  );
  if (entries.length === 0) return false;
  const ids = entries.map((entry) => entry.message_id);
  const found: { id: string; body: string | null }[] = await manager.query(
    `select id, body from chat_messages where id = any ($1)`,
    [ids],
  );
  const rows = withinText(found);
  const keys = await keysOfRows(rows);
  await manager.query(
    `update search_entries entry set words = ${WORDS}, is_current = true
     from json_to_recordset($1) as e (message_id uuid, keys text[]) where entry.message_id = e.message_id`,
    [JSON.stringify(rows.map(({ id }, place) => ({ message_id: id, keys: keys[place] })))],
  );
  return rows.length < found.length || ids.length === limit;
}
