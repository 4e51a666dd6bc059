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

export type ConversationType = 'direct' | 'group';

/** A thread of messages among its participants. Its row lock orders all changes in it. */
@Entity('conversations')
@Unique('conversations_direct_key_key', ['directKey'])
@Check('conversations_type_check', `type in ('direct', 'group')`)
@Check('conversations_direct_check', `(type = 'direct') = (direct_key is not null)`)
@Check('conversations_title_check', `(type = 'group') = (title is not null)`)
export class Conversation {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'conversations_pkey' })
  id: string;

  @Column('text')
  type: ConversationType;

  @Column('text', { nullable: true })
  title: string | null;

  @Column('text', { nullable: true })
  description: string | null;

  /** The two people of a direct conversation, smaller id first; unique for a pair. */
  @Column({ type: 'text', name: 'direct_key', nullable: true, collation: 'C' })
  directKey: string | null;

  @Index('conversations_created_by_idx')
  @Column('uuid', { name: 'created_by', nullable: true })
  createdBy: string | null;

  @ManyToOne(() => User, { onDelete: 'SET NULL' })
  @JoinColumn({ name: 'created_by', foreignKeyConstraintName: 'conversations_created_by_fkey' })
  creator?: Relation<User> | null;

  @Column('bigint', { name: 'last_seq', default: 0 })
  lastSeq: number;

  @Column('bigint', { name: 'last_rev', default: 0 })
  lastRev: number;

  @Column('bigint', {
    name: 'settings_rev',
    default: 0,
    comment: 'the rev that the last change of title or description took',
  })
  settingsRev: number;

  @Column('bigint', {
    name: 'blocked_rev',
    nullable: true,
    comment:
      'a block hides the changes above this rev from everybody but their author; null: no block stands',
  })
  blockedRev: number | null;

  @Column('bigint', {
    name: 'list_position',
    nullable: true,
    comment: 'from next_list_position(): the newest first; null: by time',
  })
  listPosition: number | null;

  @Column('timestamp with time zone', { name: 'active_at', precision: 3, default: () => 'now()' })
  activeAt: Date;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3, default: () => 'now()' })
  createdAt: Date;

  @Column('timestamp with time zone', { name: 'updated_at', precision: 3, default: () => 'now()' })
  updatedAt: Date;

  @Column('timestamp with time zone', { name: 'deleted_at', precision: 3, nullable: true })
  deletedAt: Date | null;
}
