import type { EntityManager } from 'typeorm';
import { COLUMNS } from '../messages/messages.queries';
import type { MessageRow } from '../messages/message-view';
import { mayBegin, mayBePart, mayBeSimilar, type Closeness, type Term } from './search-query';
import { isUnspaced, keysOf } from './search-words';
import type { Stems } from './search-match';

/** A conversation that the caller may read, and the `seq` up to which it is indexed. */
export interface Readable {
  readonly conversationId: string;
  readonly indexedSeq: number;
  readonly lastSeq: number;
}

/** Served by the index of the participants' own conversations, `conversations_pkey` and `search_positions_pkey`. */
export async function readableConversations(
  manager: EntityManager,
  userId: string,
  conversationId: string | undefined,
): Promise<Readable[]> {
  return manager.query(
    `select c.id as "conversationId", c.last_seq as "lastSeq", coalesce(i.indexed_seq, 0) as "indexedSeq"
     from conversation_participants p
     join conversations c on c.id = p.conversation_id and c.deleted_at is null
     left join search_positions i on i.conversation_id = c.id
     where p.user_id = $1 and p.left_at is null and ($2::uuid is null or p.conversation_id = $2)`,
    [userId, conversationId ?? null],
  );
}

/** The stems of those words that have other forms. */
export async function stemsOf(manager: EntityManager, words: readonly string[]): Promise<Stems> {
  if (words.length === 0) return new Map();
  const rows: { word: string; stems: string[] }[] = await manager.query(
    `select word, stems from unnest($1::text[]) word, search_stems(word) stems where stems <> '{}'`,
    [words],
  );
  return new Map(rows.map(({ word, stems }) => [word, stems]));
}

/** The position of a result: newest first, and by id within the same moment. */
export interface Place {
  readonly createdAt: string;
  readonly id: string;
}

