import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { User } from '../users/user.entity';
import { Conversation } from './conversation.entity';

export type Role = 'owner' | 'admin' | 'member';

/**
 * A user in a conversation. A former participant keeps the row, so that others learn of the leaving by its `rev` (G4).
 */
@Entity('conversation_participants')
@Check('conversation_participants_role_check', `role in ('owner', 'admin', 'member')`)
@Index('conversation_participants_rev_idx', ['conversationId', 'rev'])
@Index('conversation_participants_owner_key', ['conversationId'], {
  unique: true,
  where: `role = 'owner' and left_at is null`,
})
export class Participant {
  @PrimaryColumn('uuid', {
    name: 'conversation_id',
    primaryKeyConstraintName: 'conversation_participants_pkey',
  })
  conversationId: string;

  @Index('conversation_participants_user_idx', { where: 'left_at is null' })
  @PrimaryColumn('uuid', { name: 'user_id', primaryKeyConstraintName: 'conversation_participants_pkey' })
  userId: string;

  @ManyToOne(() => Conversation, { onDelete: 'CASCADE' })
  @JoinColumn({
    name: 'conversation_id',
    foreignKeyConstraintName: 'conversation_participants_conversation_fkey',
  })
  conversation?: Relation<Conversation>;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'conversation_participants_user_fkey' })
  user?: Relation<User>;

  @Column('text')
  role: Role;

  @Column('bigint', { name: 'read_seq', default: 0 })
  readSeq: number;

  @Column('bigint', {
    name: 'shown_read_seq',
    nullable: true,
    comment: 'the read position that the other person sees while a block stands; null: read_seq',
  })
  shownReadSeq: number | null;

  @Column('bigint', {
    name: 'hidden_seq',
    nullable: true,
    comment: "a direct conversation is hidden from this person's list while its last_seq is not above this",
  })
  hiddenSeq: number | null;

  /** The `rev` of the row's last change; 0 for the first participants. */
  @Column('bigint', { default: 0 })
  rev: number;

  @Column('timestamp with time zone', { name: 'joined_at', precision: 3, default: () => 'now()' })
  joinedAt: Date;

  @Column('timestamp with time zone', { name: 'left_at', precision: 3, nullable: true })
  leftAt: Date | null;
}
