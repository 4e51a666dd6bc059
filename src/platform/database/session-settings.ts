/**
 * Settings that statements and their results depend on. A database or a role may have other defaults, so every
 * connection pins them. All of them exist since PostgreSQL 15, and any user may set them.
 *
 * Deliberately not pinned: `default_transaction_read_only` and `synchronous_commit`, which operators and hosting
 * platforms choose; `work_mem` and other settings of performance.
 */
const PINNED: Readonly<Record<string, string>> = {
  search_path: 'public',
  datestyle: 'ISO,MDY',
  intervalstyle: 'postgres',
  timezone: 'UTC',
  bytea_output: 'hex',
  extra_float_digits: '3',
  standard_conforming_strings: 'on',
  array_nulls: 'on',
  transform_null_equals: 'off',
  quote_all_identifiers: 'off',
  xmloption: 'content',
  default_transaction_isolation: 'read committed',
  default_transaction_deferrable: 'off',
  // A policy that hides rows causes an error, because a backup without these rows would look complete.
  row_security: 'off',
  exit_on_error: 'off',
  client_min_messages: 'notice',
  jit: 'off',
  // Connections with limits set their own.
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0',
  // The server checks once a second whether the client of a running statement is still connected.
  client_connection_check_interval: '1000',
};

/** A custom setting. Reading it back proves that the settings of the connection have arrived. */
export const ARRIVED = 'xfchat.pinned';

/**
 * The startup parameter `options` with the settings of XFChat after the given ones, which they override. They also
 * override what `ALTER ROLE … SET` and `ALTER DATABASE … SET` say.
 */
export function pinnedOptions(given: string | undefined): string {
  const settings = Object.entries({ ...PINNED, [ARRIVED]: 'on' });
  const words = settings.map(([name, value]) => `-c ${name}=${value.replace(/[\\ ]/g, '\\$&')}`);
  return [given, ...words].filter(Boolean).join(' ');
}

/**
 * For transactions behind a pooler. A pooler accepts no settings at connect, and settings of a session would reach
 * other clients. These take no round trip, since they are sent with the statement that begins the transaction.
 */
export const PINNED_IN_TRANSACTION: readonly string[] = [
  'search_path',
  'datestyle',
  'standard_conforming_strings',
  'array_nulls',
  'transform_null_equals',
].map((name) => `SET LOCAL ${name} = ${PINNED[name]}`);

/** The settings of `PINNED` that a database of any version has, without those that locate the tables. */
const PINNED_ELSEWHERE = [
  'datestyle',
  'intervalstyle',
  'timezone',
  'bytea_output',
  'extra_float_digits',
  'standard_conforming_strings',
  'array_nulls',
  'transform_null_equals',
  'quote_all_identifiers',
  'row_security',
  'statement_timeout',
  'lock_timeout',
  'idle_in_transaction_session_timeout',
  'idle_session_timeout',
];

/**
 * A statement for connections to foreign databases of any version. It pins the settings that texts of values depend
 * on, and lifts time limits. It does not change the schema of the connection.
 * @param isLocal until the end of the transaction; a pooler may give the next one another session
 */
export const pinForeign = (isLocal: boolean): string => `
  select set_config(pinned.name, pinned.value, ${isLocal})
  from (values ${PINNED_ELSEWHERE.map((name) => `('${name}', '${PINNED[name]}')`).join(', ')},
    ('transaction_timeout', '0')) as pinned (name, value)
  join pg_settings on lower(pg_settings.name) = pinned.name`;

/** For work that may take hours. Only PostgreSQL 17 and newer have this setting, so it is not among the others. */
export const WITHOUT_TRANSACTION_LIMIT = `
  select set_config(name, '0', false) from pg_settings where name = 'transaction_timeout'`;
