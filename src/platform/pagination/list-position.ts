import { invalidField } from '../problems/problem';

/**
 * A place in a list that shows the newest first: a position from `next_list_position()` and, among equal ones, an id.
 * The position is a 64-bit integer in text.
 */
export interface ListPosition {
  readonly position: string;
  readonly id: string;
}

/** The value of `listPosition` in an insert: TypeORM takes a function for the SQL that it returns. */
export const NEXT_LIST_POSITION = (() => 'next_list_position()') as unknown as number;

/**
 * SQL for the position of a row. A row without one was stored by an earlier release or imported; its position is
 * the first of its times that is in the past. A future time is no evidence of when a row was stored, so it never
 * moves a row to the top.
 * @param alias of a table that has `list_position`
 * @param times columns of that table, in order of preference
 */
export function listPositionOf(alias: string, ...times: string[]): string {
  const passed = times.map((time) => `when ${alias}.${time} <= now() then ${alias}.${time}`).join(' ');
  return `coalesce(${alias}.list_position,
    (extract(epoch from greatest('epoch', case ${passed} else 'epoch' end)) * 1000000)::bigint)`;
}

/** It differs from the cursors of earlier releases, which had a time, so that those are rejected. */
const FORM = /^p(\d{1,18})\.([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;

/** Opaque to clients: base64url of the position and the id. */
export function writeListCursor({ position, id }: ListPosition): string {
  return Buffer.from(`p${position}.${id}`).toString('base64url');
}

/** @throws Problem `validation-failed` */
export function readListCursor(cursor: string | undefined): ListPosition | undefined {
  if (cursor === undefined) return undefined;
  const match = FORM.exec(Buffer.from(cursor, 'base64url').toString());
  if (!match) throw invalidField('/query/cursor', 'is not a cursor of this list');
  return { position: match[1]!, id: match[2]! };
}
