import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { User } from '../users/user.entity';
import { ChatMessage } from './message.entity';

/** A participant whom a message names, resolved when the text was stored. Counts are derived from these rows. */
@Entity('message_mentions')
@Index('message_mentions_user_idx', ['userId', 'conversationId', 'seq'])
export class MessageMention {
  @PrimaryColumn('uuid', { name: 'message_id', primaryKeyConstraintName: 'message_mentions_pkey' })
  messageId: string;

  @PrimaryColumn('bigint', {
    primaryKeyConstraintName: 'message_mentions_pkey',
    comment: 'the order of the names in the text',
  })
  position: number;

  @Column('uuid', { name: 'user_id', nullable: true, comment: 'null: everybody in the group, by @all' })
  userId: string | null;

  @Column('uuid', {
    name: 'conversation_id',
    comment: 'that of the message, as is seq: mentions are counted by them',
  })
  conversationId: string;

  @Column('bigint')
  seq: number;

  @ManyToOne(() => ChatMessage, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'message_id', foreignKeyConstraintName: 'message_mentions_message_fkey' })
  message?: Relation<ChatMessage>;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'message_mentions_user_fkey' })
  user?: Relation<User> | null;
}
