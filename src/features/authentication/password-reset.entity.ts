import { Column, Entity, JoinColumn, OneToOne, PrimaryColumn, Unique, type Relation } from 'typeorm';
import { User } from '../users/user.entity';

/** A link that sets a new password once. A newer link replaces an older one. */
@Entity('password_resets')
@Unique('password_resets_code_digest_key', ['codeDigest'])
export class PasswordReset {
  @PrimaryColumn('uuid', { name: 'user_id', primaryKeyConstraintName: 'password_resets_pkey' })
  userId: string;

  @OneToOne(() => User, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'password_resets_user_fkey' })
  user?: Relation<User>;

  @Column('text', {
    name: 'code_digest',
    comment: 'SHA-256 of the code, hexadecimal; the code itself is stored nowhere',
  })
  codeDigest: string;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3, default: () => 'now()' })
  createdAt: Date;

  @Column('timestamp with time zone', { name: 'expires_at', precision: 3 })
  expiresAt: Date;
}
