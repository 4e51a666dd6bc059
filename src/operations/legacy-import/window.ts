import type { EntityManager } from 'typeorm';
import { CHUNK, type LegacyRun } from './legacy-run';

/** A position in the order of the rows of one old table: rank, created_at (text, microseconds), key. */
type Place = readonly [rank: number, sortAt: string, key: string];

const BEGINNING: Place = [-1, '-infinity', ''];

/** The next rows of an old table, as parameters $1 to $7 of a statement with `IN_WINDOW`. */
export interface Window {
  readonly parameters: readonly unknown[];
  readonly end: Place;
  readonly rows: number;
  readonly units: number;
}

/** Served by `legacy_rows_order_idx`. */
export const IN_WINDOW = `r.source_table = $1
  and (r.rank, r.sort_at, r.source_key) > ($2::smallint, $3::timestamptz, $4::text)
  and (r.rank, r.sort_at, r.source_key) <= ($5::smallint, $6::timestamptz, $7::text)`;

/** The rows after `position`, at most `limit`; undefined if there are none. */
async function nextWindow(
  manager: EntityManager,
  table: string,
  position: unknown,
  limit: number,
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
  return { parameters: [table, ...after, ...end], end, rows: last.rows, units: last.rows };
}

/** SQLSTATE classes that the content of a row can cause: data exceptions, constraint violations, limits. */
const FAULTS_OF_ROWS = /^(22|23|54)/;

/** Divides a rejected chunk, so that few retries isolate the row at fault. */
const FEWER = 10;

const UNDO = 'rollback to savepoint legacy_part; release savepoint legacy_part';

/**
 * Runs a part of a step. If the database rejects the content of rows, this rolls back only the part. With `undo` it
 * always rolls back.
 * @returns the SQLSTATE of the rejection
 */
export async function attempt(
  manager: EntityManager,
  work: () => Promise<unknown>,
  { undo = false } = {},
): Promise<string | undefined> {
  await manager.query('savepoint legacy_part');
  try {
    await work();
    await manager.query(undo ? UNDO : 'release savepoint legacy_part');
    return undefined;
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === undefined || !FAULTS_OF_ROWS.test(code)) throw error;
    await manager.query(UNDO);
    return code;
  }
}

/** A step that processes a table in chunks of `units`, such as rows or pairs of users. */
export interface ChunkedStep<Chunk> {
  readonly next: (manager: EntityManager, position: unknown, limit: number) => Promise<Chunk | undefined>;
  readonly work: (manager: EntityManager, chunk: Chunk) => Promise<unknown>;
  /** Called with a chunk of one rejected unit; must record an outcome for its rows. */
  readonly setAside: (manager: EntityManager, chunk: Chunk, reason: string) => Promise<unknown>;
  readonly limit: number;
}

/**
 * Runs a step chunk by chunk. If the database rejects the rows of a chunk, this tries smaller chunks. It sets aside
 * a unit that is rejected by itself, and continues with the others.
 */
export async function stepInChunks<Chunk extends { end: unknown; rows: number; units: number }>(
  run: LegacyRun,
  name: string,
  step: ChunkedStep<Chunk>,
): Promise<void> {
  await run.step(name, async (manager, position) => {
    for (let limit = step.limit; ; limit = Math.ceil(limit / FEWER)) {
      const chunk = await step.next(manager, position, limit);
      if (!chunk) return undefined;
      const refusal = await attempt(manager, () => step.work(manager, chunk));
      if (refusal !== undefined && chunk.units > 1) continue;
      if (refusal !== undefined) await step.setAside(manager, chunk, `refused-${refusal}`);
      return { position: chunk.end, rows: chunk.rows };
    }
  });
}

/** Runs a step over all rows of an old table. By default a rejected row goes into quarantine. */
export async function stepOverRows(
  run: LegacyRun,
  name: string,
  table: string,
  work: ChunkedStep<Window>['work'],
  { limit = CHUNK, setAside = quarantine }: Partial<Pick<ChunkedStep<Window>, 'limit' | 'setAside'>> = {},
): Promise<void> {
  await stepInChunks(run, name, {
    next: (manager, position, count) => nextWindow(manager, table, position, count),
    work,
    setAside,
    limit,
  });
}

async function quarantine(manager: EntityManager, window: Window, reason: string): Promise<void> {
  await manager.query(
    `insert into legacy_quarantine (source_table, source_key, reason, row)
     select r.source_table, r.source_key, $8, r.row from legacy_rows r where ${IN_WINDOW}`,
    [...window.parameters, reason],
  );
}

/** Records the part of an imported row that could not be imported. */
export async function recordRejection(
  manager: EntityManager,
  window: Window,
  kind: string,
  detail: string,
): Promise<void> {
  await manager.query(
    `insert into legacy_findings (kind, source_table, source_key, detail)
     select $8, r.source_table, r.source_key, $9 from legacy_rows r where ${IN_WINDOW}`,
    [...window.parameters, kind, detail],
  );
}
