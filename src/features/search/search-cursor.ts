import { invalidField } from '../../platform/problems/problem';
import { CLOSENESS, type Closeness } from './search-query';
import type { Place } from './search.queries';

/** The position after which a search continues, and the closeness of its first page, which later pages keep. */
export interface SearchCursor {
  readonly closeness: Closeness;
  readonly place: Place;
}

const FORM = /^s([0-2])\.(\d{1,15})\.([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;
const LATEST = Date.parse('9999-12-31T23:59:59.999Z');

/** Opaque to clients. */
export function writeSearchCursor({ closeness, place }: SearchCursor): string {
  const text = `s${CLOSENESS.indexOf(closeness)}.${Date.parse(place.createdAt)}.${place.id}`;
  return Buffer.from(text).toString('base64url');
}

/** @throws Problem `validation-failed` */
export function readSearchCursor(cursor: string): SearchCursor {
  const match = FORM.exec(Buffer.from(cursor, 'base64url').toString());
  const milliseconds = Number(match?.[2]);
  if (!match || milliseconds > LATEST) throw invalidField('/query/cursor', 'is not a cursor of a search');
  return {
    closeness: CLOSENESS[Number(match[1])]!,
    place: { createdAt: new Date(milliseconds).toISOString(), id: match[3]! },
  };
}
