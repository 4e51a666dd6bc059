import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

/** The events of one transaction for the other servers. Deleted once all of them have applied it. */
@Entity('server_events')
export class ServerEventRow {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'server_events_pkey',
  })
  id: number;

  @Index('server_events_transaction_idx')
  @Column('bigint', { name: 'transaction_id', comment: 'the transaction that has written it (xid8)' })
  transactionId: string;

  @Column('uuid', { name: 'server_id', comment: 'the server that has written it' })
  serverId: string;

  @Column('jsonb')
  events: object[];
}
