import { Check, Column, Entity, Index, JoinColumn, OneToOne, PrimaryColumn, type Relation } from 'typeorm';
import type { MessagesAfterErasure } from './erase-person.queries';
import { User } from '../users/user.entity';

/** The erasure of a person and its progress, see `eraseNextBatch` and `ErasureJournal`. */
@Entity('erasures')
@Check('erasures_messages_check', `messages in ('keep', 'remove')`)
@Index('erasures_open_idx', ['userId'], { where: 'finished_at is null or journaled_at is null' })
export class ErasureRow {
  @PrimaryColumn('uuid', { name: 'user_id', primaryKeyConstraintName: 'erasures_pkey' })
  userId: string;

  @OneToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'erasures_user_fkey' })
  user?: Relation<User>;

  @Column('text')
  messages: MessagesAfterErasure;

  @Column('timestamp with time zone', { name: 'erased_at', precision: 3, default: () => 'now()' })
  erasedAt: Date;

  @Column('bigint', { name: 'messages_done', default: 0 })
  messagesDone: number;

  @Column('timestamp with time zone', {
    name: 'finished_at',
    precision: 3,
    nullable: true,
    comment: 'nothing is theirs any more from then on; null: messages are left',
  })
  finishedAt: Date | null;

  @Column('timestamp with time zone', {
    name: 'journaled_at',
    precision: 3,
    nullable: true,
    comment: 'the journal beside the backups has it from then on',
  })
  journaledAt: Date | null;
}
