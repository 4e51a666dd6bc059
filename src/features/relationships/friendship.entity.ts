import { Check, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { ListedRow } from '../../platform/pagination/listed-row.entity';
import { User } from '../users/user.entity';

/** Two friends, stored once with the smaller id first. */
@Entity('friendships')
@Check('friendships_order_check', 'user_low_id < user_high_id')
export class Friendship extends ListedRow {
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
}
