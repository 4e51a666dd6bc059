/** Pieces of SQL that several statements of the import share. */

/** A UUID as this program stores it: lower case. */
export const UUID_PATTERN = `'^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'`;

/**
 * Creates `pg_temp.legacy_time(text)` for a session. It parses a time, and gives null for text that names none, such as
 * 30 February, infinity, a year before 1 or of five digits. A cast would fail the whole chunk.
 */
export const TIME_FUNCTION = `
  create or replace function pg_temp.legacy_time(value text) returns timestamptz language plpgsql stable as $time$
  begin
    return case when value ~ '^(?!0000)\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d:\\d\\d[^B]*$' and value::timestamptz >= '0001-01-01'
      then value::timestamptz end;
  exception when data_exception then
    return null;
  end $time$`;

/** A time of an old row, unchanged; null if it is not a valid time. */
export const timeOf = (row: string, column: string): string => `pg_temp.legacy_time(${row}->>'${column}')`;

const IMPORTED_AT = `(select started_at from legacy_imports)`;

/** The same, but at most the start of the import: no stored time may be in the future. */
export const pastTimeOf = (row: string, column: string): string =>
  `case when ${timeOf(row, column)} is not null then least(${timeOf(row, column)}, ${IMPORTED_AT}) end`;

/** The creation time; the start of the import if it is unknown or in the future. */
export const madeAt = (sortAt: string): string =>
  `case when ${sortAt} = '-infinity' then ${IMPORTED_AT} else least(${sortAt}, ${IMPORTED_AT}) end`;

const LONGEST_KEY = 256;

/** The key of a value in indexes. A digest shortens a long value, because an index rejects those. */
export const lookupKey = (value: string): string =>
  `case when length(${value}) > ${LONGEST_KEY} then left(${value}, 64) || '#' || md5(${value}) else ${value} end`;

/** Invisible characters: white space, control, format and filler characters. */
const SHOWS_NOTHING =
  '\\s\\u0001-\\u001f\\u007f-\\u00a0\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180e\\u200b-\\u200f\\u2028-\\u202f\\u205f-\\u206f\\u2800\\u3000\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0';

/** A name on one line without control characters, cut to `longest` characters; null if nothing in it is visible. */
export const shownName = (value: string, longest: number): string => `
  case when ${value} ~ '[^${SHOWS_NOTHING}]'
    then nullif(btrim(left(btrim(regexp_replace(${value}, '[\\u0001-\\u001f\\u007f-\\u009f\\u2028\\u2029]+', ' ', 'g')), ${longest})), '') end`;

/** Joins the imported user of an old user id. */
export const userOf = (alias: string, key: string): string =>
  `left join legacy_mappings ${alias} on ${alias}.source_table = 'users' and ${alias}.source_key = ${lookupKey(key)}`;

/** An array of text in an old row. Null stays null; any other value that is not an array becomes one element. */
export const textArrayOf = (value: string): string => `
  case jsonb_typeof(${value}) when 'array' then array(
    select element from jsonb_array_elements_text(${value}) with ordinality as e (element, place) order by place)
  when 'string' then array[${value} #>> '{}'] end`;
