import { withAdministrator } from './databases';

/** Defaults that a database or a role may set, each as different from PostgreSQL's default as possible. */
export const FOREIGN_DEFAULTS: Readonly<Record<string, string>> = {
  search_path: 'elsewhere',
  datestyle: `'German'`,
  intervalstyle: `'sql_standard'`,
  timezone: `'America/St_Johns'`,
  bytea_output: `'escape'`,
  extra_float_digits: '-15',
  standard_conforming_strings: 'off',
  array_nulls: 'off',
  transform_null_equals: 'on',
  quote_all_identifiers: 'on',
  xmloption: 'document',
  default_transaction_isolation: `'repeatable read'`,
  default_transaction_deferrable: 'on',
  row_security: 'on',
  exit_on_error: 'on',
  client_min_messages: `'debug1'`,
  client_encoding: `'LATIN1'`,
  jit: 'on',
  statement_timeout: `'1ms'`,
  lock_timeout: `'1ms'`,
  idle_in_transaction_session_timeout: `'1ms'`,
  idle_session_timeout: `'1ms'`,
};

/** Sets defaults for all later connections. */
export async function setDefaults(
  database: string,
  defaults: Readonly<Record<string, string>> = FOREIGN_DEFAULTS,
): Promise<void> {
  await withAdministrator(async (client) => {
    for (const [name, value] of Object.entries(defaults))
      await client.query(`alter database ${database} set ${name} = ${value}`);
  });
}
