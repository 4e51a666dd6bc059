import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { inSnapshot } from '../../platform/database/transaction';
import { LongWork } from '../../platform/long-work';
import { invalidField, Problem } from '../../platform/problems/problem';
import { RateLimits } from '../../platform/rate-limits/rate-limits';
import type { Allowance } from '../../platform/rate-limits/token-buckets';
import { DEFAULT_PAGE_SIZE } from '../../platform/validation/field-rules';
import { CONVERSATION_NOT_FOUND } from '../membership/membership.problems';
import { messageView, type MessageRow } from '../messages/message-view';
import { readSearchCursor, writeSearchCursor, type SearchCursor } from './search-cursor';
import { highlightsIn, type Stems } from './search-match';
import { CLOSENESS, parseQuery, type Closeness, type Term } from './search-query';
import { wordsOf, type Word } from './search-words';
import type { FoundMessage, FoundMessages, SearchMessagesDto } from './search.dto';
import {
  findCandidates,
  findUnindexed,
  readableConversations,
  stemsOf,
  wantedOf,
  type Place,
  type Readable,
} from './search.queries';

/** Searches by one user. A client searches at each pause in typing. */
const SEARCH: Allowance = { burst: 40, perSecond: 2, sharedAs: 'search' };
/** Candidates that are read at a time. */
const BATCH = 100;
/** When almost no candidate matches, the page ends early and its cursor continues after the last candidate. */
const MAX_BATCHES = 5;
/** The code units that a page reads at most; it ends early as well. Reading them takes some 200 ms, in short turns. */
const MAX_TEXT = 400_000;

/** A candidate with the words of its text. */
interface Text {
  readonly row: MessageRow;
  readonly words: readonly Word[];
}

interface Search {
  readonly manager: EntityManager;
  readonly readable: readonly Readable[];
  readonly terms: readonly Term[];
  readonly query: SearchMessagesDto;
  readonly limit: number;
}

/** Finds messages by their text, among those that the caller may read. */
@Injectable()
export class SearchService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly rateLimits: RateLimits,
  ) {}

  /**
   * Newest first. When no message has the words, it looks for parts of words, and then for similar words. All
   * statements read one snapshot, so a message is found by its current text.
   * @throws Problem `validation-failed`, `rate-limited`, or `conversation-not-found` for one that the caller is not in
   */
  async messages(userId: string, query: SearchMessagesDto): Promise<FoundMessages> {
    const terms = parseQuery(query.q);
    if (terms.length === 0) throw invalidField('/query/q', 'must have a letter, a number or a picture');
    const cursor = query.cursor === undefined ? undefined : readSearchCursor(query.cursor);
    this.rateLimits.take(SEARCH, userId);
    return inSnapshot(this.dataSource, async (manager) => {
      const readable = await readableConversations(manager, userId, query.conversationId);
      if (query.conversationId !== undefined && readable.length === 0)
        throw new Problem(CONVERSATION_NOT_FOUND);
      const search = { manager, readable, terms, query, limit: query.limit ?? DEFAULT_PAGE_SIZE };
      if (cursor) return pageOf(search, cursor.closeness, cursor);
      for (const closeness of CLOSENESS) {
        const found = await pageOf(search, closeness, undefined);
        if (found.items.length > 0 || found.nextCursor !== null) return found;
      }
      return { items: [], nextCursor: null };
    });
  }
}

async function pageOf(
  { manager, readable, terms, query, limit }: Search,
  closeness: Closeness,
  cursor: SearchCursor | undefined,
): Promise<FoundMessages> {
  const wordsWanted = terms.flatMap((term) => (term.isExact ? [] : term.words));
  const wantedStems = await stemsOf(manager, wordsWanted);
  const wanted = wantedOf(terms, closeness, wantedStems);
  if (!wanted) return { items: [], nextCursor: null };
  const ids = readable.map(({ conversationId }) => conversationId);
  const items: FoundMessage[] = [];
  const goOnFrom = ({ created_at, id }: MessageRow): string =>
    writeSearchCursor({ closeness, place: { createdAt: created_at.toISOString(), id } });

  const work = new LongWork();
  let textLeft = MAX_TEXT;
  let before: Place | undefined = cursor?.place;
  for (let batch = 1; ; batch++) {
    const found = await findCandidates(manager, ids, wanted, query, before, BATCH);
    const unindexed = await findUnindexed(manager, readable, query, before, BATCH);
    const { rows, isLast } = inOneOrder(found, unindexed);
    const texts: Text[] = [];
    for (const row of rows) {
      if (textLeft <= 0) break;
      textLeft -= row.body?.length ?? 0;
      texts.push({ row, words: wordsOf(row.body ?? '') });
      await work.pause();
    }
    const isRead = isLast && texts.length === rows.length;
    const stems = await stemsOfTexts(manager, texts, wordsWanted, wantedStems);
    for (const [place, { row, words }] of texts.entries()) {
      await work.pause();
      const highlights = highlightsIn(words, terms, closeness, stems);
      if (!highlights) continue;
      items.push({ message: messageView(row), highlights });
      const isEnd = isRead && place === texts.length - 1;
      if (items.length === limit) return { items, nextCursor: isEnd ? null : goOnFrom(row) };
    }
    const last = texts.at(-1)?.row;
    if (isRead || !last) return { items, nextCursor: null };
    if (batch === MAX_BATCHES || textLeft <= 0) return { items, nextCursor: goOnFrom(last) };
    before = { createdAt: last.created_at.toISOString(), id: last.id };
  }
}

/**
 * Merges two ordered lists. A list that was cut may have older messages: the page ends before the first cut, and the
 * next page has the rest.
 */
function inOneOrder(found: MessageRow[], unindexed: MessageRow[]): { rows: MessageRow[]; isLast: boolean } {
  const full = [found, unindexed].filter((rows) => rows.length === BATCH);
  const all = [...new Map([...found, ...unindexed].map((row) => [row.id, row])).values()].sort(newestFirst);
  const ends = full.map((rows) => rows.at(-1)!).sort(newestFirst);
  const [end] = ends;
  return { rows: end ? all.filter((row) => newestFirst(row, end) <= 0) : all, isLast: !end };
}

const newestFirst = (a: MessageRow, b: MessageRow): number =>
  b.created_at.getTime() - a.created_at.getTime() || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);

/** Other forms of a word share its beginning, so only words with the same first letters have to be looked up. */
const COMMON_BEGINNING = 2;
const beginningOf = (word: string): string => word.slice(0, COMMON_BEGINNING);

/** No real text has more different words that begin like a word of the query. */
const MAX_STEMMED = 5_000;

async function stemsOfTexts(
  manager: EntityManager,
  texts: readonly Text[],
  wanted: readonly string[],
  wantedStems: Stems,
): Promise<Stems> {
  const beginnings = new Set(wanted.map(beginningOf));
  const words = new Set<string>();
  for (const { text } of texts.flatMap((each) => each.words))
    if (beginnings.has(beginningOf(text)) && !wantedStems.has(text)) words.add(text);
  return new Map([...wantedStems, ...(await stemsOf(manager, [...words].slice(0, MAX_STEMMED)))]);
}
