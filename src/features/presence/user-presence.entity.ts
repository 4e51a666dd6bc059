import { Column, Entity, JoinColumn, OneToOne, PrimaryColumn, type Relation } from 'typeorm';
import { User } from '../users/user.entity';

/** A user's presence settings, and when they were last online. */
@Entity('user_presence')
export class UserPresence {
  @PrimaryColumn('uuid', { name: 'user_id', primaryKeyConstraintName: 'user_presence_pkey' })
  userId: string;

  @OneToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'user_presence_user_fkey' })
  user?: Relation<User>;

  /** Whether the user looks offline to everybody. */
  @Column('boolean', { name: 'is_invisible', default: false })
  isInvisible: boolean;

  /** Whether nobody sees when the user was last online. Then the user does not see it of others either. */
  @Column('boolean', { name: 'hides_last_seen', default: false })
  hidesLastSeen: boolean;

  @Column('timestamp with time zone', {
    name: 'last_seen_at',
    precision: 3,
    nullable: true,
    comment:
      'when the person was last online and not invisible; up to a minute late while they are; null: never',
  })
  lastSeenAt: Date | null;
}
