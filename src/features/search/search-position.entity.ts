import { Column, Entity, JoinColumn, OneToOne, PrimaryColumn, type Relation } from 'typeorm';
import { Conversation } from '../membership/conversation.entity';

/** How far a conversation is indexed. */
@Entity('search_positions')
export class SearchPosition {
  @PrimaryColumn('uuid', { name: 'conversation_id', primaryKeyConstraintName: 'search_positions_pkey' })
  conversationId: string;

  @OneToOne(() => Conversation, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'conversation_id', foreignKeyConstraintName: 'search_positions_conversation_fkey' })
  conversation?: Relation<Conversation>;

  @Column('bigint', { name: 'indexed_seq', default: 0, comment: 'each message up to it has an entry' })
  indexedSeq: number;
}
