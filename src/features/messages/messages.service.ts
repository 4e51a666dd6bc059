import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { uuidv7 } from 'uuidv7';
import { accessConversation } from '../membership/conversation-access';
import { inSnapshot } from '../../platform/database/transaction';
import { CONVERSATION_NOT_FOUND } from '../membership/membership.problems';
import { MESSAGE_ID_CONFLICT, MESSAGE_NOT_FOUND } from './messages.problems';
import { invalidField, Problem } from '../../platform/problems/problem';
import { pageOf, readNumberCursor } from '../../platform/pagination/page';
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from '../../platform/validation/field-rules';
import { AllMentions } from './all-mentions';
import { requireContent } from './message-body';
import { MessageEdits } from './message-edits';
import { messageView, type MessageRow, type MessageView } from './message-view';
import { MessageWriter } from './message-writer';
import type {
  MessagePage,
  MessagePageDto,
  PutMessageDto,
  SendMessageDto,
  VersionList,
  VersionListQueryDto,
  VersionView,
} from './messages.dto';
import { findMessage, readPage, versionsOf, type VersionRow } from './messages.queries';
import type { StoredMessage } from './pending-message';

/** Sends and reads messages. HTTP and sockets use the same methods. */
@Injectable()
export class MessagesService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly writer: MessageWriter,
    private readonly edits: MessageEdits,
    private readonly allMentions: AllMentions,
  ) {}

  /**
   * Stores and broadcasts a message; repeating it with the same id gives the stored one (G2).
   * @throws Problem `conversation-not-found`, `message-id-conflict`, `message-not-found`, `forbidden`, `rate-limited`
   */
  async send(userId: string, conversationId: string, input: SendMessageDto): Promise<StoredMessage> {
    const attachmentIds = input.attachmentIds ?? [];
    requireContent(input.body, attachmentIds.length);
    if (new Set(attachmentIds).size < attachmentIds.length)
      throw invalidField('/attachmentIds', 'must not name an attachment twice');
    return this.allMentions.charge(userId, input.body, () =>
      this.writer.append({
        id: input.id ?? uuidv7(),
        conversationId,
        senderId: userId,
        type: input.type ?? 'text',
        body: input.body,
        replyToId: input.replyToId ?? null,
        attachmentIds,
      }),
    );
  }

  /**
   * PUT creates only with `parents: []`, edits only with other `parents` or a `version`, and otherwise does whichever
   * fits.
   * @throws Problem as `send` and `MessageEdits.edit`
   */
  async put(
    userId: string,
    conversationId: string,
    messageId: string,
    input: PutMessageDto,
    mustBeNew: boolean,
  ): Promise<StoredMessage> {
    if (input.id !== undefined && input.id !== messageId)
      throw invalidField('/id', 'must be the id in the address');
    const createOnly = mustBeNew || input.parents?.length === 0;
    const editOnly = Boolean(input.parents?.length) || (input.version !== undefined && !createOnly);
    if (createOnly && editOnly) throw invalidField('/parents', 'must be empty when If-None-Match says "*"');
    if (createOnly && input.version !== undefined && input.version !== messageId) {
      throw invalidField('/version', 'must be the id of the message when it is created');
    }
    const { parents, version, ...fields } = input;
    const edit = async (): Promise<StoredMessage> => ({
      message: await this.edits.edit(userId, conversationId, messageId, {
        body: input.body,
        parents,
        version,
      }),
      isNew: false,
    });
    if (editOnly) return edit();
    if (!createOnly && (await this.exists(userId, conversationId, messageId))) return edit();
    try {
      return await this.send(userId, conversationId, { ...fields, id: messageId });
    } catch (error) {
      // Another request stored this id first. In this conversation, that makes this request an edit.
      const isTaken = error instanceof Problem && error.kind === MESSAGE_ID_CONFLICT;
      if (!createOnly && isTaken && (await this.exists(userId, conversationId, messageId))) return edit();
      throw error;
    }
  }

  /** @throws Problem `conversation-not-found` or `message-not-found` */
  async get(userId: string, conversationId: string, messageId: string): Promise<MessageView> {
    return messageView(await this.find(userId, conversationId, messageId));
  }

  /** Oldest first. @throws Problem `conversation-not-found`, `message-not-found` or `validation-failed` */
  async versions(
    userId: string,
    conversationId: string,
    messageId: string,
    { cursor, limit = MAX_PAGE_SIZE }: VersionListQueryDto,
  ): Promise<VersionList> {
    const after = readNumberCursor(cursor);
    return inSnapshot(this.dataSource, async (manager) => {
      const row = await this.find(userId, conversationId, messageId, manager);
      const rows = await versionsOf(manager, messageId, after, limit + 1);
      const { items, nextCursor } = pageOf(rows, limit, ({ number }) => String(number));
      if (rows.length === 0 && after !== undefined) return { items: [], nextCursor };
      return { items: [...versionViews(row, items)], nextCursor };
    });
  }

  /**
   * Reads a message and all its versions at one moment, oldest first; the last one is the current state.
   * @throws Problem `conversation-not-found` or `message-not-found`
   */
  async history(userId: string, conversationId: string, messageId: string): Promise<MessageHistory> {
    return inSnapshot(this.dataSource, async (manager) => {
      const row = await this.find(userId, conversationId, messageId, manager);
      const versions = await versionsOf(manager, messageId);
      return { message: messageView(row), versions: versionViews(row, versions) };
    });
  }

  /** @throws Problem `conversation-not-found` or `validation-failed` */
  async page(userId: string, conversationId: string, query: MessagePageDto): Promise<MessagePage> {
    const { limit = DEFAULT_PAGE_SIZE, ...position } = query;
    if (Object.values(position).filter((value) => value !== undefined).length > 1) {
      throw invalidField('/query', 'takes one of before, after and around');
    }
    const page = await readPage(this.dataSource.manager, userId, conversationId, position, limit);
    if (!page) throw new Problem(CONVERSATION_NOT_FOUND);
    const { rows, lastSeq, lastRev } = page;
    const first = rows[0]?.seq ?? (position.after === undefined ? 1 : lastSeq + 1);
    const last = rows.at(-1)?.seq ?? first - 1;
    return {
      items: rows.map(messageView),
      head: { seq: lastSeq, rev: lastRev },
      hasMoreBefore: first > 1,
      hasMoreAfter: last < lastSeq,
    };
  }

  private async exists(userId: string, conversationId: string, messageId: string): Promise<boolean> {
    await accessConversation(this.dataSource.manager, userId, conversationId);
    return (await findMessage(this.dataSource.manager, conversationId, messageId)) !== undefined;
  }

  private async find(
    userId: string,
    conversationId: string,
    messageId: string,
    manager = this.dataSource.manager,
  ): Promise<MessageRow> {
    await accessConversation(manager, userId, conversationId);
    const row = await findMessage(manager, conversationId, messageId);
    if (!row) throw new Problem(MESSAGE_NOT_FOUND);
    return row;
  }
}

export interface MessageHistory {
  readonly message: MessageView;
  readonly versions: readonly [VersionView, ...VersionView[]];
}

/** A message that was never changed has one version, which has no row. */
function versionViews(row: MessageRow, rows: readonly VersionRow[]): MessageHistory['versions'] {
  const [first, ...others] = rows.map((version) => ({
    version: version.version,
    parents: version.parents,
    body: version.body,
    authorId: version.author_id,
    createdAt: version.created_at.toISOString(),
  }));
  if (first) return [first, ...others];
  const only = { version: row.id, parents: [], body: row.body, authorId: row.sender_id };
  return [{ ...only, createdAt: row.created_at.toISOString() }];
}
