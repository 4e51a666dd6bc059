import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { User } from '../users/user.entity';
import { ChatMessage } from './message.entity';

/** An emoji that a user has put to a message. Counts are derived from these rows and stored nowhere. */
@Entity('message_reactions')
@Index('message_reactions_user_idx', ['userId', 'messageId'])
export class MessageReaction {
  @PrimaryColumn('uuid', { name: 'message_id', primaryKeyConstraintName: 'message_reactions_pkey' })
  messageId: string;

  @PrimaryColumn({ type: 'text', collation: 'C', primaryKeyConstraintName: 'message_reactions_pkey' })
  emoji: string;

  @PrimaryColumn('uuid', { name: 'user_id', primaryKeyConstraintName: 'message_reactions_pkey' })
  userId: string;

  @Column('bigint', { comment: 'the rev that adding it took; reactions are listed in this order' })
  rev: number;

  @ManyToOne(() => ChatMessage, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'message_id', foreignKeyConstraintName: 'message_reactions_message_fkey' })
  message?: Relation<ChatMessage>;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'message_reactions_user_fkey' })
  user?: Relation<User>;
}
