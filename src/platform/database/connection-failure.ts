/** Why a connection failed, as a word for operators: never the driver's text. */
export const CONNECTION_FAILURES = [
  'unreachable',
  'timeout',
  'authentication',
  'starting',
  'no-connection-free',
] as const;

export type ConnectionFailure = (typeof CONNECTION_FAILURES)[number];

/** No answer came in time. */
export class NoAnswerError extends Error {
  override name = 'NoAnswerError';
}

const REASON_BY_CODE: Record<string, ConnectionFailure> = {
  '28P01': 'authentication',
  '28000': 'authentication',
  '3D000': 'authentication',
  '57P03': 'starting',
  '53300': 'no-connection-free',
  ETIMEDOUT: 'timeout',
};
/** The text of pg's own error when connecting times out. */
const TIMEOUT = /timeout/i;

export function connectionFailureOf(error: Error): ConnectionFailure {
  if (error instanceof NoAnswerError) return 'timeout';
  const { code, message } = error as NodeJS.ErrnoException;
  return REASON_BY_CODE[code ?? ''] ?? (!code && TIMEOUT.test(message) ? 'timeout' : 'unreachable');
}
