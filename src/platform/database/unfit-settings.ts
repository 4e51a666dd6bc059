import type { Configuration } from '../configuration/configuration';
import { escapeIdentifier } from 'pg';
import { isBehindPooler } from './database-options';

const ON = '^(on|true|yes|1|t|y)$';
const OFF = '^(off|false|no|0|f|n)$';
const NOT_OFF = '^(?!(off|false|no|0|f|n)$)';

/** A setting that a connection cannot pin. */
interface Need {
  /** A PostgreSQL regular expression of the fitting values, ignoring case. */
  readonly fits: string;
  /** The required value, as SQL. */
  readonly remedy: string;
}

/** With another value, foreign keys are not enforced. Only a superuser may set it. */
const ALWAYS: Readonly<Record<string, Need>> = {
  session_replication_role: { fits: '^(origin|local)$', remedy: `'origin'` },
};

/**
 * A pooler in transaction mode passes no settings on, so a statement outside of a transaction runs with the
 * defaults.
 */
const BEHIND_POOLER: Readonly<Record<string, Need>> = {
  datestyle: { fits: '^iso', remedy: `'ISO, MDY'` },
  default_transaction_isolation: { fits: '^read committed$', remedy: `'read committed'` },
  standard_conforming_strings: { fits: ON, remedy: 'on' },
  array_nulls: { fits: ON, remedy: 'on' },
  transform_null_equals: { fits: OFF, remedy: 'off' },
};

/** The start has a fault of its own for these; a running server finds them here. */
const DURABLE: Readonly<Record<string, Need>> = {
  fsync: { fits: ON, remedy: 'on' },
  full_page_writes: { fits: ON, remedy: 'on' },
  synchronous_commit: { fits: NOT_OFF, remedy: 'on' },
};

const REMEDIES: Readonly<Record<string, Need>> = { ...ALWAYS, ...BEHIND_POOLER, ...DURABLE };

/**
 * An SQL expression: the unfit settings, as an array of texts such as `datestyle = German`. It checks this session,
 * and the defaults of later sessions of this user. It reads two small tables of the catalogue, and takes the values
 * of `needs`.
 */
export const UNFIT_SETTINGS = `array(
  select distinct need.name || ' = ' || seen.value
  from unnest($1::text[], $2::text[]) as need (name, fits)
  cross join lateral (
    select current_setting(need.name) as value
    union all
    (select substr(entry, length(need.name) + 2)
     from pg_db_role_setting s cross join lateral unnest(s.setconfig) as entry
     where s.setdatabase in (0, (select oid from pg_database where datname = current_database()))
       and s.setrole in (0, (select oid from pg_roles where rolname = session_user))
       and lower(split_part(entry, '=', 1)) = need.name
     order by s.setrole <> 0 desc, s.setdatabase <> 0 desc limit 1)) seen
  where seen.value !~* need.fits)`;

/**
 * The parameters of `UNFIT_SETTINGS`.
 * @param withDurability also check settings that may lose acknowledged messages
 */
export function needs(configuration: Configuration, withDurability: boolean): [string[], string[]] {
  const all = Object.entries({
    ...ALWAYS,
    ...(isBehindPooler(configuration) && BEHIND_POOLER),
    ...(withDurability && DURABLE),
  });
  return [all.map(([name]) => name), all.map(([, { fits }]) => fits)];
}

/**
 * The statements that correct the settings.
 * @param unfit the result of `UNFIT_SETTINGS`, not empty
 */
export function remedyOf(unfit: readonly string[], user: string, database: string): string {
  const names = new Set(unfit.map((setting) => setting.split(' = ')[0]!));
  const whose = `alter role ${escapeIdentifier(user)} in database ${escapeIdentifier(database)}`;
  return [...names].map((name) => `${whose} set ${name} = ${REMEDIES[name]!.remedy}`).join('; ');
}
