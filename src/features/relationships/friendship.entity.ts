import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { User } from '../users/user.entity';

/** Two friends, stored once: the smaller id first. */
@Entity('friendships')
@Check('friendships_order_check', 'user_low_id < user_high_id')
export class Friendship {
  @PrimaryColumn('uuid', { name: 'user_low_id', primaryKeyConstraintName: 'friendships_pkey' })
  userLowId: string;

  @Index('friendships_user_high_idx')
  @PrimaryColumn('uuid', { name: 'user_high_id', primaryKeyConstraintName: 'friendships_pkey' })
  userHighId: string;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'user_low_id', foreignKeyConstraintName: 'friendships_user_low_fkey' })
  userLow?: Relation<User>;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'user_high_id', foreignKeyConstraintName: 'friendships_user_high_fkey' })
  userHigh?: Relation<User>;

  @Column('bigint', {
    name: 'list_position',
    nullable: true,
    comment: 'from next_list_position(): the newest first; null: by time',
  })
  listPosition: number | null;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3, default: () => 'now()' })
  createdAt: Date;
}