export interface Filters {
  readonly senderId?: string | undefined;
  /** ISO 8601 with any offset; PostgreSQL does not accept all offsets. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly has?: 'link' | 'file' | undefined;
}

/** SQL conditions for the filters; `true` without filters. */
function fits({ senderId, since, until, has }: Filters, bind: Bind): string {
  const conditions = [
    senderId && `m.sender_id = ${bind(senderId)}`,
    since && `m.created_at >= ${bind(new Date(since).toISOString())}::timestamptz`,
    until && `m.created_at < ${bind(new Date(until).toISOString())}::timestamptz`,
    has === 'link' && `m.body ~* 'https?://'`,
    has === 'file' && `(m.has_attachments or m.type in ('image', 'file'))`,
  ];
  return conditions.filter(Boolean).join(' and ') || 'true';
}

type Bind = (value: unknown) => string;
const olderThan = (before: Place | undefined, bind: Bind, ...columns: string[]): string =>
  before
    ? `(${columns.join(', ')}) < (${bind(before.createdAt)}::timestamptz, ${bind(before.id)}::uuid)`
    : 'true';

/** How many of the newest entries are read without the word index. */
const RECENT = 3_000;

/**
 * Finds the newest messages whose entries may match. A frequent word, in every twentieth message or more, is found
 * among the newest entries (`search_entries_newest_idx`, or `search_entries_recent_idx` for one conversation). The word
 * index would return all of its messages, unordered. Rarer words come from `search_entries_words_idx` or
 * `search_entries_grams_idx`, and their few messages are sorted.
 */
export async function findCandidates(
  manager: EntityManager,
  conversationIds: readonly string[],
  wanted: Wanted,
  filters: Filters,
  before: Place | undefined,
  limit: number,
): Promise<MessageRow[]> {
  const find = (entries: (bind: Bind, says: string, isReadable: string) => string): Promise<MessageRow[]> => {
    const values: unknown[] = [];
    const bind: Bind = (value) => `$${values.push(value)}`;
    const isReadable =
      conversationIds.length === 1
        ? `e.conversation_id = ${bind(conversationIds[0])}`
        : `e.conversation_id = any (${bind(conversationIds)}::uuid[])`;
    const found = entries(bind, says(wanted, bind), isReadable);
    const fitting = fits(filters, bind);
    const newest = `order by e.created_at desc, e.message_id desc limit ${limit}`;
    return manager.query(
      `with found as materialized (${found})
       select ${COLUMNS} from (
         select e.message_id, e.created_at from found e
         ${fitting === 'true' ? '' : `join chat_messages m on m.id = e.message_id where ${fitting}`} ${newest}) e
       join chat_messages m on m.id = e.message_id
       order by e.created_at desc, e.message_id desc`,
      values,
    );
  };
  const older = (bind: Bind): string => olderThan(before, bind, 'e.created_at', 'e.message_id');
  const isOne = conversationIds.length === 1;
  // A function computes the trigrams of an entry, which costs more than comparing its words.
  if (wanted.grams.length === 0) {
    const recent = await find(
      (bind, isSaid, isReadable) =>
        `select e.* from (select * from search_entries e where ${isOne ? isReadable : 'true'} and ${older(bind)}
           order by e.created_at desc, e.message_id desc limit ${RECENT}) e
         where ${isReadable} and ${isSaid}`,
    );
    if (recent.length === limit) return recent;
  }
  return find(
    (bind, isSaid, isReadable) =>
      `select e.message_id, e.created_at from search_entries e where ${isReadable} and ${isSaid} and ${older(bind)}`,
  );
}

function says({ words, grams }: Wanted, bind: Bind): string {
  const parts = grams.map((alternatives) => {
    const each = alternatives.map((part) => `search_grams(e.words) @> ${bind(part)}::text[]`);
    return `(${each.join(' or ')})`;
  });
  return [...(words ? [`e.words @@ ${bind(words)}::tsquery`] : []), ...parts].join(' and ');
}

/**
 * In a conversation that is far behind (just imported or restored), a search reads only this many unindexed messages.
 */
const MAX_UNINDEXED = 500;
/** A search over many conversations reads fewer of each, so that it reads at most this many in all. */
const MAX_UNINDEXED_OF_ALL = 10_000;
const MIN_UNINDEXED = 20;

/**
 * Finds the newest messages without a current entry: just stored or just edited. Chooses them before it reads their
 * text. "offset 0" makes the planner go conversation by conversation; it expects few rows and would choose a slower
 * plan. Served by `chat_messages_conversation_seq_key` and `search_entries_outdated_idx`.
 */
export async function findUnindexed(
  manager: EntityManager,
  readable: readonly Readable[],
  filters: Filters,
  before: Place | undefined,
  limit: number,
): Promise<MessageRow[]> {
  const behind = readable.filter(({ indexedSeq, lastSeq }) => lastSeq > indexedSeq);
  const share = Math.max(MIN_UNINDEXED, Math.floor(MAX_UNINDEXED_OF_ALL / behind.length));
  const most = Math.min(MAX_UNINDEXED, share);
  const values: unknown[] = [];
  const bind: Bind = (value) => `$${values.push(value)}`;
  const isWanted = `m.deleted_at is null and ${fits(filters, bind)} and ${olderThan(before, bind, 'm.created_at', 'm.id')}`;
  return manager.query(
    `with found as materialized (
       select m.id, m.created_at
       from unnest(${bind(behind.map(({ conversationId }) => conversationId))}::uuid[],
         ${bind(behind.map(({ indexedSeq, lastSeq }) => Math.max(indexedSeq, lastSeq - most)))}::bigint[],
         ${bind(behind.map(({ lastSeq }) => lastSeq))}::bigint[]) as behind (conversation_id, seq, last_seq)
       cross join lateral (
         select * from chat_messages
         where conversation_id = behind.conversation_id and seq > behind.seq and seq <= behind.last_seq offset 0) m
       where ${isWanted}
       union
       select m.id, m.created_at from search_entries e join chat_messages m on m.id = e.message_id
       where e.conversation_id = any (${bind(readable.map(({ conversationId }) => conversationId))}::uuid[])
         and not e.is_current and ${isWanted}
       order by created_at desc, id desc limit ${limit})
     select ${COLUMNS} from found join chat_messages m on m.id = found.id
     order by m.created_at desc, m.id desc`,
    values,
  );
}

/**
 * The conditions on an entry: a query of words, and trigrams for parts of words. One alternative of each term suffices.
 */
export interface Wanted {
  readonly words: string | undefined;
  readonly grams: readonly (readonly string[][])[];
}

/** The conditions for the index; undefined when this closeness finds no more than a stricter one did. */
export function wantedOf(terms: readonly Term[], closeness: Closeness, stems: Stems): Wanted | undefined {
  const words: string[] = [];
  const grams: string[][][] = [];
  for (const { words: wanted, isExact } of terms) {
    for (const word of wanted) {
      if (isExact || wanted.length > 1 || isUnspaced(word)) words.push(...keysOf(word).map(lexeme));
      else if (closeness === 'similar' && mayBeSimilar(word)) grams.push(piecesOf(word).map(gramsOf));
      else if (closeness !== 'word' && mayBePart(word)) grams.push([gramsOf(word)]);
      else words.push(`(${[beginning(word), ...(stems.get(word) ?? []).map(lexeme)].join(' | ')})`);
    }
  }
  if (closeness !== 'word' && grams.length === 0) return undefined;
  return { words: words.length > 0 ? words.join(' & ') : undefined, grams };
}

const lexeme = (word: string): string => `'${word.replace(/['\\]/g, '$&$&')}'`;
const beginning = (word: string): string => (mayBegin(word) ? `${lexeme(word)}:*` : lexeme(word));

const GRAM = 3;
function gramsOf(part: string): string[] {
  const characters = [...part];
  return characters.slice(GRAM - 1).map((_, start) => characters.slice(start, start + GRAM).join(''));
}

/** Splits a word in two: a single typing mistake leaves one half intact. In a short word the halves overlap. */
function piecesOf(word: string): string[] {
  const characters = [...word];
  const half = Math.max(GRAM, Math.floor(characters.length / 2));
  return [characters.slice(0, half).join(''), characters.slice(-half).join('')];
}
