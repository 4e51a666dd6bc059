import { readFileSync } from 'node:fs';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { Configuration, isPostgresUrl, SECRETS, SECRET_URLS } from './configuration';
import { tlsSettings, type TlsSettingsError } from '../database/tls';
import { trustedProxies } from './trusted-proxies';

/** Every fault of the configuration, by the name of its variable. */
export class ConfigurationError extends Error {
  override name = 'ConfigurationError';

  constructor(readonly faults: readonly string[]) {
    super(
      `The configuration has ${faults.length} fault(s):\n${faults.map((fault) => `  - ${fault}`).join('\n')}`,
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
  const known = Object.keys(new Configuration()).concat(OPTIONAL_NAMES);
  const given: Environment = {};
  for (const name of known) if (environment[name]) given[name] = environment[name];
  const production = given.NODE_ENV === 'production';
  const configuration = plainToInstance(
    Configuration,
    {
      ...(production && { MIGRATE_ON_START: 'false', DRAIN_DELAY_MS: '5000' }),
      ...given,
    },
    { exposeDefaultValues: true },
  );

  const faults = validateSync(configuration).flatMap((error) =>
    Object.values(error.constraints ?? {}).map(
      (text) => `${error.property} ${text.replace(`${error.property} `, '')}`,
    ),
  );
  faults.push(...proxyFaults(configuration));
  faults.push(...databaseFaults(configuration, environment));
  if (configuration.DATABASE_POOLER === 'transaction' && !configuration.DIRECT_DATABASE_URL)
    faults.push(
      'DIRECT_DATABASE_URL is required with DATABASE_POOLER=transaction: the address of the database behind it',
    );
  readSecretFile(configuration, 'AUTH_SECRET', faults);
  readSecretFile(configuration, 'AUTH_SECRET_SECONDARY', faults);
  faults.push(...secretFaults(configuration));
  if (faults.length > 0) throw new ConfigurationError(faults);
  return configuration;
}

const OPTIONAL_NAMES = [
  'HOST',
  'DATABASE_URL',
  'DIRECT_DATABASE_URL',
  'REDIS_URL',
  'DATABASE_POOLER',
  'AUTH_SECRET',
  'AUTH_SECRET_FILE',
  'AUTH_SECRET_SECONDARY',
  'AUTH_SECRET_SECONDARY_FILE',
  'PUBLIC_URL',
  'TRUST_PROXY',
  'METRICS_TOKEN',
  'METRICS_PORT',
  'BACKUP_DIR',
  'PG_BIN_DIR',
  'FLAGS_FILE',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
  'OTEL_TRACES_SAMPLER',
  'OTEL_TRACES_SAMPLER_ARG',
];

/** Variables of the contract that this version does not act on yet; setting them deserves a warning, not silence. */
const NOT_YET_SUPPORTED = ['DATABASE_REPLICA_URLS'];

export function unsupportedVariables(environment: Environment): string[] {
  return NOT_YET_SUPPORTED.filter((name) => environment[name]);
}

/** Addresses that the connection could not do anything with. Told here they are told at once, together with the rest. */
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

type SecretName = 'AUTH_SECRET' | 'AUTH_SECRET_SECONDARY';

function readSecretFile(configuration: Configuration, name: SecretName, faults: string[]): void {
  const file = configuration[`${name}_FILE`];
  if (!file) return;
  if (configuration[name]) {
    faults.push(`${name}_FILE and ${name} are both set: set one of them`);
    return;
  }
  try {
    configuration[name] = readFileSync(file, 'utf8').trim();
  } catch (error) {
    faults.push(`${name}_FILE cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

function secretFaults(configuration: Configuration): string[] {
  const { AUTH_SECRET, AUTH_SECRET_FILE, AUTH_SECRET_SECONDARY, DATABASE_URL } = configuration;
  const faults: string[] = [];
  if (configuration.isProduction) {
    if (!DATABASE_URL) faults.push('DATABASE_URL is required in production');
    if (!AUTH_SECRET && !AUTH_SECRET_FILE)
      faults.push('AUTH_SECRET (or AUTH_SECRET_FILE) is required in production');
  }
  faults.push(...weaknesses('AUTH_SECRET', AUTH_SECRET));
  faults.push(...weaknesses('AUTH_SECRET_SECONDARY', AUTH_SECRET_SECONDARY));
  if (AUTH_SECRET_SECONDARY && AUTH_SECRET_SECONDARY === AUTH_SECRET)
    faults.push('AUTH_SECRET_SECONDARY is the same as AUTH_SECRET: set it to the next or the last secret');
  return faults;
}

function weaknesses(name: SecretName, secret: string | undefined): string[] {
  if (!secret) return [];
  if (secret.length < MIN_SECRET_LENGTH)
    return [`${name} is too short: it needs at least ${MIN_SECRET_LENGTH} random characters`];
  if (new Set(secret).size < MIN_DISTINCT_CHARACTERS)
    return [`${name} is too weak: it repeats few characters; make one with \`openssl rand -base64 48\``];
  return [];
}

/** The configuration as it may be shown: secrets and passwords masked. */
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
