import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { ListedRow } from '../../platform/pagination/listed-row.entity';
import { User } from '../users/user.entity';

/** `friend_requests_pending_pair_key`, which TypeORM cannot express, allows one open request for a pair of people. */
@Entity('friend_requests')
@Check('friend_requests_status_check', `status in ('pending', 'accepted', 'declined', 'cancelled')`)
@Check('friend_requests_self_check', 'sender_id <> recipient_id')
export class FriendRequest extends ListedRow {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'friend_requests_pkey' })
  id: string;

  @Index('friend_requests_sender_idx')
  @Column('uuid', { name: 'sender_id' })
  senderId: string;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'sender_id', foreignKeyConstraintName: 'friend_requests_sender_fkey' })
  sender?: Relation<User>;

  @Index('friend_requests_recipient_idx')
  @Column('uuid', { name: 'recipient_id' })
  recipientId: string;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'recipient_id', foreignKeyConstraintName: 'friend_requests_recipient_fkey' })
  recipient?: Relation<User>;

  @Column('text', { default: 'pending' })
  status: 'pending' | 'accepted' | 'declined' | 'cancelled';

  @Column('text', { nullable: true })
  message: string | null;

  @Column('timestamp with time zone', { name: 'responded_at', precision: 3, nullable: true })
  respondedAt: Date | null;
}
