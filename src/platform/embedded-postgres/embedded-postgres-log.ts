/** Receives the events of the built-in PostgreSQL. Must not throw. */
export type EmbeddedPostgresLog = (
  level: 'info' | 'warn' | 'error',
  message: string,
  fields?: Record<string, unknown>,
) => void;
