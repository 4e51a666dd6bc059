import type { IntegrityCheck } from './finding';

/** Checks what messages are found by: nothing that was deleted, and everything else. */
export const SEARCH: readonly IntegrityCheck[] = [
  {
    kind: 'search-deleted',
    sql: `
      select m.id as place, 'was deleted, and is still found by its words' as detail
      from search_entries e join chat_messages m on m.id = e.message_id
      where m.deleted_at is not null and e.words <> ''`,
  },
  {
    kind: 'search-missing',
    sql: `
      select m.id as place, 'is not found by its words, although its conversation is indexed up to it' as detail
      from search_positions p
      join chat_messages m on m.conversation_id = p.conversation_id and m.seq <= p.indexed_seq
      where m.deleted_at is null and not exists (select from search_entries e where e.message_id = m.id)`,
  },
];
