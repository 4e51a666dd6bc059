import type { EntityManager } from 'typeorm';
import type { HousekeepingStep } from './housekeeping';

/** Rows that one statement looks at. */
const PAGE = 1_000;
const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

/**
 * Reads a table once by its primary key, page by page, and deletes the rows that are due. It needs no index of its own.
 * @param key the primary key, a UUID
 * @param due SQL over a row; `$3` is the number of days for which finished rows stay
 */
export function deleteDue(table: string, key: string, due: string, days: number): HousekeepingStep {
  let after = BEFORE_ALL;
  return async (manager: EntityManager) => {
    const [page]: { last: string | null; size: number; deleted: number }[] = await manager.query(
      `with page as (select ${key} as key from ${table} where ${key} > $1 order by ${key} limit $2),
         gone as (delete from ${table} t using page where t.${key} = page.key and ${due} returning true)
       select (select key from page order by key desc limit 1) as last,
         (select count(*) from page) as size, (select count(*) from gone) as deleted`,
      [after, PAGE, days],
    );
    after = page!.last ?? after;
    return { deleted: page!.deleted, isDone: page!.size < PAGE };
  };
}
