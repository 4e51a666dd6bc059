import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** An entry of the authentication log, see `AuthenticationLog`. */
@Entity('authentication_events')
@Index('authentication_events_created_idx', ['createdAt', 'id'])
@Index('authentication_events_user_idx', ['userId', 'createdAt', 'id'])
export class AuthenticationEventRow {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'authentication_events_pkey' })
  id: string;

  @Column('text')
  kind: string;

  /** `ok`, or the code of the problem. */
  @Column('text')
  outcome: string;

  @Column('uuid', { name: 'user_id', nullable: true })
  userId: string | null;

  @Column('uuid', { name: 'session_id', nullable: true })
  sessionId: string | null;

  @Column('text', { nullable: true })
  address: string | null;

  @Column('text', { name: 'request_id', nullable: true })
  requestId: string | null;

  /** The actor, unless it was the account's owner. */
  @Column('text', { nullable: true })
  actor: string | null;

  @Column('text', { nullable: true })
  detail: string | null;

  @Column('bigint', { default: 1, comment: 'how many events of this kind the row stands for' })
  times: number;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3 })
  createdAt: Date;

  @Column('timestamp with time zone', { name: 'last_at', precision: 3 })
  lastAt: Date;
}
