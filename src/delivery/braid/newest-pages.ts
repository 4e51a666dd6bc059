import type { DataSource, EntityManager } from 'typeorm';
import { CONVERSATION_POSITION, IS_HIDDEN } from '../../features/conversations/conversation-view';
import { readHeads } from '../../features/catch-up/catch-up.queries';
import { messageView, type MessageView } from '../../features/messages/message-view';
import { newMessages } from '../../features/messages/messages.queries';
import { inSnapshot } from '../../platform/database/transaction';
import type { Position } from './positions';

/** The newest messages of a conversation, ascending, and its head at that moment. */
export interface NewestPage {
  readonly head: Position;
  readonly messages: readonly MessageView[];
}

/** Reads the newest pages of those conversations in which the user participates, from one snapshot. */
export async function newestPages(
  dataSource: DataSource,
  userId: string,
  conversationIds: readonly string[],
  limit: number,
): Promise<{ epoch: number; pages: Map<string, NewestPage> }> {
  return inSnapshot(dataSource, async (manager) => {
    const { epoch, heads } = await readHeads(manager, userId, conversationIds);
    const starts = [...heads].map(([conversationId, { seq }]) => ({
      conversationId,
      seq: Math.max(0, seq - limit),
      rev: 0,
    }));
    const messages = (await newMessages(manager, starts, limit)).map(messageView);
    const pages = new Map<string, NewestPage & { messages: MessageView[] }>();
    for (const [id, { seq, rev }] of heads) pages.set(id, { head: { seq, rev }, messages: [] });
    for (const message of messages) pages.get(message.conversationId)!.messages.push(message);
    return { epoch, pages };
  });
}

/**
 * The conversations of a user: those in the user's list come first, then the latest activity first. Served by
 * `conversation_participants_user_idx`.
 */
export async function ownConversations(
  manager: EntityManager,
  userId: string,
): Promise<{ id: string; isHidden: boolean }[]> {
  return manager.query(
    `select c.id, ${IS_HIDDEN} as "isHidden"
     from conversation_participants p join conversations c on c.id = p.conversation_id
     where p.user_id = $1 and p.left_at is null and c.deleted_at is null
     order by "isHidden", ${CONVERSATION_POSITION} desc, c.id desc`,
    [userId],
  );
}
