import { Check, Column, Entity, IsNull, PrimaryColumn, Unique } from 'typeorm';

/** A person's account. */
@Entity('users')
@Unique('users_username_key', ['username'])
@Unique('users_email_key', ['email'])
@Check('users_username_check', `username ~ '^[a-z0-9._-]{3,32}$'`)
@Check('users_email_check', `email = lower(email)`)
export class User {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'users_pkey' })
  id: string;

  /** Folded by `foldName`. Never looks like an e-mail address. */
  @Column({ type: 'text', collation: 'C' })
  username: string;

  /** Folded by `foldName`. */
  @Column({ type: 'text', nullable: true, collation: 'C' })
  email: string | null;

  @Column('text', { name: 'password_hash', select: false })
  passwordHash: string;

  @Column('text', { name: 'display_name' })
  displayName: string;

  @Column('text', { name: 'avatar_url', nullable: true })
  avatarUrl: string | null;

  @Column('text', { nullable: true })
  status: string | null;

  @Column('boolean', { name: 'is_operator', default: false })
  isOperator: boolean;

  /** The server's own user (`Canary`); no search finds it. */
  @Column('boolean', { name: 'is_internal', default: false })
  isInternal: boolean;

  /** When the person was erased. The row then has only an id, and nothing that says whose it was. */
  @Column('timestamp with time zone', {
    name: 'erased_at',
    precision: 3,
    nullable: true,
    comment: 'the person is no more; null: a person',
  })
  erasedAt: Date | null;

  /** When an operator disabled the account. The person may not sign in; others see the profile as before. */
  @Column('timestamp with time zone', {
    name: 'disabled_at',
    precision: 3,
    nullable: true,
    comment: 'an operator has disabled the account; null: it is usable',
  })
  disabledAt: Date | null;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3, default: () => 'now()' })
  createdAt: Date;

  @Column('timestamp with time zone', { name: 'updated_at', precision: 3, default: () => 'now()' })
  updatedAt: Date;
}

/** The condition of every search for people: it leaves out the server's own users and erased people. */
export const IS_PERSON = { isInternal: false, erasedAt: IsNull() };
