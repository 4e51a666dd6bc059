/**
 * The flags, which are switched while the server runs. True is the newer path, false the older one, which has to stay whole.
 */
export const FLAGS = {
  /** One write for each socket and turn of the event loop (ADR 10); off: Socket.IO's own way. */
  'one-write-per-turn': { default: true },
} as const;

export type FlagName = keyof typeof FLAGS;

export const FLAG_NAMES = Object.keys(FLAGS) as FlagName[];
