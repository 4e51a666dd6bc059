import type { EntityManager } from 'typeorm';
import { foldName } from '../../platform/validation/normal-forms';
import { IN_WINDOW, type Window } from './window';

/** Joins the names of the window as they will be stored. Needs `foldedNames` as parameters $10 to $12. */
export const FOLDED = `left join unnest($10::text[], $11::text[], $12::text[]) as folded (key, username, email)
  on folded.key = r.source_key`;

/**
 * Folds the usernames and e-mail addresses of a window. The program does it, because the database's lower case depends on
 * its locale.
 * @returns three parameters for `unnest`: keys, usernames, e-mail addresses
 */
export async function foldedNames(
  manager: EntityManager,
  window: Window,
): Promise<[keys: string[], usernames: (string | null)[], emails: (string | null)[]]> {
  const rows = await manager.query<{ key: string; username: string | null; email: string | null }[]>(
    `select r.source_key as key, r.row->>'username' as username, r.row->>'email' as email
     from legacy_rows r where ${IN_WINDOW}`,
    [...window.parameters],
  );
  const fold = (text: string | null): string | null => (text === null ? null : foldName(text));
  return [
    rows.map(({ key }) => key),
    rows.map(({ username }) => fold(username)),
    rows.map(({ email }) => fold(email)),
  ];
}

/**
 * A PostgreSQL regular expression for a name in any case and Unicode composition. It lists each case of each letter,
 * because case-insensitive matching in PostgreSQL depends on the locale of the database.
 */
export function inAnyCase(name: string): string {
  const folded = foldName(name);
  const spellings = new Set([folded, folded.normalize('NFD')]);
  return `^(${[...spellings].map((spelling) => [...spelling].map(anyCase).join('')).join('|')})$`;
}

function anyCase(letter: string): string {
  const cases = new Set([letter, letter.toUpperCase()]);
  const escaped = [...cases].map((text) => text.replace(/[^\p{L}\p{M}\p{N}]/gu, '\\$&'));
  return escaped.length === 1 ? escaped[0]! : `(?:${escaped.join('|')})`;
}
