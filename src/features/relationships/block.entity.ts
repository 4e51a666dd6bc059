import { Check, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { ListedRow } from '../../platform/pagination/listed-row.entity';
import { User } from '../users/user.entity';

/** A block: one person refuses contact with another. */
@Entity('blocks')
@Check('blocks_self_check', 'blocker_id <> blocked_id')
export class Block extends ListedRow {
  @PrimaryColumn('uuid', { name: 'blocker_id', primaryKeyConstraintName: 'blocks_pkey' })
  blockerId: string;

  @Index('blocks_blocked_idx')
  @PrimaryColumn('uuid', { name: 'blocked_id', primaryKeyConstraintName: 'blocks_pkey' })
  blockedId: string;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'blocker_id', foreignKeyConstraintName: 'blocks_blocker_fkey' })
  blocker?: Relation<User>;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'blocked_id', foreignKeyConstraintName: 'blocks_blocked_fkey' })
  blocked?: Relation<User>;
}
