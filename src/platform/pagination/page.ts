import { invalidField } from '../problems/problem';
import { IsCursor, IsPageSize, Optional } from '../validation/field-rules';

/** The query of a list: its limit and cursor. */
export class ListQueryDto {
  @Optional()
  @IsCursor()
  cursor?: string;

  @Optional()
  @IsPageSize()
  limit?: number;
}

/** A part of a list; without a cursor, it is the last one. */
export interface Page<T> {
  readonly items: T[];
  readonly nextCursor: string | null;
}

/**
 * @param rows the rows of the page and, if the list continues, one more
 * @param cursorOf the cursor of the rows after a row
 */
export function pageOf<T>(rows: readonly T[], limit: number, cursorOf: (last: T) => string): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: last !== undefined && rows.length > limit ? cursorOf(last) : null };
}

/**
 * Reads the cursor of a list that is ordered by a whole number: that of the last item of the page before.
 * @throws Problem `validation-failed`
 */
export function readNumberCursor(cursor: string | undefined): number | undefined {
  if (cursor === undefined) return undefined;
  if (!/^\d{1,15}$/.test(cursor)) throw invalidField('/query/cursor', 'is not a cursor of this list');
  return Number(cursor);
}
