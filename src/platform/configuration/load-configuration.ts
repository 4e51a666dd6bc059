import { readFileSync } from 'node:fs';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { Configuration, MIN_CONNECTIONS_PER_WORKER } from './configuration';
import { SECRETS, SECRET_URLS } from './secret-settings';
import { CAN_BE_FILES, fileOf, SETTINGS } from './setting-names';
import { isPostgresUrl } from './setting-rules';
import { tlsSettings, type TlsSettingsError } from '../database/tls';
import { trustedProxies } from './trusted-proxies';
import { unknownVariables } from './unknown-variables';

/** Every fault of the configuration, by the name of its variable. */
export class ConfigurationError extends Error {
  override name = 'ConfigurationError';

  /** @param unknown sentences about variables that resemble a setting: one of them may explain a fault */
  constructor(
    readonly faults: readonly string[],
    unknown: readonly string[] = [],
  ) {
    const count = faults.length === 1 ? '1 fault' : `${faults.length} faults`;
    super(
      [`The configuration has ${count}:`, ...[...faults, ...unknown].map((line) => `  - ${line}`)].join('\n'),
    );
  }
}

const MIN_SECRET_LENGTH = 32;
const MIN_DISTINCT_CHARACTERS = 10;

type Environment = Record<string, string | undefined>;

/**
 * Reads the environment. An empty variable counts as unset.
 * @throws ConfigurationError with all faults at once
 */
export function loadConfiguration(environment: Environment): Configuration {
  const given: Environment = {};
  for (const name of SETTINGS) if (environment[name]) given[name] = environment[name];
  const unreadable = readSecretFiles(given);
  const production = given.NODE_ENV === 'production';
  const configuration = plainToInstance(
    Configuration,
    {
      ...(production && { MIGRATE_ON_START: 'false', DRAIN_DELAY_MS: '5000' }),
      ...given,
    },
    { exposeDefaultValues: true },
  );

  const faults = validateSync(configuration).map(({ property, constraints = {} }) => {
    // A text that is no number breaks each bound as well; the last constraint is the one about the type.
    const text = Object.values(constraints).at(-1) ?? 'is not valid';
    return `${property} ${text.replace(`${property} `, '')}`;
  });
  faults.push(...proxyFaults(configuration));
  faults.push(...workerFaults(configuration));
  faults.push(...databaseFaults(configuration, environment));
  if (configuration.DATABASE_POOLER === 'transaction' && !configuration.DIRECT_DATABASE_URL)
    faults.push(
      'DIRECT_DATABASE_URL is required with DATABASE_POOLER=transaction: the address of the database behind it',
    );
  faults.push(...unreadable, ...secretFaults(configuration));
  if (faults.length > 0) throw new ConfigurationError(faults, unknownVariables(environment));
  return configuration;
}

/** Documented variables that this version does not use yet. Setting them causes a warning. */
const NOT_YET_SUPPORTED = ['DATABASE_REPLICA_URLS'];

export function unsupportedVariables(environment: Environment): string[] {
  return NOT_YET_SUPPORTED.filter((name) => environment[name]);
}

/**
 * Rejects addresses that the connection could not use. Checking them here reports them together with all other faults.
 */
