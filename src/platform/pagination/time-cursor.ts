import { invalidField } from '../problems/problem';

/** A place in a list that is ordered by a time and, among equal ones, by id. */
export interface TimePosition {
  readonly at: Date;
  readonly id: string;
}

const FORM = /^(\d{1,15})\.([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;

/** Opaque to clients: base64url of the time in milliseconds and the id. */
export function writeTimeCursor(position: TimePosition): string {
  return Buffer.from(`${position.at.getTime()}.${position.id}`).toString('base64url');
}

/** @throws Problem `validation-failed` */
export function readTimeCursor(cursor: string): TimePosition {
  const match = FORM.exec(Buffer.from(cursor, 'base64url').toString());
  const at = new Date(Number(match?.[1]));
  if (!match || Number.isNaN(at.getTime()))
    throw invalidField('/query/cursor', 'is not a cursor of this list');
  return { at, id: match[2]! };
}
