import type { MessageType } from './message.entity';

/** A row of `chat_messages` as SQL returns it. */
export interface MessageRow {
  id: string;
  conversation_id: string;
  seq: number;
  rev: number;
  sender_id: string | null;
  type: MessageType;
  body: string | null;
  reply_to_id: string | null;
  version: string | null;
  parents: string[];
  pinned_at: Date | null;
  edited_at: Date | null;
  deleted_at: Date | null;
  created_at: Date;
}

/** The Message of the contract, as stored. */
export interface MessageView {
  id: string;
  conversationId: string;
  seq: number;
  rev: number;
  senderId: string | null;
  type: MessageType;
  body: string | null;
  replyToId: string | null;
  attachments: never[];
  mentions: never[];
  reactions: never[];
  version: string;
  parents: string[];
  pinnedAt: string | null;
  editedAt: string | null;
  deletedAt: string | null;
  createdAt: string;
}

export function messageView(row: MessageRow): MessageView {
  return {
    id: row.id,
    conversationId: row.conversation_id,
    seq: row.seq,
    rev: row.rev,
    senderId: row.sender_id,
    type: row.type,
    body: row.body,
    replyToId: row.reply_to_id,
    attachments: [],
    mentions: [],
    reactions: [],
    version: currentVersion(row),
    parents: row.parents,
    pinnedAt: row.pinned_at?.toISOString() ?? null,
    editedAt: row.edited_at?.toISOString() ?? null,
    deletedAt: row.deleted_at?.toISOString() ?? null,
    createdAt: row.created_at.toISOString(),
  };
}

/** A message that was never changed has one version, named like itself. */
export function currentVersion(row: MessageRow): string {
  return row.version ?? row.id;
}
