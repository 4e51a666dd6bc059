import { createHash } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { UUID_PATTERN } from './sql';
import { IN_WINDOW, type Window } from './window';

/** The namespace of ids that an import assigns (RFC 9562, version 5). Never change it: ids must not differ between runs. */
const NAMESPACE = Buffer.from('6f1d0a3e5b7c4e0f9a4d2c8b71e63f95', 'hex');

/** The id of a row whose own id cannot be used. It is the same in each run. */
export function derivedId(table: string, key: string): string {
  const bytes = createHash('sha1').update(NAMESPACE).update(`${table}/${key}`).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x50;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/**
 * Derives ids for rows of a window whose own id is not a UUID or is already used in `target`.
 * @returns two parameters for `unnest`: keys and ids
 */
export async function derivedIds(
  manager: EntityManager,
  window: Window,
  target: 'users' | 'conversations' | 'chat_messages',
): Promise<[keys: string[], ids: string[]]> {
  const rows = await manager.query<{ source_key: string }[]>(
    `select r.source_key from legacy_rows r
     where ${IN_WINDOW} and (r.source_key !~ ${UUID_PATTERN} or exists (
       select from ${target} taken where taken.id = case when r.source_key ~ ${UUID_PATTERN} then r.source_key::uuid end))`,
    [...window.parameters],
  );
  const keys = rows.map((row) => row.source_key);
  return [keys, keys.map((key) => derivedId(window.parameters[0] as string, key))];
}

/** The id of a row of the window: the derived one, else its own. Needs `derivedIds` as parameters $8 and $9. */
export const ID_OF_ROW = `coalesce(derived.id, case when r.source_key ~ ${UUID_PATTERN} then r.source_key::uuid end)`;
export const DERIVED = `left join unnest($8::text[], $9::uuid[]) as derived (key, id) on derived.key = r.source_key`;
