import { Check, Column, Entity, PrimaryColumn, Unique } from 'typeorm';

/** Lets a number of people register while `REGISTRATION` is `invite`. */
@Entity('invitations')
@Unique('invitations_code_digest_key', ['codeDigest'])
@Check('invitations_uses_check', 'uses between 0 and max_uses')
export class Invitation {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'invitations_pkey' })
  id: string;

  @Column('text', {
    name: 'code_digest',
    comment: 'SHA-256 of the code, hexadecimal; the code itself is stored nowhere',
  })
  codeDigest: string;

  /** A note for operators on whom the invitation is for. */
  @Column('text', { nullable: true })
  note: string | null;

  @Column('bigint', { name: 'max_uses' })
  maxUses: number;

  @Column('bigint', { default: 0 })
  uses: number;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3, default: () => 'now()' })
  createdAt: Date;

  @Column('timestamp with time zone', { name: 'expires_at', precision: 3 })
  expiresAt: Date;

  @Column('timestamp with time zone', { name: 'revoked_at', precision: 3, nullable: true })
  revokedAt: Date | null;
}
