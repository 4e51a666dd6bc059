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
