import { TlsSettingsError } from './tls';

const UNKNOWN_AUTHORITY =
  'its certificate is of another authority than sslrootcert (or PGSSLROOTCERT) names. Name the file of the right one';

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
  CERT_NOT_YET_VALID: 'its certificate is not valid yet. Look at the clocks',
};

/** Why encryption failed, if waiting cannot help; undefined for any other error. */
export function tlsFailureOf(error: NodeJS.ErrnoException): string | undefined {
  const { code = '', message } = error;
  if (error instanceof TlsSettingsError) return message;
  if (message === 'The server does not support SSL connections')
    return 'it offers none. Turn ssl on there, or use sslmode=disable where nobody can listen';
  if (code === '28000' && /no encryption$/.test(message))
    return 'it takes no other ones, and the URL has no sslmode. Add sslmode=verify-full, with sslrootcert';
  if (code === '28000' && /certificate/.test(message))
    return 'it wants a certificate of the client. Name sslcert and sslkey';
  if (/^ERR_(SSL|OSSL)_/.test(code)) return `the handshake failed (${code}). Look at sslcert and sslkey`;
  return REASONS[code];
}
