/** Where the built-in PostgreSQL tells what happens to it. Must not throw. */
export type EmbeddedPostgresLog = (
  level: 'info' | 'warn' | 'error',
  message: string,
  fields?: Record<string, unknown>,
) => void;
