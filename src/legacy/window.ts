import type { EntityManager } from 'typeorm';
import { CHUNK, type LegacyRun } from './legacy-run';

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

/** What the rows themselves can be at fault for: data exceptions, broken constraints, limits of the database. */
const FAULTS_OF_ROWS = /^(22|23|54)/;

/** The fewer rows are tried again, the sooner the one at fault is alone. */
const FEWER = 10;

const sqlStateOf = (error: unknown): string => (error as { code?: string }).code ?? '';

/**
 * A step over all rows of an old table. When the database refuses a chunk for what is in its rows, they are tried in smaller
 * chunks, and one that is refused by itself goes into quarantine with the reason: it stops none of the others.
 */
export async function stepOverRows(
  run: LegacyRun,
  step: string,
  table: string,
  work: (manager: EntityManager, window: Window) => Promise<unknown>,
  chunk = CHUNK,
): Promise<void> {
  await run.step(step, async (manager, position) => {
    for (let limit = chunk; ; limit = Math.ceil(limit / FEWER)) {
      const window = await nextWindow(manager, table, position, limit);
      if (!window) return undefined;
      await manager.query('savepoint legacy_chunk');
      try {
        await work(manager, window);
        await manager.query('release savepoint legacy_chunk');
        return { position: window.end, rows: window.rows };
      } catch (error) {
        if (!FAULTS_OF_ROWS.test(sqlStateOf(error))) throw error;
        await manager.query('rollback to savepoint legacy_chunk');
        if (window.rows > 1) continue;
        await manager.query(
          `insert into legacy_quarantine (source_table, source_key, reason, row)
           select r.source_table, r.source_key, $8, r.row from legacy_rows r where ${IN_WINDOW}`,
          [...window.parameters, `refused-${sqlStateOf(error)}`],
        );
        return { position: window.end, rows: window.rows };
      }
    }
  });
}
