import { invalidField } from '../../platform/problems/problem';

const MAX_IDS = 1_000;

/**
 * Parses the ids in a header like `Version` or `Parents`: a JSON list without its brackets. Clients encode them by the
 * rules of JSON, which for quotes and non-ASCII differ from those of Structured Fields. An empty value is the empty
 * set.
 * @throws Problem `validation-failed`
 */
export function parseVersions(name: string, header: string): string[] {
  let ids: unknown;
  try {
    ids = JSON.parse(`[${header}]`);
  } catch {
    ids = undefined;
  }
  const isList = Array.isArray(ids) && ids.length <= MAX_IDS && ids.every((id) => typeof id === 'string');
  if (!isList) throw invalidField(`/headers/${name}`, 'must be a list of quoted strings');
  return [...new Set(ids as string[])];
}

/** Formats ids in canonical order, and escapes non-ASCII characters. */
export function formatVersions(ids: readonly string[]): string {
  return [...ids].sort().map(quoted).join(', ');
}

function quoted(id: string): string {
  return JSON.stringify(id).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
