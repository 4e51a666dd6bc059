/** PostgreSQL could not be started or stopped. The message is one or more sentences for the operator. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';

  /**
   * @param message the fault and the remedy
   * @param transient true if the same attempt may succeed a moment later
   */
  constructor(
    message: string,
    readonly transient = false,
  ) {
    super(message);
  }
}

/** The operating system's code of a failed call (`ENOENT`), or PostgreSQL's SQLSTATE; empty without a code. */
export function errorCode(error: unknown): string {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : '';
}
