import {
  described,
  EXAMPLE_ID,
  flag,
  id,
  integer,
  list,
  nullable,
  oneOf,
  record,
  text,
  time,
  usuallyNull,
  type Of,
} from '../../platform/documents/schema';
import { EMOJI_SCHEMA } from '../../platform/validation/emoji';
import { attachmentSchema, MAX_ATTACHMENTS, type AttachmentView } from './attachment-view';
import { MAX_MENTIONS } from './mention-names';
import type { MessageType } from './message.entity';

/** In code points. No other place repeats this limit. */
export const MAX_MESSAGE_LENGTH = 4_000;

const MESSAGE_TYPES = ['text', 'image', 'file', 'system'] as const satisfies MessageType[];

/** Different emoji on one message. */
export const MAX_EMOJIS = 50;
/** Users that each reaction names; the earliest come first. */
export const NAMED_PEOPLE = 20;

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
  /** Null when there are none. Absent from what `append_messages` returns. */
  reactions?: ReactionView[] | null;
  /** Null or absent as `reactions`. */
  attachments?: AttachmentView[] | null;
  /** Null when there are none; a null among them stands for everybody. */
  mentions?: (string | null)[] | null;
}

const reactionSchema = record(
  'Reaction',
  {
    emoji: EMOJI_SCHEMA,
    count: integer(1, { description: 'How many people reacted with it.', example: 1 }),
    userIds: list(
      id(),
      { maximum: NAMED_PEOPLE, isUnique: true },
      { description: 'The first people who reacted.' },
    ),
  },
  'An emoji on a message.',
);
export type ReactionView = Of<typeof reactionSchema>;

const MENTIONS_DESCRIPTION = `The users whom the text names by \`@username\`, in the order of the text. The server resolves the names when it stores the text, in any case of letters, to those who participate then. Any other name is plain text. A name inside code, a word, an e-mail address or a link's address is plain text too. At most ${MAX_MENTIONS} different names of a text count.`;

const version = text({ minimum: 1, maximum: 128 }, { example: EXAMPLE_ID });

export const messageSchema = record(
  'Message',
  {
    id: id(),
    conversationId: id(),
    seq: integer(1, { description: 'Its place in the conversation: 1, 2, 3 … without a hole.', example: 7 }),
    rev: integer(0, {
      description: 'The number of its last change; 0 until it is first changed.',
      example: 0,
    }),
    senderId: nullable(id()),
    type: oneOf(MESSAGE_TYPES),
    body: nullable(
      text(
        { maximum: MAX_MESSAGE_LENGTH },
        { description: 'Null when deleted. Empty only with attachments.', example: 'Hello Ben!' },
      ),
    ),
    replyToId: usuallyNull(id()),
    attachments: list(
      attachmentSchema,
      { maximum: MAX_ATTACHMENTS },
      { description: 'In the order in which the sender named them.', example: [] },
    ),
    mentions: list(
      id(),
      { maximum: MAX_MENTIONS, isUnique: true },
      { description: MENTIONS_DESCRIPTION, example: [] },
    ),
    mentionsAll: flag(
      'Whether it mentions everybody else in the group: its text has `@all`, and its sender was the owner or an admin.',
    ),
    reactions: list(
      reactionSchema,
      { maximum: MAX_EMOJIS },
      { description: 'Ordered by the time of the first reaction with each emoji.', example: [] },
    ),
    version: described(version, 'The current version; the id of a message that was never edited.'),
    parents: list(
      version,
      {},
      { description: 'The versions that the current one is based on.', example: [] },
    ),
    pinnedAt: usuallyNull(time('The time when it was pinned; null unless it is.')),
    editedAt: usuallyNull(time()),
    deletedAt: usuallyNull(time()),
    createdAt: time(),
  },
  'A message as it is stored.',
);
export type MessageView = Of<typeof messageSchema>;

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
    attachments: row.attachments ?? [],
    mentions: row.mentions?.filter((id) => id !== null) ?? [],
    mentionsAll: row.mentions?.includes(null) ?? false,
    reactions: row.reactions ?? [],
    version: currentVersion(row),
    parents: row.parents,
    pinnedAt: row.pinned_at?.toISOString() ?? null,
    editedAt: row.edited_at?.toISOString() ?? null,
    deletedAt: row.deleted_at?.toISOString() ?? null,
    createdAt: row.created_at.toISOString(),
  };
}

/** A message that was never changed has one version, and its name is the message's id. */
export function currentVersion(row: MessageRow): string {
  return row.version ?? row.id;
}

export const addressOfMessage = ({ conversationId, id }: MessageView): string =>
  `/api/v1/conversations/${conversationId}/messages/${id}`;
