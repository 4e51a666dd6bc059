import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { of, type Observable } from 'rxjs';
import { DataSource } from 'typeorm';
import { CatchUpService } from '../../features/catch-up/catch-up.service';
import { Configuration } from '../../platform/configuration/configuration';
import { MessagePageDto, type MessagePage } from '../../features/messages/messages.dto';
import { MessagesService } from '../../features/messages/messages.service';
import { toValidQuery } from '../../platform/validation/request-validation.pipe';
import { CONVERSATION_NOT_FOUND } from '../../features/membership/membership.problems';
import { invalidField, Problem } from '../../platform/problems/problem';
import { MERGE_TYPE, readBraidHeaders, type BraidHeaders } from './braid-headers';
import type { ConversationExchange, Exchange } from './exchange';
import { ownConversations } from './newest-pages';
import { earlierOf, type Position } from './positions';
import { refuseUnknown, vary } from './response-headers';
import { StreamOpener } from './stream-opener';
import { Subscriptions } from './subscriptions';
import { TimelineReader, type Answer } from './timeline-reader';
import { TIMELINE_OF_ALL, timelineOf, type Shape } from './timeline-shapes';
import { TimelineStream } from './timeline-stream';
import type { UpdateStream } from './update-stream';
import { formatVersions } from './version-list';

const PAGE_SIZE = 50;
const PAGE_SIZE_OF_ALL = 20;
const MAX_PAGE_SIZE = 200;
/**
 * The most conversations in one snapshot or one list of parents. Others join the stream when something happens in them.
 */
const MAX_CONVERSATIONS = 200;

/** The requested timeline: of one conversation, or of all the caller's conversations. */
interface Timeline {
  readonly shape: Shape;
  readonly reader: TimelineReader;
  /** The request fails unless the caller participates in this conversation. */
  readonly required?: string;
  /** Conversations in the first snapshot (`shown`), and those sent when something happens in them (`quiet`). */
  readonly list: () => Promise<{ shown: readonly string[]; quiet: readonly string[] }>;
}

/** The position of a client in a conversation. */
interface Cursor {
  readonly position: Position;
  readonly epoch: number | undefined;
  /** The versions that name this position. */
  readonly told: readonly string[];
}

const BEGINNING: Cursor = { position: { seq: 0, rev: 0 }, epoch: undefined, told: [] };

