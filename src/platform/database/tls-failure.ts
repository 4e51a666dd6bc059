import { TlsSettingsError } from './tls';

const UNKNOWN_AUTHORITY =
  'its certificate is not from the authority in sslrootcert (or PGSSLROOTCERT). Name the file of the correct authority';

/** Reasons by the error codes of Node and OpenSSL. */
const REASONS: Record<string, string> = {
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  CERT_SIGNATURE_FAILURE: UNKNOWN_AUTHORITY,
  ERR_TLS_CERT_ALTNAME_INVALID:
    'its certificate is for another name than that of the URL. Use the name in the certificate, or sslmode=verify-ca',
  CERT_HAS_EXPIRED: 'its certificate has expired. Renew it',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet. Check the clocks',
};

/** Why encryption failed, if waiting cannot help; undefined for any other error. */
export function tlsFailureOf(error: NodeJS.ErrnoException): string | undefined {
  const { code = '', message } = error;
  if (error instanceof TlsSettingsError) return message;
  if (message === 'The server does not support SSL connections')
    return 'it offers none. Turn ssl on there, or use sslmode=disable on a private network';
  if (code === '28000' && /no encryption$/.test(message))
    return 'it requires encryption, and the URL has no sslmode. Add sslmode=verify-full, with sslrootcert';
  if (code === '28000' && /certificate/.test(message))
    return 'it requires a client certificate. Name sslcert and sslkey';
  if (/^ERR_(SSL|OSSL)_/.test(code)) return `the handshake failed (${code}). Check sslcert and sslkey`;
  return REASONS[code];
}
