import { invalidField } from '../platform/problems/problem';
import type { ListPosition } from './conversation-view';

const FORM = /^(\d{1,15})\.([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;

/** Cursors are opaque to clients: base64url of the activity time in milliseconds and the id. */
export function writeCursor(position: ListPosition): string {
  return Buffer.from(`${position.activeAt.getTime()}.${position.id}`).toString('base64url');
}

/** @throws Problem `validation-failed` */
export function readCursor(cursor: string): ListPosition {
  const match = FORM.exec(Buffer.from(cursor, 'base64url').toString());
  const activeAt = new Date(Number(match?.[1]));
  if (!match || Number.isNaN(activeAt.getTime()))
    throw invalidField('/query/cursor', 'is not a cursor of this list');
  return { activeAt, id: match[2]! };
}
