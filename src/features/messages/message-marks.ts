import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { inTransaction, type Announce } from '../../platform/database/transaction';
import { pageOf, readNumberCursor, type ListQueryDto } from '../../platform/pagination/page';
import { FORBIDDEN } from '../../platform/problems/general-problems';
import { Problem } from '../../platform/problems/problem';
import { DEFAULT_PAGE_SIZE } from '../../platform/validation/field-rules';
import { isAtLeast, lockConversation, takeRevs, type Access } from '../membership/conversation-access';
import { CONVERSATION_NOT_FOUND } from '../membership/membership.problems';
import { isDirectBlocked } from '../relationships/contacts.queries';
import {
  addReaction,
  countPinned,
  countReactions,
  numberChange,
  readPinned,
  removeReaction,
  setPinned,
  type ReactionCounts,
} from './message-marks.queries';
import { MAX_EMOJIS, messageView, type MessageRow, type MessageView } from './message-view';
import { MessageUpdated } from './messages.events';
import type { PinnedList } from './messages.dto';
import { MESSAGE_NOT_FOUND } from './messages.problems';
import { findMessage } from './messages.queries';

/** Emoji of one user on one message. */
const MAX_OWN_EMOJIS = 20;
/** Reactions on one message. Everybody who reads a page of messages reads all of them. */
const MAX_REACTIONS = 5_000;
/** Pinned messages of a conversation. */
const MAX_PINNED = 100;

/** A locked message and what its caller may do with it. */
interface Marking {
  readonly manager: EntityManager;
  readonly access: Access;
  readonly row: MessageRow;
}

/**
 * Reactions and pins, the marks that people put on a stored message. Each change takes one `rev`; repeating a mark
 * changes nothing. In a direct conversation a block rejects them as it rejects sends.
 */
@Injectable()
export class MessageMarks {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /**
   * @param emoji in its qualified spelling
   * @throws Problem `conversation-not-found`, `message-not-found` or `forbidden`
   */
  async react(
    userId: string,
    conversationId: string,
    messageId: string,
    emoji: string,
  ): Promise<MessageView> {
    return this.change(userId, conversationId, messageId, async ({ manager, access, row }) => {
      const counts = await countReactions(manager, messageId, userId, emoji);
      if (counts.hasOwn) return undefined;
      await requireMarkable(manager, access, row);
      requireRoomForReaction(counts);
      return (rev) => addReaction(manager, { messageId, userId, emoji }, rev);
    });
  }

  /** Removes the caller's own reaction. @throws Problem as `react` */
  async unreact(
    userId: string,
    conversationId: string,
    messageId: string,
    emoji: string,
  ): Promise<MessageView> {
    return this.change(userId, conversationId, messageId, async ({ manager, access, row }) => {
      const { hasOwn } = await countReactions(manager, messageId, userId, emoji);
      if (!hasOwn) return undefined;
      await requireMarkable(manager, access, row);
      return () => removeReaction(manager, { messageId, userId, emoji });
    });
  }

  /**
   * Both people of a direct conversation may pin. In a group only admins and the owner may, since everybody sees a pin.
   * @throws Problem `conversation-not-found`, `message-not-found` or `forbidden`
   */
  async pin(userId: string, conversationId: string, messageId: string): Promise<MessageView> {
    return this.change(userId, conversationId, messageId, async ({ manager, access, row }) => {
      requireMayPin(access);
      if (row.pinned_at) return undefined;
      await requireMarkable(manager, access, row);
      if ((await countPinned(manager, conversationId)) >= MAX_PINNED)
        throw new Problem(FORBIDDEN, { detail: `A conversation has at most ${MAX_PINNED} pinned messages.` });
      return () => setPinned(manager, messageId, true);
    });
  }

  /** The same users may unpin. @throws Problem as `pin` */
  async unpin(userId: string, conversationId: string, messageId: string): Promise<MessageView> {
    return this.change(userId, conversationId, messageId, async ({ manager, access, row }) => {
      requireMayPin(access);
      if (!row.pinned_at) return undefined;
      await requireMarkable(manager, access, row);
      return () => setPinned(manager, messageId, false);
    });
  }

  /** Newest message first. @throws Problem `conversation-not-found` or `validation-failed` */
  async listPinned(userId: string, conversationId: string, query: ListQueryDto): Promise<PinnedList> {
    const limit = query.limit ?? DEFAULT_PAGE_SIZE;
    const before = readNumberCursor(query.cursor);
    const { manager } = this.dataSource;
    const rows = await readPinned(manager, userId, conversationId, before, limit + 1);
    if (!rows) throw new Problem(CONVERSATION_NOT_FOUND);
    const { items, nextCursor } = pageOf(rows, limit, ({ seq }) => String(seq));
    return { items: items.map(messageView), nextCursor };
  }

  /** @param decide runs under the lock; returns the write to do, or undefined when nothing has to change */
  private async change(
    userId: string,
    conversationId: string,
    messageId: string,
    decide: (marking: Marking) => Promise<((rev: number) => Promise<unknown>) | undefined>,
  ): Promise<MessageView> {
    return inTransaction(this.dataSource, async (manager, announce: Announce) => {
      const access = await lockConversation(manager, userId, conversationId);
      const row = await findMessage(manager, conversationId, messageId);
      if (!row) throw new Problem(MESSAGE_NOT_FOUND);
      const write = await decide({ manager, access, row });
      if (!write) return messageView(row);
      const rev = await takeRevs(manager, conversationId);
      await write(rev);
      const message = messageView(await numberChange(manager, messageId, rev));
      announce(new MessageUpdated(message));
      return message;
    });
  }
}

/** @throws Problem `forbidden` for a tombstone, and while a block stands between two people */
async function requireMarkable(
  manager: EntityManager,
  { conversation, participant }: Access,
  row: MessageRow,
) {
  if (row.deleted_at)
    throw new Problem(FORBIDDEN, { detail: 'A deleted message takes no reactions and is not pinned.' });
  const { userId } = participant;
  if (conversation.type === 'direct' && (await isDirectBlocked(manager, userId, conversation.id)))
    throw new Problem(FORBIDDEN);
}

function requireRoomForReaction(counts: ReactionCounts): void {
  const fault =
    (!counts.hasEmoji &&
      counts.emojis >= MAX_EMOJIS &&
      `A message has at most ${MAX_EMOJIS} different emoji.`) ||
    (counts.ownEmojis >= MAX_OWN_EMOJIS && `One person puts at most ${MAX_OWN_EMOJIS} emoji to a message.`) ||
    (counts.reactions >= MAX_REACTIONS && `A message has at most ${MAX_REACTIONS} reactions.`);
  if (fault) throw new Problem(FORBIDDEN, { detail: fault });
}

function requireMayPin({ conversation, participant }: Access): void {
  if (conversation.type === 'group' && !isAtLeast(participant.role, 'admin')) throw new Problem(FORBIDDEN);
}
