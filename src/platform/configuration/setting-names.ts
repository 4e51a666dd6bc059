import { Configuration } from './configuration';
import { SECRETS, SECRET_URLS } from './secret-settings';

/**
 * `AUTH_SECRET_FILE` names a file with `AUTH_SECRET`, and so for every secret: orchestrators and systemd provide
 * secrets as files.
 */
export function fileOf<Name extends string>(name: Name): `${Name}_FILE` {
  return `${name}_FILE`;
}

/** Settings that may be given as a file. */
export const CAN_BE_FILES = [...SECRETS, ...SECRET_URLS];

const OPTIONAL_NAMES = [
  ...CAN_BE_FILES.flatMap((name) => [name, fileOf(name)]),
  'HOST',
  'DATABASE_POOLER',
  'PUBLIC_URL',
  'TRUST_PROXY',
  'METRICS_PORT',
  'BACKUP_DIR',
  'ATTACHMENTS_DIR',
  'PG_BIN_DIR',
  'FLAGS_FILE',
  'OTEL_TRACES_SAMPLER',
  'OTEL_TRACES_SAMPLER_ARG',
];

/** Every variable that is a setting. */
export const SETTINGS: readonly string[] = Object.keys(new Configuration()).concat(OPTIONAL_NAMES);