function databaseFaults(configuration: Configuration, environment: Environment): string[] {
  return (['DATABASE_URL', 'DIRECT_DATABASE_URL'] as const).flatMap((name) => {
    const text = configuration[name];
    if (!text || !isPostgresUrl(text)) return [];
    const [, hosts = ''] = /^\w+:\/\/(?:[^@/?#]*@)?([^/?#]*)/.exec(text) ?? [];
    if (hosts.includes(',') || /[?&]host(addr)?=[^&]*(,|%2c)/i.test(text))
      return [
        `${name} names several hosts: name one address that leads to the primary, such as that of a proxy or a virtual one`,
      ];
    try {
      tlsSettings(text, environment);
      return [];
    } catch (error) {
      return [`${name}: ${(error as TlsSettingsError).message}`];
    }
  });
}

function proxyFaults({ TRUST_PROXY }: Configuration): string[] {
  try {
    trustedProxies(TRUST_PROXY);
    return [];
  } catch (error) {
    return [`TRUST_PROXY ${(error as TypeError).message}`];
  }
}

function workerFaults({ WORKERS, DATABASE_POOL_MAX }: Configuration): string[] {
  if (typeof WORKERS !== 'number' || DATABASE_POOL_MAX >= MIN_CONNECTIONS_PER_WORKER * WORKERS) return [];
  return [
    `DATABASE_POOL_MAX must be at least ${MIN_CONNECTIONS_PER_WORKER * WORKERS} with ${WORKERS} WORKERS, which share it`,
  ];
}

type SecretName = 'AUTH_SECRET' | 'AUTH_SECRET_SECONDARY';

/**
 * The values read from files, as variables for a process that must have the same ones even if the files have changed
 * since.
 */
export function secretsFromFiles(configuration: Configuration): Record<string, string> {
  const names = CAN_BE_FILES.filter((name) => configuration[fileOf(name)]);
  return Object.fromEntries(
    names.flatMap((name) => [
      [name, configuration[name] ?? ''],
      [fileOf(name), ''],
    ]),
  );
}

/** @returns faults; `given` gets the content of the files, before it is validated */
function readSecretFiles(given: Environment): string[] {
  return CAN_BE_FILES.flatMap((name) => {
    const file = given[fileOf(name)];
    if (!file) return [];
    if (given[name]) return [`${fileOf(name)} and ${name} are both set: set one of them`];
    try {
      const text = readFileSync(file, 'utf8').trim();
      if (!text) return [`${fileOf(name)} names an empty file`];
      given[name] = text;
      return [];
    } catch (error) {
      return [`${fileOf(name)} cannot be read (${(error as NodeJS.ErrnoException).code})`];
    }
  });
}

function secretFaults(configuration: Configuration): string[] {
  const { AUTH_SECRET, AUTH_SECRET_FILE, AUTH_SECRET_SECONDARY } = configuration;
  const faults: string[] = [];
  if (configuration.isProduction) {
    if (!configuration.DATABASE_URL && !configuration.DATABASE_URL_FILE)
      faults.push('DATABASE_URL (or DATABASE_URL_FILE) is required in production');
    if (!AUTH_SECRET && !AUTH_SECRET_FILE)
      faults.push('AUTH_SECRET (or AUTH_SECRET_FILE) is required in production');
    faults.push(...placeholders(configuration));
  }
  faults.push(...weaknesses('AUTH_SECRET', AUTH_SECRET));
  faults.push(...weaknesses('AUTH_SECRET_SECONDARY', AUTH_SECRET_SECONDARY));
  if (AUTH_SECRET_SECONDARY && AUTH_SECRET_SECONDARY === AUTH_SECRET)
    faults.push('AUTH_SECRET_SECONDARY is the same as AUTH_SECRET: set it to the next or the last secret');
  return faults;
}

/** Placeholders of examples. An operator who deploys one by mistake would share the secret with everybody. */
const PLACEHOLDER = /^(change|replace|insert|your)[-_ ]?(me|this|it|own)?\b|^changeme|^<.*>$|^…|^\.\.\.$/i;
const MIN_TOKEN_LENGTH = 8;
const MIN_DISTINCT_IN_TOKEN = 4;

function placeholders(configuration: Configuration): string[] {
  const faults: string[] = [];
  for (const name of SECRETS)
    if (PLACEHOLDER.test(configuration[name] ?? '')) faults.push(`${name} is a placeholder: replace it`);
  for (const name of SECRET_URLS) {
    const [, password] = /^\w+:\/\/[^/?#@:]*:([^/?#@]*)@/.exec(configuration[name] ?? '') ?? [];
    if (password && PLACEHOLDER.test(decoded(password)))
      faults.push(`${name} has a placeholder for a password: replace it`);
  }
  const { METRICS_TOKEN: token } = configuration;
  if (token && token.length < MIN_TOKEN_LENGTH)
    faults.push(`METRICS_TOKEN is too short: it needs at least ${MIN_TOKEN_LENGTH} random characters`);
  else if (token && new Set(token).size < MIN_DISTINCT_IN_TOKEN)
    faults.push('METRICS_TOKEN is too weak: it repeats few characters');
  return faults;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function weaknesses(name: SecretName, secret: string | undefined): string[] {
  if (!secret) return [];
  if (secret.length < MIN_SECRET_LENGTH)
    return [`${name} is too short: it needs at least ${MIN_SECRET_LENGTH} random characters`];
  if (new Set(secret).size < MIN_DISTINCT_CHARACTERS)
    return [`${name} is too weak: it repeats few characters; make one with \`openssl rand -base64 48\``];
  return [];
}

/** The configuration with masked secrets and passwords, to be shown. */
export function maskedConfiguration(configuration: Configuration): Record<string, unknown> {
  const shown: Record<string, unknown> = { ...configuration };
  for (const name of SECRETS) if (shown[name]) shown[name] = '***';
  for (const name of SECRET_URLS) if (shown[name]) shown[name] = maskUrls(shown[name] as string);
  return shown;
}

/** A list of the nodes of a cluster, or a single URL. */
function maskUrls(text: string): string {
  if (!text.startsWith('redis')) return maskUrl(text);
  const parts = text.split(',');
  return parts.map((part) => (!part.includes('://') && part.includes('@') ? '***' : maskUrl(part))).join();
}

function maskUrl(text: string): string {
  try {
    const url = new URL(text);
    if (url.password) url.password = '***';
    for (const name of url.searchParams.keys()) {
      if (/password|secret|key/i.test(name)) url.searchParams.set(name, '***');
    }
    return url.toString();
  } catch {
    return '***';
  }
}
