/** Why a start was given up, and the exit code that says so (docs/operating.md); 1 is everything else. */
export const EXIT_CODES = {
  'never-appeared': 10,
  'login-refused': 11,
  'no-such-database': 12,
  'right-missing': 13,
  'version-too-old': 14,
  'not-durable': 15,
  'read-only': 16,
  'schema-too-old': 17,
  'schema-too-new': 18,
  'schema-damaged': 19,
  'too-few-connections': 20,
  'old-tables': 24,
} as const;

export type DatabaseFault = keyof typeof EXIT_CODES;

/** The database cannot be used; the message says what to do. */
export class DatabaseUnusableError extends Error {
  override name = 'DatabaseUnusableError';

  constructor(
    readonly fault: DatabaseFault,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  get exitCode(): number {
    return EXIT_CODES[this.fault];
  }
}
