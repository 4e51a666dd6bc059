import { Column } from 'typeorm';

/** A row of a list that shows the newest first. */
export abstract class ListedRow {
  @Column('bigint', {
    name: 'list_position',
    nullable: true,
    comment: 'from next_list_position(): the newest first; null: by time',
  })
  listPosition: number | null;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3, default: () => 'now()' })
  createdAt: Date;
}
