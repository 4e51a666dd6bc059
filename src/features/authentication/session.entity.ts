import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { User } from '../users/user.entity';

/**
 * One signed-in device. Its refresh tokens form a chain. The row has the last link that a client presented
 * (`refreshGeneration`, `presentedNonce`) and the successor that was issued for it (`issuedNonce`).
 */
@Entity('sessions')
@Index('sessions_ended_idx', ['endedAt'], { where: 'ended_at is not null' })
export class Session {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'sessions_pkey' })
  id: string;

  @Index('sessions_user_idx')
  @Column('uuid', { name: 'user_id' })
  userId: string;

  @ManyToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'sessions_user_fkey' })
  user?: Relation<User>;

  @Column('text', { name: 'device_name', nullable: true })
  deviceName: string | null;

  @Column('integer', {
    name: 'refresh_generation',
    default: 0,
    comment:
      'generation of the newest refresh token that a client has presented; its successor is one higher',
  })
  refreshGeneration: number;

  @Column('text', { name: 'presented_nonce', nullable: true })
  presentedNonce: string | null;

  @Column('text', { name: 'issued_nonce' })
  issuedNonce: string;

  @Column('timestamp with time zone', { name: 'rotated_at', precision: 3, default: () => 'now()' })
  rotatedAt: Date;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3, default: () => 'now()' })
  createdAt: Date;

  @Column('timestamp with time zone', { name: 'last_used_at', precision: 3, default: () => 'now()' })
  lastUsedAt: Date;

  @Column('timestamp with time zone', { name: 'expires_at', precision: 3 })
  expiresAt: Date;

  @Column('text', {
    name: 'opened_from',
    nullable: true,
    comment: 'digest of the person and the network that they signed in from; says nothing without the secret',
  })
  openedFrom: string | null;

  @Column('timestamp with time zone', { name: 'ended_at', precision: 3, nullable: true })
  endedAt: Date | null;
}
