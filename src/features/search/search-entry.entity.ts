import { Column, Entity, Index, JoinColumn, OneToOne, PrimaryColumn, type Relation } from 'typeorm';
import { ChatMessage } from '../messages/message.entity';

/**
 * The words of a message. The indexer makes the entry after the message is stored. A transaction that changes the text
 * empties it.
 */
@Entity('search_entries')
@Index('search_entries_newest_idx', ['createdAt', 'messageId'])
@Index('search_entries_recent_idx', ['conversationId', 'createdAt', 'messageId'])
@Index('search_entries_outdated_idx', ['conversationId'], { where: 'not is_current' })
@Index('search_entries_words_idx', { synchronize: false })
@Index('search_entries_grams_idx', { synchronize: false })
export class SearchEntry {
  @PrimaryColumn('uuid', { name: 'message_id', primaryKeyConstraintName: 'search_entries_pkey' })
  messageId: string;

  @OneToOne(() => ChatMessage, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'message_id', foreignKeyConstraintName: 'search_entries_message_fkey' })
  message?: Relation<ChatMessage>;

  @Column('uuid', { name: 'conversation_id' })
  conversationId: string;

  /** Folded words, their stems, and the parts of scripts without spaces (`keysOfText`). */
  @Column('tsvector', { default: '' })
  words: string;

  @Column('boolean', {
    name: 'is_current',
    default: true,
    comment: 'false: the text was changed, and its words are not here yet',
  })
  isCurrent: boolean;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3, comment: 'that of the message' })
  createdAt: Date;
}
