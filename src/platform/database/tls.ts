import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';

/** A URL has encryption parameters that cannot be satisfied. The message names the parameter, and no secret. */
export class TlsSettingsError extends Error {
  override name = 'TlsSettingsError';
}

/** How connections to a URL are encrypted. */
export interface TlsSettings {
  /**
   * The URL without the parameters that are handled here, since pg interprets some of them differently than libpq.
   */
  readonly url: string;
  readonly ssl: false | ConnectionOptions;
  /** `sslmode=prefer`: connect without encryption if the server offers none. */
  readonly isOptional: boolean;
}

const MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
type Mode = (typeof MODES)[number];

/** The variables from which libpq takes parameters that the URL does not have. */
const VARIABLES = {
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
} as const;
type Parameter = keyof typeof VARIABLES | 'ssl' | 'sslpassword';
const SETTLED: readonly Parameter[] = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'ssl', 'sslpassword'];
const UNSUPPORTED = ['sslcrl', 'sslcrldir'];

/**
 * `sslmode` has the same meaning as in libpq, so that `pg_dump` behaves the same with the same URL: `require`
 * encrypts and verifies nothing, unless a root certificate is named. Two things differ: without any mode
 * connections are not encrypted, and `verify-full` without a root certificate takes those that come with Node.
 * @throws TlsSettingsError for a mode that is not supported, and for a file that cannot be read
 */
export function tlsSettings(text: string, environment: Record<string, string | undefined>): TlsSettings {
  // Not parsed by `URL`, which rejects addresses that pg and libpq accept:
  // `postgres://user@/database?host=/folder`.
  const [address = '', query = ''] = text.split(/\?(.*)/s, 2);
  const parameters = new URLSearchParams(query);
  const given = (name: Parameter): string | undefined =>
    parameters.get(name) ??
    (name in VARIABLES ? environment[VARIABLES[name as keyof typeof VARIABLES]] || undefined : undefined);
  for (const name of UNSUPPORTED)
    if (parameters.has(name)) throw new TlsSettingsError(`${name} is not supported`);
  const mode = modeOf(given('sslmode') ?? (given('ssl') === 'true' ? 'require' : undefined), parameters);
  const [root, certificate, key] = [given('sslrootcert'), given('sslcert'), given('sslkey')];
  const passphrase = given('sslpassword');
  for (const name of SETTLED) parameters.delete(name);
  const isSocket = parameters.get('host')?.startsWith('/') || /(@|\/\/)%2f/i.test(address);
  const url = parameters.size > 0 ? `${address}?${parameters.toString()}` : address;
  if (mode === 'disable' || isSocket) return { url, ssl: false, isOptional: false };
  const ssl: ConnectionOptions = { ...verification(mode, root) };
  if (certificate) ssl.cert = read('sslcert', certificate);
  if (key) ssl.key = read('sslkey', key);
  if (passphrase) ssl.passphrase = passphrase;
  return { url, ssl, isOptional: mode === 'prefer' };
}

function modeOf(word: string | undefined, parameters: URLSearchParams): Mode {
  if (word === undefined) {
    const alone = ['sslrootcert', 'sslcert', 'sslkey'].find((name) => parameters.has(name));
    if (alone)
      throw new TlsSettingsError(`${alone} without sslmode encrypts nothing: add sslmode=verify-full`);
    return 'disable';
  }
  const mode = MODES.find((each) => each === word);
  if (!mode) throw new TlsSettingsError(`sslmode must be one of ${MODES.join(', ')}`);
  return mode;
}

function verification(mode: Mode, root: string | undefined): ConnectionOptions {
  if (root === 'system') {
    if (mode !== 'verify-full') throw new TlsSettingsError('sslrootcert=system needs sslmode=verify-full');
    return {};
  }
  // Read in every mode, because a named file that does not exist is a mistake.
  const ca = root === undefined ? undefined : read('sslrootcert', root);
  if (mode === 'verify-full') return ca === undefined ? {} : { ca };
  if (mode === 'verify-ca' && ca === undefined)
    throw new TlsSettingsError(
      'sslmode=verify-ca needs sslrootcert (or PGSSLROOTCERT): the file of the authority',
    );
  if (mode === 'prefer' || ca === undefined) return { rejectUnauthorized: false };
  return { ca, checkServerIdentity: () => undefined };
}

function read(name: Parameter, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new TlsSettingsError(`the file that ${name} names, ${path}, cannot be read (${code})`);
  }
}
