import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A server that is running on this database. Its lease says whether others have to wait for it (G6). */
@Entity('servers')
export class ServerRow {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'servers_pkey' })
  id: string;

  @Column('timestamp with time zone', {
    name: 'lease_until',
    precision: 3,
    comment: 'after it the server delivers nothing until it has a new one',
  })
  leaseUntil: Date;

  @Column('text', { comment: 'the pg_snapshot up to which it has applied server_events' })
  applied: string;

  @Column('text', {
    nullable: true,
    comment: 'the broker that it is connected to; null: it is told by notifications',
  })
  carrier: string | null;
}
