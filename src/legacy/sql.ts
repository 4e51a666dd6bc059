/** Pieces of SQL that several statements of the import share. */

/** The ids of users and messages as this program writes them. */
export const UUID_PATTERN = `'^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'`;

/** A time of an old row; null when it has none that could be shown to anybody (none, infinite, before the year 1 …). */
export function timeOf(row: string, column: string): string {
  const value = `${row}->>'${column}'`;
  return `case when ${value} ~ '^(?!0000)\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d:\\d\\d[^B]*$' then (${value})::timestamptz end`;
}

/** When something was made, as far as is known: else when the import began. */
export const madeAt = (sortAt: string): string =>
  `case when ${sortAt} = '-infinity' then (select started_at from legacy_imports) else ${sortAt} end`;

/** The user that an old user id has become, by join. */
export const userOf = (alias: string, key: string): string =>
  `left join legacy_mappings ${alias} on ${alias}.source_table = 'users' and ${alias}.source_key = ${key}`;

/** Array of text in an old row: null stays null, whatever else is no array counts as one element. */
export const textArrayOf = (value: string): string => `
  case jsonb_typeof(${value}) when 'array' then array(
    select element from jsonb_array_elements_text(${value}) with ordinality as e (element, place) order by place)
  when 'string' then array[${value} #>> '{}'] end`;
