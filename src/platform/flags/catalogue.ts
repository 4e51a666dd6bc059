/**
 * The flags, which can be switched while the server runs. True selects the newer code, false the older code, which
 * must keep working.
 */
export const FLAGS = {
  /** One write for each socket and turn of the event loop (ADR 10); off: Socket.IO's own writes. */
  'one-write-per-turn': { default: true },
} as const;

export type FlagName = keyof typeof FLAGS;

export const FLAG_NAMES = Object.keys(FLAGS) as FlagName[];
