/** The exit codes of a failed start, by its reason (docs/operating.md). All other faults exit with 1. */
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
  'migration-edited': 21,
  'migration-missing': 22,
  'migration-out-of-order': 23,
  'migration-half-applied': 24,
  'migration-blocked': 25,
  'migration-failed': 26,
  'migration-irreversible': 27,
  'old-tables': 28,
  'wrong-encoding': 29,
  'unfit-settings': 34,
  'schema-elsewhere': 35,
  'not-encrypted': 36,
} as const;

export type DatabaseFault = keyof typeof EXIT_CODES;

/** The remedy for a schema that lacks a part. */
export const MEND_SCHEMA = '`npx xfchat check` shows the definition: run it by hand, or restore a backup.';

/** The database is unusable; the message says what to do. */
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
