/** PostgreSQL could not be started or stopped. The message is one or more sentences for the operator. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';

  /**
   * @param message what happened and what to do about it
   * @param transient true when the same attempt may succeed a moment later
   */
  constructor(
    message: string,
    readonly transient = false,
  ) {
    super(message);
  }
}

/** The operating system's code of a failed call (`ENOENT`), or PostgreSQL's SQLSTATE; empty when there is none. */
export function errorCode(error: unknown): string {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : '';
}
