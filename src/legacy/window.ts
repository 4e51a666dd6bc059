import type { EntityManager } from 'typeorm';
import { CHUNK } from './legacy-run';

/** A place in the order of the rows of one old table: rank, created_at (text, microseconds), key. */
type Place = readonly [rank: number, sortAt: string, key: string];

const BEGINNING: Place = [-1, '-infinity', ''];

/** The next rows of an old table, as parameters $1 to $7 of a statement with `IN_WINDOW`. */
export interface Window {
  readonly parameters: readonly unknown[];
  readonly end: Place;
  readonly rows: number;
}

/** Served by `legacy_rows_order_idx`. */
export const IN_WINDOW = `r.source_table = $1
  and (r.rank, r.sort_at, r.source_key) > ($2::smallint, $3::timestamptz, $4::text)
  and (r.rank, r.sort_at, r.source_key) <= ($5::smallint, $6::timestamptz, $7::text)`;

/** The rows after `position`, at most `limit`; nothing when there are none. */
export async function nextWindow(
  manager: EntityManager,
  table: string,
  position: unknown,
  limit = CHUNK,
): Promise<Window | undefined> {
  const after = (position as Place | null) ?? BEGINNING;
  const rows = await manager.query<{ rank: number; sort_at: string; source_key: string; rows: number }[]>(
    `select rank, sort_at::text, source_key, count(*) over () as rows from (
       select r.rank, r.sort_at, r.source_key from legacy_rows r
       where r.source_table = $1
         and (r.rank, r.sort_at, r.source_key) > ($2::smallint, $3::timestamptz, $4::text)
       order by r.rank, r.sort_at, r.source_key limit $5) following
     order by rank desc, sort_at desc, source_key desc limit 1`,
    [table, ...after, limit],
  );
  const last = rows[0];
  if (!last) return undefined;
  const end: Place = [last.rank, last.sort_at, last.source_key];
  return { parameters: [table, ...after, ...end], end, rows: last.rows };
}
