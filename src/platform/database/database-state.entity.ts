import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/** A single row with the state of the whole database. */
@Entity('database_state')
@Check('database_state_single_check', 'id')
export class DatabaseState {
  @PrimaryColumn('boolean', { default: true, primaryKeyConstraintName: 'database_state_pkey' })
  id: boolean;

  /** Raised by a restore, and by a promotion that may have lost commits; see G4. */
  @Column('integer', { default: 1 })
  epoch: number;

  /** When maintenance began; null while it is off. */
  @Column('timestamp with time zone', {
    name: 'maintenance_since',
    precision: 3,
    nullable: true,
    comment: 'nobody may write from then on; null: everybody may',
  })
  maintenanceSince: Date | null;

  /** See `raiseEpochOnNewTimeline`. */
  @Column('bigint', {
    nullable: true,
    comment: 'of PostgreSQL, on which the epoch began; null: not looked at yet',
  })
  timeline: string | null;

  /**
   * Created once, and unchanged by a restore. A backup in a shared folder belongs to the installation with the same
   * id.
   */
  @Column('uuid', {
    name: 'installation_id',
    nullable: true,
    comment: 'names the owner of backups in a shared folder',
  })
  installationId: string | null;
}
