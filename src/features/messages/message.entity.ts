import {
  Check,
  Column,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryColumn,
  Unique,
  type Relation,
} from 'typeorm';
import { Conversation } from '../membership/conversation.entity';
import { User } from '../users/user.entity';

export type MessageType = 'text' | 'image' | 'file' | 'system';

/** The current state of a message; `message_versions` has its earlier ones. */
@Entity('chat_messages')
@Unique('chat_messages_conversation_seq_key', ['conversationId', 'seq'])
@Check('chat_messages_seq_check', 'seq > 0')
@Check('chat_messages_type_check', `type in ('text', 'image', 'file', 'system')`)
@Check('chat_messages_body_check', '(body is null) = (deleted_at is not null)')
@Index('chat_messages_sender_idx', ['senderId', 'conversationId', 'seq'])
@Index('chat_messages_deleted_idx', ['conversationId', 'seq'], { where: 'deleted_at is not null' })
@Index('chat_messages_pinned_idx', ['conversationId', 'seq'], { where: 'pinned_at is not null' })
@Index('chat_messages_rev_idx', ['conversationId', 'rev'], { where: 'rev > 0' })
export class ChatMessage {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'chat_messages_pkey' })
  id: string;

  @Column('uuid', { name: 'conversation_id' })
  conversationId: string;

  @ManyToOne(() => Conversation, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'conversation_id', foreignKeyConstraintName: 'chat_messages_conversation_fkey' })
  conversation?: Relation<Conversation>;

  @Column('bigint')
  seq: number;

  /** The `rev` of its last change; 0 for a message that was never changed. */
  @Column('bigint', { default: 0 })
  rev: number;

  @Column('uuid', { name: 'sender_id', nullable: true })
  senderId: string | null;

  @ManyToOne(() => User, { onDelete: 'SET NULL' })
  @JoinColumn({ name: 'sender_id', foreignKeyConstraintName: 'chat_messages_sender_fkey' })
  sender?: Relation<User> | null;

  @Column('text', { default: 'text' })
  type: MessageType;

  /** Null for a tombstone. */
  @Column('text', { nullable: true })
  body: string | null;

  @Index('chat_messages_reply_to_idx', { where: 'reply_to_id is not null' })
  @Column('uuid', { name: 'reply_to_id', nullable: true })
  replyToId: string | null;

  @ManyToOne(() => ChatMessage, { onDelete: 'SET NULL' })
  @JoinColumn({ name: 'reply_to_id', foreignKeyConstraintName: 'chat_messages_reply_to_fkey' })
  replyTo?: Relation<ChatMessage> | null;

  @Column({
    type: 'text',
    nullable: true,
    collation: 'C',
    comment: 'the current version; null while it is the first one, whose name is the id',
  })
  version: string | null;

  @Column('text', { array: true, default: '{}' })
  parents: string[];

  /** False for a tombstone. */
  @Column('boolean', { name: 'has_attachments', default: false })
  hasAttachments: boolean;

  @Column('timestamp with time zone', { name: 'pinned_at', precision: 3, nullable: true })
  pinnedAt: Date | null;

  @Column('timestamp with time zone', { name: 'edited_at', precision: 3, nullable: true })
  editedAt: Date | null;

  @Column('timestamp with time zone', { name: 'deleted_at', precision: 3, nullable: true })
  deletedAt: Date | null;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3, default: () => 'now()' })
  createdAt: Date;
}