/** Conversations as Braid resources: the changes since a version, and live ones. */
@Injectable()
export class BraidTimelines {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly messages: MessagesService,
    private readonly catchUp: CatchUpService,
    private readonly configuration: Configuration,
    private readonly subscriptions: Subscriptions,
    private readonly opener: StreamOpener,
  ) {}

  /** The timeline of one conversation. Without Braid's headers it is the page of the JSON API. */
  async one(exchange: ConversationExchange): Promise<MessagePage | Observable<unknown>> {
    const { conversationId, request, response, caller } = exchange;
    const headers = readBraidHeaders(request);
    vary(response);
    if (!headers.version && !headers.parents && headers.subscribe === undefined)
      return this.messages.page(caller.userId, conversationId, toValidQuery(MessagePageDto, request.query));
    const shape = timelineOf(conversationId);
    const reader = this.readerFor(exchange, PAGE_SIZE);
    const list = (): ReturnType<Timeline['list']> => Promise.resolve({ shown: [conversationId], quiet: [] });
    return this.answer(exchange, headers, { shape, reader, list, required: conversationId });
  }

  /** The timeline of all conversations of the caller, in one stream. */
  async all(exchange: Exchange): Promise<Observable<unknown>> {
    const headers = readBraidHeaders(exchange.request);
    vary(exchange.response);
    const reader = this.readerFor(exchange, PAGE_SIZE_OF_ALL);
    const list: Timeline['list'] = async () => {
      const own = await ownConversations(this.dataSource.manager, exchange.caller.userId);
      const visible = own.filter(({ isHidden }) => !isHidden).slice(0, MAX_CONVERSATIONS);
      const shown = visible.map(({ id }) => id);
      const quiet = own.map(({ id }) => id).filter((id) => !shown.includes(id));
      return { shown, quiet };
    };
    return this.answer(exchange, headers, { shape: TIMELINE_OF_ALL, reader, list });
  }

  private readerFor({ request, caller }: Exchange, defaultSize: number): TimelineReader {
    const { dataSource, catchUp, configuration } = this;
    const sources = { dataSource, catchUp, timeoutMs: configuration.REQUEST_TIMEOUT_MS };
    return new TimelineReader(sources, caller.userId, pageSizeOf(request.query, defaultSize));
  }

  private async answer(
    exchange: Exchange,
    headers: BraidHeaders,
    timeline: Timeline,
  ): Promise<Observable<unknown>> {
    if (headers.subscribe === undefined && !headers.parents)
      return of(await this.state(exchange, headers.version, timeline));
    if (headers.version)
      throw invalidField('/headers/Version', 'does not go with Parents: states are not replayed');
    return this.stream(exchange, headers, timeline);
  }

  /** The current state, if `Version` names it. @throws Problem `version-not-found` */
  private async state(
    { response }: Exchange,
    version: readonly string[] | undefined,
    { shape, reader, list, required }: Timeline,
  ): Promise<object> {
    const { shown } = await list();
    const pages = (await reader.pages(shown)) ?? new Map<string, never>();
    if (required !== undefined && !pages.has(required)) throw new Problem(CONVERSATION_NOT_FOUND);
    const current = [...pages].map(([id, { head }]) => shape.versionOf(id, head, reader.epoch));
    const unknown = version?.filter((id) => !current.includes(id)) ?? [];
    if (unknown.length > 0) refuseUnknown(response, 'Version', unknown);
    response.setHeader('Version', formatVersions(current));
    response.setHeader('Current-Version', formatVersions(current));
    response.setHeader('Merge-Type', MERGE_TYPE);
    return shape.bodyOf(pages);
  }

  private async stream(
    exchange: Exchange,
    headers: BraidHeaders,
    { shape, reader, list, required }: Timeline,
  ): Promise<Observable<unknown>> {
    const { caller } = exchange;
    const cursors = cursorsIn(exchange, headers.parents, shape);
    const isOnce = headers.subscribe === undefined;
    const make = (stream: UpdateStream): TimelineStream =>
      new TimelineStream(caller, stream, shape, reader, this.subscriptions, isOnce, (error) =>
        this.opener.failed(error),
      );
    return this.opener.open(exchange, headers, make, async (subscriber) => {
      for (const [id, cursor] of cursors) subscriber.include(id, cursor);
      const { shown, quiet } = await list();
      // In a timeline of one conversation, an empty set of parents is its beginning.
      if (required !== undefined && headers.parents?.length === 0) cursors.set(required, BEGINNING);
      for (const id of [...shown, ...quiet]) subscriber.include(id, cursors.get(id));
      const isFresh = cursors.size === 0;
      const answers = await this.resume(exchange, reader, cursors);
      const pages = (isFresh ? await reader.pages(shown) : undefined) ?? new Map<string, never>();
      const found = isFresh ? pages : answers;
      if (required !== undefined && (found.get(required) ?? 'gone') === 'gone')
        throw new Problem(CONVERSATION_NOT_FOUND);
      const current = [...found].flatMap(([id, answer]) =>
        answer === 'gone' ? [] : shape.versionOf(id, answer.head, reader.epoch),
      );
      return {
        current,
        tell() {
          if (isFresh) subscriber.tellSnapshot(pages);
          subscriber.goOn(answers, isFresh ? [] : shown);
        },
      };
    });
  }
  /** @throws Problem `version-not-found` for a version of another epoch, or ahead of the head */
  private async resume(
    { response }: Exchange,
    reader: TimelineReader,
    cursors: ReadonlyMap<string, Cursor>,
  ): Promise<Map<string, Exclude<Answer, 'reset'>>> {
    const [first] = cursors.values();
    const positions = [...cursors].map(([conversationId, { position }]) => ({ conversationId, ...position }));
    const answers = await reader.changes(positions, first?.epoch);
    const known = new Map<string, Exclude<Answer, 'reset'>>();
    const unknown: string[] = [];
    for (const [id, { told, epoch }] of cursors) {
      const answer = answers.get(id) ?? 'gone';
      if (answer === 'reset' || epoch !== first?.epoch) unknown.push(...told);
      else known.set(id, answer);
    }
    if (unknown.length > 0) refuseUnknown(response, 'Parents', unknown);
    return known;
  }
}

/** @throws Problem `version-not-found` or `validation-failed` */
function cursorsIn(
  { response }: Exchange,
  parents: readonly string[] | undefined,
  shape: Shape,
): Map<string, Cursor> {
  const cursors = new Map<string, Cursor>();
  const unknown: string[] = [];
  for (const version of parents ?? []) {
    const found = shape.readVersion(version);
    if (!found) {
      unknown.push(version);
      continue;
    }
    const { conversationId, epoch, ...position } = found;
    const before = cursors.get(conversationId);
    cursors.set(conversationId, {
      epoch,
      position: before ? earlierOf(before.position, position) : position,
      told: [...(before?.told ?? []), version],
    });
  }
  if (unknown.length > 0) refuseUnknown(response, 'Parents', unknown);
  if (cursors.size > MAX_CONVERSATIONS)
    throw invalidField('/headers/Parents', `must name at most ${MAX_CONVERSATIONS} conversations`);
  return cursors;
}

/** @throws Problem `validation-failed` */
function pageSizeOf(query: object, defaultSize: number): number {
  const { limit = String(defaultSize), ...others } = query as Record<string, unknown>;
  const [other] = Object.keys(others);
  if (other !== undefined) throw invalidField(`/query/${other}`, 'does not go with a stream');
  const size = typeof limit === 'string' && /^\d{1,3}$/.test(limit) ? Number(limit) : 0;
  if (size < 1 || size > MAX_PAGE_SIZE) throw invalidField('/query/limit', `must be 1 to ${MAX_PAGE_SIZE}`);
  return size;
}
