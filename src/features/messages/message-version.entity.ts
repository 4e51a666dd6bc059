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
import { User } from '../users/user.entity';
import { ChatMessage } from './message.entity';

/**
 * One version of a message that was edited or deleted. Number 1 is the message as first sent, copied here by its first
 * change; messages that were never changed have no rows.
 */
@Entity('message_versions', {
  comment:
    'history of messages that were edited or deleted, number 1 being the message as first sent; a message without rows here has that one version only',
})
@Unique('message_versions_version_key', ['messageId', 'version'])
@Check('message_versions_number_check', 'number > 0')
export class MessageVersion {
  @PrimaryColumn('uuid', { name: 'message_id', primaryKeyConstraintName: 'message_versions_pkey' })
  messageId: string;

  @PrimaryColumn('integer', { primaryKeyConstraintName: 'message_versions_pkey' })
  number: number;

  @ManyToOne(() => ChatMessage, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'message_id', foreignKeyConstraintName: 'message_versions_message_fkey' })
  message?: Relation<ChatMessage>;

  @Column({ type: 'text', collation: 'C' })
  version: string;

  @Column('text', { array: true })
  parents: string[];

  /** Null once the message is deleted. */
  @Column('text', { nullable: true })
  body: string | null;

  @Index('message_versions_author_idx')
  @Column('uuid', { name: 'author_id', nullable: true })
  authorId: string | null;

  @ManyToOne(() => User, { onDelete: 'SET NULL' })
  @JoinColumn({ name: 'author_id', foreignKeyConstraintName: 'message_versions_author_fkey' })
  author?: Relation<User> | null;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3, default: () => 'now()' })
  createdAt: Date;
}
